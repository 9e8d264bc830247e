from __future__ import annotations

from pathlib import Path

import pytest

from elman.insight.lab import exploding, memory, vanishing
from elman.insight.lab.page import render_page
from elman.insight.lab.report import Report
from tests.browser.chromium import CHROMIUM, open_page
from tests.browser.frame import seen
from tests.markup import tags

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    """Reports with every kind of part; those that train are cut short."""

    def quiet(text: str) -> None:
        pass

    return [
        vanishing.run(0, quiet),
        exploding.run(0, quiet, updates=6),
        memory.run(0, quiet, updates=1),
    ]


@pytest.mark.parametrize("width", [400, 1280])
def test_no_report_sticks_out_and_every_picture_is_legible(
    reports: list[Report], width: int, tmp_path: Path
) -> None:
    for report in reports:
        shown = seen(render_page(report, "elman lab NAME", "1.0"), tmp_path, width)
        assert shown["needed"] == width
        assert float(str(shown["smallest"])) >= 10
        assert int(str(shown["focusable"])) >= 4


def test_the_browser_reads_the_elements_that_were_written(
    reports: list[Report], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text(render_page(reports[0], "elman lab NAME", "1.0"), encoding="utf-8")
    assert tags(open_page(page, tmp_path, "--dump-dom")) == tags(page.read_text(encoding="utf-8"))
