from __future__ import annotations

import math
import re

import pytest

from elman.errors import UsageError
from elman.pages.bars import Bar, bar_chart
from elman.pages.charts import Band, Reference, Series, line_chart
from elman.pages.heat import heat_map
from tests.markup import parsed, words

MANY = [(step, math.sin(step / 50)) for step in range(1000)]
CASES: dict[str, list[tuple[float, float]]] = {
    "none": [],
    "one": [(100, 0.5)],
    "two": [(100, 0.5), (200, 0.25)],
    "thousand": MANY,  # type: ignore[dict-item]
    "hundred thousand": [(step, step % 7) for step in range(100_000)],
    "constant": [(step, 3.0) for step in range(5)],
    "zero": [(step, 0.0) for step in range(5)],
    "negative": [(step, -step * 1e-3) for step in range(5)],
    "huge": [(0, 1e308), (1, -1e308), (2, 1.0)],
    "tiny": [(0, 5e-324), (1, 1e-310)],
    "not numbers": [(0, math.nan), (1, math.inf), (2, -math.inf)],
    "gaps": [(0, 1.0), (1, math.nan), (2, 2.0), (3, 3.0)],
}


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_a_line_chart_of_any_numbers_is_well_formed_and_inside_its_frame(
    name: str, logarithmic: bool
) -> None:
    chart = line_chart(
        "Loss <nats>",
        [Series("a & b", CASES[name])],
        references=[Reference("<base>", 0.7)],
        marked=(100, "kept"),
        logarithmic=logarithmic,
    )
    root = parsed(chart)
    drawing = root.find("svg[@role]")
    if drawing is None:
        assert "Nothing has been measured yet." in words(root)
        return
    assert drawing[0].tag == "title"
    assert drawing[1].tag == "desc"
    assert words(drawing[0]) == "Loss <nats>"
    assert "<base>: 0.7." in words(drawing[1])
    assert not re.search(r"\b(nan|inf)\b", chart, re.IGNORECASE)
    width, height = map(float, (drawing.get("viewBox") or "").split()[2:])
    for path in drawing.iter("path"):
        for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path.get("d") or ""):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height
    assert len(chart) < 40_000


def test_no_points_say_so() -> None:
    assert "Nothing has been measured yet." in words(parsed(line_chart("Loss", [])))


def test_one_point_is_a_dot_and_a_gap_breaks_the_line() -> None:
    one = parsed(line_chart("Loss", [Series("a", CASES["one"])]))
    assert len(list(one.iter("circle"))) == 1
    gaps = parsed(line_chart("Loss", [Series("a", CASES["gaps"])]))
    path = next(iter(gaps.iter("path"))).get("d") or ""
    assert (path.count("M"), path.count("L")) == (2, 1)


def test_higher_values_are_drawn_higher() -> None:
    root = parsed(line_chart("Loss", [Series("a", [(0, 1.0), (1, 5.0)])]))
    low, high = (float(dot.get("cy") or 0) for dot in root.iter("circle"))
    assert high < low


def test_thinning_keeps_ends_and_extremes() -> None:
    points: list[tuple[float, float]] = [(step, 0.0) for step in range(50_000)]
    points[31_313] = (31_313, 9.0)
    root = parsed(line_chart("Loss", [Series("a", points)]))
    path = re.findall(r"([-\d.]+) ([-\d.]+)", next(iter(root.iter("path"))).get("d") or "")
    assert len(path) <= 600
    heights = [float(y) for _, y in path]
    assert min(heights) < max(heights) - 100


def test_the_legend_names_lines_and_levels_by_more_than_colour() -> None:
    chart = line_chart(
        "Loss",
        [Series("validation", [(0, 1.0)]), Series("training", [(0, 0.5)])],
        references=[Reference("baseline", 0.75)],
    )
    entries = [words(item) for item in parsed(chart).iter("li")]
    assert entries == ["validation 1", "training 0.5", "baseline 0.75"]
    classes = [line.get("class") for item in parsed(chart).iter("li") for line in item.iter("line")]
    assert len(set(classes)) == 3


