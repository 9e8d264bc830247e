from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from elman.pages.document import document
from elman.pages.tables import table
from elman.training.report.content import ReportContent
from elman.training.report.page import render_report
from tests.browser.chromium import CHROMIUM, open_page
from tests.browser.frame import seen
from tests.markup import tags
from tests.report_samples import hostile, language_model, languages

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


def _seen(content: ReportContent, folder: Path, width: int, *switches: str) -> dict[str, object]:
    return seen(render_report(content), folder, width, *switches)


def _written(content: ReportContent, folder: Path) -> Path:
    page = folder / "report.html"
    page.write_text(render_report(content), encoding="utf-8")
    return page


def test_a_script_would_be_noticed(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text('<title>a</title><script>document.title="owned"</script>', encoding="utf-8")
    assert "<title>owned</title>" in open_page(page, tmp_path, "--dump-dom")


def test_no_script_in_a_text_runs(tmp_path: Path) -> None:
    dom = open_page(_written(hostile(), tmp_path), tmp_path, "--dump-dom")
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert title
    assert title[1].startswith("&lt;script&gt;document.title=")
    assert tags(dom)["script"] == 0


@pytest.mark.parametrize("sample", [languages, language_model, hostile])
def test_the_browser_reads_the_elements_that_were_written(sample, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page = _written(sample(), tmp_path)
    dom = open_page(page, tmp_path, "--dump-dom")
    assert tags(dom) == tags(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("sample", [languages, language_model, hostile])
def test_nothing_sticks_out_and_charts_stay_legible_at_400_pixels(sample, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    shown = _seen(sample(), tmp_path, 400)
    assert shown["needed"] == 400
    assert float(str(shown["smallest"])) >= 10
    assert int(str(shown["focusable"])) >= 8


@pytest.mark.parametrize("width", [400, 1280])
def test_no_word_in_a_table_is_broken(width: int, tmp_path: Path) -> None:
    assert _seen(languages(), tmp_path, width)["broken"] == []


def test_a_word_that_no_screen_has_room_for_is_broken(tmp_path: Path) -> None:
    page = table("words", ["word"], [["a" * 200]])
    shown = seen(document("a", page, []), tmp_path, 400)
    assert shown["broken"] == ["a" * 200]
    assert shown["needed"] == 400


def test_the_theme_follows_the_reader(tmp_path: Path) -> None:
    grounds = {}
    for theme, number in (("dark", 0), ("light", 1)):
        folder = tmp_path / theme
        folder.mkdir()
        switch = f"--blink-settings=preferredColorScheme={number}"
        grounds[theme] = _seen(languages(), folder, 1280, switch)["ground"]
    assert grounds == {"dark": "rgb(20, 22, 26)", "light": "rgb(252, 251, 249)"}


def test_a_picture_of_the_page_is_not_blank(tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    page = _written(languages(), tmp_path)
    open_page(page, tmp_path, f"--screenshot={picture}", "--window-size=1280,2000")
    data = picture.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (1280, 2000)
    empty = tmp_path / "empty.html"
    empty.write_text("<!DOCTYPE html><title>empty</title>", encoding="utf-8")
    open_page(empty, tmp_path, f"--screenshot={picture}", "--window-size=1280,2000")
    assert len(data) > 5 * len(picture.read_bytes())
