from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from elman.insight.draw import render_explanation
from elman.insight.explain import Explanation, explain
from elman.insight.subjects.registry import example_of
from tests.browser.chromium import CHROMIUM, open_page
from tests.browser.frame import seen
from tests.explain_samples import classified, continued
from tests.markup import tags
from tests.shape_samples import item, predictor
from tests.unit.insight.test_images_explained import written

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

Sample = Callable[[Path], Explanation]


def of_shape(name: str) -> Sample:
    return lambda folder: explain(example_of(predictor(name, folder), item(name, folder)))


SAMPLES: dict[str, Sample] = {
    "label": lambda folder: classified(),
    "continuation": lambda folder: continued(),
    "captioned image": written,
    **{name: of_shape(name) for name in ("pairs", "series", "vectors", "music")},
}


def page_of(found: Explanation) -> str:
    return render_explanation(found, title="a run", command="elman explain", version="1.0")


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [400, 1280])
def test_no_picture_sticks_out_and_all_are_legible(name: str, width: int, tmp_path: Path) -> None:
    shown = seen(page_of(SAMPLES[name](tmp_path)), tmp_path, width)
    assert shown["needed"] == width
    assert float(str(shown["smallest"])) >= 10
    assert int(str(shown["focusable"])) >= 3


@pytest.mark.parametrize("name", SAMPLES)
def test_the_browser_reads_the_elements_that_were_written(name: str, tmp_path: Path) -> None:
    page = tmp_path / "explain.html"
    page.write_text(page_of(SAMPLES[name](tmp_path)), encoding="utf-8")
    dom = open_page(page, tmp_path, "--dump-dom")
    assert tags(dom) == tags(page.read_text(encoding="utf-8"))
    assert tags(dom)["script"] == 0
