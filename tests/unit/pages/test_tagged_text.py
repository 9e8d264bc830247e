"""Tagged text in a page: tags below, wrong ones marked, everything escaped."""

from __future__ import annotations

import pytest

from elman.pages.style import DARK, LIGHT, STYLE, TAG_COLOURS, tag_grounds
from elman.pages.tagged_text import Tagged, tag_key, tagged_text
from tests.markup import contrast, parsed

TAGS = ["O", "B-town", "I-town", "B-<b>"]


def texts(html: str, name: str) -> list[str]:
    return ["".join(node.itertext()) for node in parsed(html).iter(name)]


def test_each_piece_has_its_tag_below() -> None:
    pieces = [Tagged("in", "O", "O"), Tagged("New", "B-town", "B-town"), Tagged("&", "B-<b>", "O")]
    html = tagged_text(pieces, TAGS, joined=False)
    assert texts(html, "bdi") == ["in", "New", "&"]
    assert texts(html, "small") == ["O", "B-town", "B-<b> ≠ O"]
    assert "<b>" not in html.replace("<bdi>", "")


def test_a_wrong_tag_is_marked_and_a_kind_has_one_ground() -> None:
    pieces = [Tagged(tag, tag, "O") for tag in TAGS]
    classes = [node.get("class") for node in parsed(tagged_text(pieces, TAGS, joined=False))]
    assert classes == ["t", "t t0 wrong", "t t0 wrong", "t t1 wrong"]
    many = [f"N{number}" for number in range(12)]
    grounds = [node.get("class") for node in parsed(tag_key(many)).iter("span")]
    assert grounds[TAG_COLOURS] == grounds[0] == "t t0"
    assert all(f".t{number}{{" in STYLE for number in range(TAG_COLOURS))


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_tags_are_legible_on_their_grounds(colours: dict[str, str]) -> None:
    grounds = tag_grounds(colours)
    assert len(grounds) == len(set(grounds)) == TAG_COLOURS
    assert all(contrast(colours["ink"], ground) >= 4.5 for ground in grounds)


def test_characters_with_one_tag_and_one_truth_are_one_piece() -> None:
    pieces = [Tagged("1", "day", "day"), Tagged("2", "day", "day"), Tagged("3", "day", "year")]
    html = tagged_text(pieces, ["day", "year"], joined=True)
    assert texts(html, "bdi") == ["12", "3"]
