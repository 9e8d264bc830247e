from __future__ import annotations

from itertools import pairwise

import pytest

from elman.errors import UsageError
from elman.pages.alignment import CELL, alignment_map
from tests.markup import parsed, words

WEIGHTS = [[0.9, 0.1, 0.0], [0.004, 0.5, 0.496]]


def test_each_weight_that_can_be_seen_is_a_square_in_its_row_and_column() -> None:
    root = parsed(alignment_map("a <b>", ["x", "y", "z"], ["1", "2"], WEIGHTS))
    squares = root.findall(".//rect[@class='right']")
    seen = [words(square) for square in squares]
    assert seen == ["1 read x: 90%", "1 read y: 10%", "2 read y: 50%", "2 read z: 50%"]
    x, y = ([float(square.get(side) or "") for square in squares] for side in "xy")
    assert [b - a for a, b in pairwise(x)] == pytest.approx([CELL, 0, CELL])
    assert y[0] == y[1] == y[2] - CELL
    assert [square.get("fill-opacity") for square in squares] == ["0.9", "0.1", "0.5", "0.5"]
    description = root.find(".//desc")
    assert description is not None
    assert words(description) == "1 read x most; 2 read y most."


def test_long_tokens_are_turned_and_clipped() -> None:
    root = parsed(alignment_map("t", ["word" * 9, "b", "c"], ["1", "2"], WEIGHTS))
    turned = [text for text in root.iter("text") if "rotate" in (text.get("transform") or "")]
    assert len(turned) == 3
    assert words(turned[0]) == ("word" * 9)[:15] + "…"


def test_nothing_read_or_written_is_an_empty_field() -> None:
    assert parsed(alignment_map("t", [], ["1"], [[]])).find(".//rect[@class='right']") is None
    assert parsed(alignment_map("t", ["x"], [], [])).find(".//rect[@class='right']") is None


@pytest.mark.parametrize("weights", [WEIGHTS[:1], [[0.5, 0.5], [0.5, 0.5]]])
def test_weights_that_do_not_fit_are_refused(weights: list[list[float]]) -> None:
    with pytest.raises(UsageError, match="do not fit the tokens"):
        alignment_map("t", ["x", "y", "z"], ["1", "2"], weights)
