"""Schemes by their prefixes, what may follow what, and entities counted as seqeval counts them."""

from __future__ import annotations

import random

import pytest

from elman.data.texts.tag_schemes import Entity, Scheme, entities, may_follow, scheme_of


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("O B-a I-a", "bio"),
        ("O B-a", "bio"),
        ("O B-a I-a E-a S-a", "bioes"),
        ("O S-a", "bioes"),
        ("O I-a", "plain"),
        ("O", "plain"),
        ("NOUN VERB", "plain"),
        ("B-a I-a NOUN", "plain"),
        ("B I O", "plain"),
        ("B- O", "plain"),
        ("B-a X-a", "plain"),
    ],
)
def test_scheme_of_tags(tags: str, scheme: Scheme) -> None:
    assert scheme_of(tags.split()) == scheme


LEGAL = {
    "bio": "O:O O:B-a B-a:I-a I-a:I-a I-a:B-a B-a:B-b B-a:O -:B-a -:O B-a:- I-a:-",
    "bioes": "O:O O:B-a O:S-a B-a:I-a B-a:E-a I-a:E-a E-a:O E-a:B-a S-a:S-b -:S-a E-a:- S-a:- O:-",
    "plain": "O:I-a I-a:I-b B-a:E-b -:I-a B-a:-",
}
BROKEN = {
    "bio": "O:I-a B-a:I-b I-b:I-a -:I-a",
    "bioes": "O:I-a O:E-a B-a:O B-a:B-a B-a:S-a I-a:O E-a:I-a E-a:E-a S-a:E-a B-a:E-b "
    "-:I-a -:E-a B-a:- I-a:-",
}


@pytest.mark.parametrize("scheme", ["bio", "bioes", "plain"])
def test_what_may_follow(scheme: Scheme) -> None:
    for pairs, legal in ((LEGAL[scheme], True), (BROKEN.get(scheme, ""), False)):
        for pair in pairs.split():
            before, after = (None if tag == "-" else tag for tag in pair.split(":"))
            assert may_follow(before, after, scheme) is legal, pair


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("", []),
        ("O O", []),
        ("B-a I-a I-a", [Entity("a", 0, 3)]),
        ("B-a B-a", [Entity("a", 0, 1), Entity("a", 1, 2)]),
        ("B-a I-b", [Entity("a", 0, 1), Entity("b", 1, 2)]),
        ("O I-a I-a O", [Entity("a", 1, 3)]),
        ("B-a E-a I-a", [Entity("a", 0, 2), Entity("a", 2, 3)]),
        ("S-a S-a E-a", [Entity("a", 0, 1), Entity("a", 1, 2), Entity("a", 2, 3)]),
        ("B-a O I-a", [Entity("a", 0, 1), Entity("a", 2, 3)]),
        ("B-a-b I-a-b", [Entity("a-b", 0, 2)]),
    ],
)
def test_entities_of_tags(tags: str, expected: list[Entity]) -> None:
    assert entities(tags.split()) == expected


def test_entities_equal_seqevals_on_any_tags() -> None:
    get_entities = pytest.importorskip(
        "seqeval.metrics.sequence_labeling", reason="the package seqeval is not installed"
    ).get_entities
    draw = random.Random(0)  # noqa: S311
    tags = ["O", *(f"{prefix}-{kind}" for prefix in "BIES" for kind in ("a", "b"))]
    for _ in range(2000):
        sequence = draw.choices(tags, k=draw.randrange(1, 9))
        expected = [(kind, first, last + 1) for kind, first, last in get_entities(sequence)]
        assert entities(sequence) == expected, sequence
