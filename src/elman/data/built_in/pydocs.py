"""The built-in source `pydocs`: the English prose of Python's own help, as `help("with")` shows it.

Topics quote each other at length: split blindly, up to half of the test lines stand verbatim in the
training part, and a model is measured on what it has by heart. So topics that share a passage stay
together in one part.
"""

from __future__ import annotations

import platform
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from elman.data.built_in.canonical import examples_sha256
from elman.data.examples import Dataset, Document
from elman.errors import DataError

SPLIT_SEED: Final = 0
HELD_OUT: Final = 0.1
"""Share of all characters in the validation part, and in the test part, at most."""

PASSAGE: Final = 40
"""A line longer than this, found in two topics, is a passage that one has from the other."""


def load(seed: int) -> Dataset[Document]:
    """The help topics of the running Python, 465,000 characters in Python 3.11.

    Args:
        seed: the run's; the split does not follow it, so that all runs are measured on one test
            part.

    Raises:
        DataError: when this Python was installed without its help topics.

    Example:
        >>> dataset = load(seed=0)
        >>> len(dataset.test) > 0
        True
    """
    topics = _topics()
    documents, copies = _without_copies(topics)
    train, validation, test = _split(_groups(documents), SPLIT_SEED)
    characters = sum(len(document.text) for document in documents)
    notes = [
        f"pydoc_data.topics of Python {platform.python_version()}: {len(documents)} topics, "
        f"{characters:,} characters",
        f"topics that share a line of more than {PASSAGE} characters are in the same part",
    ]
    if copies:
        notes.append(f"left out as exact copies of other topics: {', '.join(copies)}")
    return Dataset(
        name="pydocs",
        shape="language_model",
        shape_reason="language model: the topics are running text without labels",
        target="next token",
        train=train,
        validation=validation,
        test=test,
        split_reason=f"fixed split 80/10/10 by topic (seed {SPLIT_SEED}, whatever the run's seed)",
        sha256=examples_sha256(train, validation, test),
        notes=tuple(notes),
    )


def _topics() -> Mapping[str, str]:
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise DataError(
            "This Python was installed without its help topics.",
            where="module pydoc_data.topics",
            expected="the whole standard library",
            next_step="install your system's full Python package, or train on a file of your own",
        ) from error
    return dict(topics)


def _without_copies(topics: Mapping[str, str]) -> tuple[list[Document], list[str]]:
    """The topics by name, the first of equal texts only, and the names of the others."""
    documents: list[Document] = []
    copies: list[str] = []
    seen: set[str] = set()
    for row, name in enumerate(sorted(topics), 1):
        if topics[name] in seen:
            copies.append(name)
            continue
        seen.add(topics[name])
        documents.append(Document(topics[name], row, name))
    return documents, copies


def passages(text: str) -> set[str]:
    r"""The long lines of a text, without the white space around them.

    Example:
        >>> passages("short\n  a line that says something that one might quote")
        {'a line that says something that one might quote'}
    """
    return {line.strip() for line in text.split("\n") if len(line.strip()) > PASSAGE}


def _groups(documents: Iterable[Document]) -> list[list[Document]]:
    """The documents joined wherever two share a passage, directly or through others."""
    groups: list[tuple[list[Document], set[str]]] = []
    for document in documents:
        joined, its_passages, others = [document], passages(document.text), []
        for group, said in groups:
            if its_passages.isdisjoint(said):
                others.append((group, said))
            else:
                joined = group + joined
                its_passages |= said
        groups = [*others, (joined, its_passages)]
    by_first = {min(document.row for document in group): group for group, _ in groups}
    return [by_first[row] for row in sorted(by_first)]


def _split(groups: list[list[Document]], seed: int) -> tuple[tuple[Document, ...], ...]:
    """Fill the test part, then the validation part, with drawn groups that fit; train the rest."""
    draw = random.Random(seed)  # noqa: S311 - a split is no secret
    # Only `random()` is promised to give the same numbers in every version of Python.
    order = sorted(range(len(groups)), key=[draw.random() for _ in groups].__getitem__)
    sizes = [sum(len(document.text) for document in group) for group in groups]
    room = dict.fromkeys(("test", "validation"), HELD_OUT * sum(sizes))
    parts: defaultdict[str, list[Document]] = defaultdict(list)
    for place in order:
        part = next((part for part, left in room.items() if sizes[place] <= left), "train")
        parts[part] += groups[place]
        if part in room:
            room[part] -= sizes[place]
    return tuple(
        tuple(sorted(parts[part], key=lambda document: document.row))
        for part in ("train", "validation", "test")
    )