@pytest.mark.parametrize(
    "values", [[], [0.0], [0.5, 0.8], [-1.0, 2.0], [1e308, 1.0], [math.nan, math.inf, 3.0]]
)
def test_bars_are_well_formed_and_inside_their_frame(values: list[float]) -> None:
    chart = bar_chart("Accuracy", [Bar("<b>", value, "shown & said") for value in values])
    root = parsed(chart)
    assert not re.search(r'"(nan|inf)', chart)
    for bar in root.iter("rect"):
        left, width = float(bar.get("x") or -1), float(bar.get("width") or -1)
        assert left >= 0
        assert width >= 0
        assert left + width <= 400.01
    assert len(list(root.iter("rect"))) == len(values)


def test_a_longer_bar_is_a_larger_number() -> None:
    root = parsed(bar_chart("x", [Bar("a", 1.0, "1"), Bar("b", 4.0, "4", emphasised=True)]))
    first, second = (float(bar.get("width") or 0) for bar in root.iter("rect"))
    assert second == pytest.approx(4 * first)
    assert [text.get("class") for text in root.iter("text")] == [None, None, "strong", "strong"]


def test_a_heat_map_shows_counts_other_than_zero_and_tells_right_from_wrong() -> None:
    root = parsed(heat_map("Confusion", ["a<", "b"], [[8, 2], [0, 5]]))
    cells = {words(group[0]): (group[1].get("class"), words(group[2])) for group in root.iter("g")}
    assert cells == {
        "a< taken for a<: 8 of 10": ("right", "8"),
        "a< taken for b: 2 of 10": ("wrong", "2"),
        "b taken for b: 5 of 5": ("right", "5"),
    }
    assert "13 of 15 examples lie on the diagonal of 2 labels." in words(root)


@pytest.mark.parametrize("count", [1, 5, 12, 35])
def test_a_heat_map_of_many_or_long_labels_scrolls_by_keyboard(count: int) -> None:
    labels = [f"a very long label number {index}" for index in range(count)]
    counts = [[123456] * count for _ in labels]
    root = parsed(heat_map("Confusion", labels, counts))
    region = root.find("div[@role='region']")
    assert region is not None
    assert region.get("tabindex") == "0"
    for drawing in region.iter("svg"):
        right = float(drawing.get("width") or 0)
        for rect in drawing.iter("rect"):
            assert float(rect.get("x") or 0) + float(rect.get("width") or 0) <= right


def test_a_heat_map_of_no_labels_is_still_well_formed() -> None:
    parsed(heat_map("Confusion", [], []))


def test_a_heat_map_refuses_counts_that_do_not_fit() -> None:
    with pytest.raises(UsageError, match="does not fit its labels"):
        heat_map("Confusion", ["a", "b"], [[1, 2]])


def test_a_band_lies_behind_the_lines_and_widens_the_scale() -> None:
    points = [(0.0, 1.0, 3.0), (1.0, math.nan, 9.0), (2.0, -40.0, 50.0)]
    chart = line_chart("Fan", [Series("middle", [(0, 2), (2, 3)])], bands=[Band("80 %", points)])
    drawing = parsed(chart).find("svg[@role]")
    assert drawing is not None
    areas = [place for place, part in enumerate(drawing) if part.get("class") == "band"]
    lines = [place for place, part in enumerate(drawing) if part.get("class") == "line line-0"]
    assert areas
    assert max(areas) < min(lines)
    outline = drawing[areas[0]].get("d") or ""
    assert outline.startswith("M")
    assert outline.endswith("Z")
    places = re.findall(r"([-\d.]+) ([-\d.]+)", outline)
    assert len(places) == 4  # the point without a low end is left out
    height = float((drawing.get("viewBox") or "").split()[3])
    assert all(0 <= float(y) <= height for _, y in places)
    assert "80 %" in words(parsed(chart))
    assert "NaN" not in chart


def test_a_band_without_points_is_not_drawn() -> None:
    chart = line_chart("Fan", [Series("a", [(0, 2), (2, 3)])], bands=[Band("80 %", [])])
    assert "band" not in chart
