"""How the tags of single steps mark entities: BIO, BIOES, or not at all.

A tag is "O" (outside) or a prefix, a hyphen and the entity's kind: B- begins an entity, I- is
inside of one, E- ends it, S- is an entity of one step. BIO has no E- and S-.

Source: Ramshaw, Marcus (1995), "Text chunking using transformation-based learning".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Scheme = Literal["plain", "bio", "bioes"]

OUTSIDE = "O"
_PREFIXES = {"bio": ("B", "I"), "bioes": ("B", "I", "E", "S")}


class Entity(NamedTuple):
    """An entity of a sequence: its kind, its first step, and the step after its last."""

    kind: str
    start: int
    end: int


def scheme_of(tags: Iterable[str]) -> Scheme:
    """The scheme that the tags of a source follow, by their prefixes.

    Example:
        >>> scheme_of(["O", "B-city", "I-city"]), scheme_of(["NOUN", "VERB"])
        ('bio', 'plain')
    """
    parted = [_parted(tag) for tag in set(tags) if tag != OUTSIDE]
    prefixes = {prefix for prefix, _ in parted}
    if not prefixes <= set("BIES") or not all(kind for _, kind in parted):
        return "plain"
    if prefixes & set("ES"):
        return "bioes"
    return "bio" if "B" in prefixes else "plain"


def belongs(tag: str, scheme: Scheme) -> bool:
    """Whether a tag is one of a scheme's.

    Example:
        >>> belongs("B-city", "bio"), belongs("E-city", "bio"), belongs("NOUN", "bio")
        (True, False, False)
    """
    prefix, kind = _parted(tag)
    return scheme == "plain" or tag == OUTSIDE or (prefix in _PREFIXES[scheme] and bool(kind))


def may_follow(before: str | None, tag: str | None, scheme: Scheme) -> bool:
    """Whether a tag may stand after another; None is the edge of the sequence.

    Example:
        >>> may_follow("O", "I-city", "bio"), may_follow("B-city", None, "bioes")
        (False, False)
    """
    if scheme == "plain":
        return True
    prefix, kind = _parted(tag or OUTSIDE)
    open_prefix, open_kind = _parted(before or OUTSIDE)
    inside = open_prefix in ("B", "I")
    if prefix in ("I", "E"):
        return inside and kind == open_kind
    return scheme == "bio" or not inside


def entities(tags: Sequence[str]) -> list[Entity]:
    """The entities that tags mark, also where they break their scheme.

    A tag goes on with the entity before it when that is of its kind and not at its end; any other
    tag but "O" begins an entity. These are the rules of the CoNLL shared tasks' `conlleval`, and
    of the package seqeval in its default mode.

    Example:
        >>> entities(["B-city", "I-city", "O", "I-person"])
        [Entity(kind='city', start=0, end=2), Entity(kind='person', start=3, end=4)]
    """
    found: list[Entity] = []
    before = ("", "")
    for step, tag in enumerate(tags):
        prefix, kind = _parted(tag)
        if tag == OUTSIDE:
            before = ("", "")
            continue
        if prefix in ("I", "E") and before[0] in ("B", "I") and before[1] == kind:
            found[-1] = found[-1]._replace(end=step + 1)
        else:
            found.append(Entity(kind, step, step + 1))
        before = (prefix, kind)
    return found


def _parted(tag: str) -> tuple[str, str]:
    prefix, _, kind = tag.partition("-")
    return prefix, kind
