"""A page seen from outside: how wide it needs to be, how small its smallest letters are."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from tests.browser.chromium import open_page

# The page under test runs no script, so another page looks into it through a frame.
FRAME = """<!DOCTYPE html><html><body style="margin:0">
<iframe id="f" style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe>
<pre id="seen"></pre><script>
document.getElementById("f").onload = function () {{
  const page = this.contentDocument, root = page.documentElement;
  document.getElementById("seen").textContent = JSON.stringify({{
    needed: root.scrollWidth,
    ground: getComputedStyle(page.body).backgroundColor,
    smallest: Math.min(...[...page.querySelectorAll("svg text")].filter(t => t.textContent)
      .map(t => parseFloat(getComputedStyle(t).fontSize)
        * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b))),
    focusable: page.querySelectorAll("a[href], summary, [tabindex='0']").length,
  }});
}};
</script></body></html>"""


def seen(page: str, folder: Path, width: int, *switches: str) -> dict[str, object]:
    """What a reader has whose window is so many pixels wide.

    Args:
        page: the text of the page.
        folder: for the frame.
        width: of the window.
        switches: for Chromium.
    """
    frame = folder / "frame.html"
    frame.write_text(
        FRAME.format(width=width, page=html.escape(page, quote=True)), encoding="utf-8"
    )
    dom = open_page(frame, folder, "--dump-dom", "--window-size=1400,1000", *switches)
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom)
    assert found, "the frame never loaded"
    facts: dict[str, object] = json.loads(html.unescape(found[1]))
    return facts
