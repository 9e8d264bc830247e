"""A page seen from outside: its width, its smallest letters, words broken in its tables."""

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
  const page = this.contentDocument, root = page.documentElement, broken = [];
  for (const cell of page.querySelectorAll("th, td")) {{
    const walk = page.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) for (const word of walk.currentNode.data.matchAll(/\\p{{L}}+/gu)) {{
      const range = page.createRange();
      range.setStart(walk.currentNode, word.index);
      range.setEnd(walk.currentNode, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map(one => Math.round(one.top)));
      if (lines.size > 1) broken.push(word[0]);
    }}
  }}
  document.getElementById("seen").textContent = JSON.stringify({{
    needed: root.scrollWidth,
    ground: getComputedStyle(page.body).backgroundColor,
    smallest: Math.min(...[...page.querySelectorAll("svg text")].filter(t => t.textContent)
      .map(t => parseFloat(getComputedStyle(t).fontSize)
        * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b))),
    broken: broken,
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
