from __future__ import annotations

import math
import re

import pytest

from elman.errors import UsageError
from elman.pages.columns import column_chart
from elman.pages.matrix import Axis, matrix_map
from elman.pages.style import DARK, LIGHT, STYLE
from tests.markup import contrast, parsed, words

MATRICES = {
    "one": [[0.5]],
    "signed": [[1.0, -2.0, 0.0], [0.25, math.nan, -0.5]],
    "wide apart": [[10.0**-power for power in range(30)]],
    "not numbers": [[math.nan, math.inf], [-math.inf, 0.0]],
    "large": [[math.sin(row * column) for column in range(300)] for row in range(200)],
    "tiny": [[5e-324, 1e-310]],
}


def names(count: int, letters: str = "step") -> list[str]:
    return [f"{letters}{number}" for number in range(count)]


def drawn(values: list[list[float]], logarithmic: bool = False, long: str = "<b>&") -> str:
    rows, columns = names(len(values)), names(len(values[0]), long)
    return matrix_map(
        "Terms <of> W", values, Axis("unit", rows), Axis("time", columns), logarithmic=logarithmic
    )


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("name", MATRICES)
def test_a_map_of_any_numbers_is_well_formed_and_inside_its_frame(
    name: str, logarithmic: bool
) -> None:
    page = drawn(MATRICES[name], logarithmic)
    root = parsed(page)
    assert not re.search(r"\b(nan|inf)\b", re.sub(r"<title>.*?</title>", "", page))
    drawing = root.find("svg[@role]")
    if drawing is None:
        assert "nothing but 0" in words(root)
        assert name == "not numbers"
        return
    width, height = map(float, (drawing.get("viewBox") or "").split()[2:])
    for path in drawing.iter("path"):
        for x, y, across, down in re.findall(
            r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-", path.get("d") or ""
        ):
            assert float(x) + float(across) <= width + 0.2
            assert float(y) + float(down) <= height
    assert len(page) < 300_000


def test_the_shades_follow_the_numbers() -> None:
    root = parsed(drawn([[8.0, 4.0, 1.0, 0.0, -8.0]]))
    styles = [path.get("class") for path in root.iter("path")]
    assert styles == ["down8", "up1", "up4", "up8"]
    spoken = root.find("svg[@role]/desc")
    assert spoken is not None
    assert "1 rows (unit) by 5 columns (time)" in words(spoken)
    assert "is −8, at step0 and <b>&4" in words(spoken)


def test_a_logarithmic_map_has_equal_factors_and_hides_nothing_above_zero() -> None:
    root = parsed(drawn([[1.0, 1e-4, 1e-8, 1e-20, 0.0]], logarithmic=True))
    assert {path.get("class") for path in root.iter("path")} == {"up8", "up6", "up3", "up1"}


def test_equal_neighbours_are_one_piece() -> None:
    (path,) = parsed(drawn([[1.0] * 50])).iter("path")
    assert (path.get("d") or "").count("M") == 1


def test_of_many_cells_the_largest_is_shown() -> None:
    values = [[0.1] * 1000 for _ in range(1000)]
    values[777][333] = -5.0
    root = parsed(drawn(values))
    (path,) = [path for path in root.iter("path") if path.get("class") == "down8"]
    assert (path.get("d") or "").count("M") == 1
    assert "at step777 and <b>&333" in words(root)


def test_names_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="do not fit the matrix"):
        matrix_map("a", [[1.0]], Axis("r", ["a", "b"]), Axis("c", ["a"]))
    with pytest.raises(UsageError, match="do not fit the columns"):
        column_chart("a", ["a"], [1.0, 2.0], label="step")


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize(
    "values",
    [[1.0], [1.0, -2.0, 0.5], [1e-30, 1.0], [0.0, 0.0], [math.nan, 1.0], [math.inf], [1.0] * 1000],
    ids=lambda values: str(values)[:20],
)
def test_columns_of_any_numbers_are_well_formed(values: list[float], logarithmic: bool) -> None:
    page = column_chart(
        "Sum <of> terms", names(len(values)), values, label="step", logarithmic=logarithmic
    )
    root = parsed(page)
    assert not re.search(r"\b(nan|inf)\b", page)
    drawing = root.find("svg[@role]")
    if drawing is None:
        assert "nothing to draw" in words(root)
        return
    height = float((drawing.get("viewBox") or "").split()[3])
    for y in re.findall(r"V([-\d.]+)", page):
        assert 0 <= float(y) <= height


def test_columns_stand_up_and_down_from_zero() -> None:
    page = column_chart("a", ["x", "y"], [2.0, -1.0], label="step")
    (start, up, back), (_, down, _) = [
        [float(y) for y in re.findall(r"(?: |V)([\d.]+)", piece)[:3]]
        for piece in re.findall(r"M[\d.]+( [\d.]+V[\d.]+h[\d.]+V[\d.]+)z", page)
    ]
    assert up < start == back < down


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_full_shades_stand_out_from_the_ground(theme: dict[str, str]) -> None:
    assert contrast(theme["own"], theme["ground"]) >= 3
    assert contrast(theme["second"], theme["ground"]) >= 3
    assert STYLE.count(".up8{") == STYLE.count(".down1{") == 2
