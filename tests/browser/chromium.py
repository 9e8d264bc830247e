"""A headless Chromium, started afresh for each page, its console and its requests written down."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = shutil.which("chromium")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


CONSOLE = re.compile(r":CONSOLE:\d+\] (.*)")
OF_THE_BROWSER = "not an origin"


@dataclass(frozen=True)
class Opened:
    """What came of opening a page.

    Attributes:
        out: what Chromium wrote to standard output.
        console: the messages in the page's console, errors among them.
        requests: addresses beyond the page's own file that it asked for.
    """

    out: str
    console: tuple[str, ...]
    requests: tuple[str, ...]


def open_page(page: Path, folder: Path, *switches: str) -> str:
    """Open a file and give what Chromium writes to standard output; the page must be quiet."""
    opened = watched(page, folder, *switches)
    assert opened.console == ()
    assert opened.requests == ()
    return opened.out


def watched(page: Path, folder: Path, *switches: str) -> Opened:
    """Open a file in a fresh profile, and watch its console and the network."""
    assert CHROMIUM is not None
    log = folder / "network.json"
    done = subprocess.run(
        [
            CHROMIUM,
            *SWITCHES,
            "--enable-logging=stderr",
            "--v=0",
            f"--log-net-log={log}",
            f"--user-data-dir={folder / 'profile'}",
            *switches,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return Opened(done.stdout, tuple(CONSOLE.findall(done.stderr)), tuple(_requests(log)))


def _requests(log: Path) -> list[str]:
    """What pages asked for; the browser asks for things of its own, in nobody's name."""
    found = json.loads(log.read_text(encoding="utf-8"))
    start = found["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    every = (event.get("params", {}) for event in found["events"] if event["type"] == start)
    return [
        one["url"]
        for one in every
        if not one.get("url", "data:").startswith("data:")
        and one.get("initiator") != OF_THE_BROWSER
    ]
