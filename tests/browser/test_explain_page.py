from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from elman.insight.draw import render_explanation
from elman.insight.explain import Explanation
from tests.browser.chromium import CHROMIUM, open_page
from tests.browser.frame import seen
from tests.explain_samples import classified, continued
from tests.markup import tags

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

SAMPLES = [classified, continued]


def page_of(found: Explanation) -> str:
    return render_explanation(found, title="a run", command="elman explain", version="1.0")


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("width", [400, 1280])
def test_no_picture_sticks_out_and_all_are_legible(
    sample: Callable[[], Explanation], width: int, tmp_path: Path
) -> None:
    shown = seen(page_of(sample()), tmp_path, width)
    assert shown["needed"] == width
    assert float(str(shown["smallest"])) >= 10
    assert int(str(shown["focusable"])) >= 8


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_browser_reads_the_elements_that_were_written(
    sample: Callable[[], Explanation], tmp_path: Path
) -> None:
    page = tmp_path / "explain.html"
    page.write_text(page_of(sample()), encoding="utf-8")
    dom = open_page(page, tmp_path, "--dump-dom", "--enable-logging=stderr", "--v=0")
    assert tags(dom) == tags(page.read_text(encoding="utf-8"))
    assert tags(dom)["script"] == 0
