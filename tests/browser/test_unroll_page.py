from __future__ import annotations

from pathlib import Path

import pytest

from elman.cells.spec import Kind
from elman.insight.unroll.network import unroll
from elman.insight.unroll.page import render_page
from tests.browser.chromium import CHROMIUM
from tests.browser.frame import seen

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
@pytest.mark.parametrize("width", [400, 1280])
def test_no_equation_sticks_out(kind: Kind, width: int, tmp_path: Path) -> None:
    shown = seen(render_page(unroll(kind), "elman unroll", "1.0"), tmp_path, width)
    assert shown["needed"] == width
    assert float(str(shown["smallest"])) >= 10
