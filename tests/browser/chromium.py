"""A headless Chromium, started afresh for each page and without a network of its own."""

from __future__ import annotations

import shutil
import subprocess
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


def open_page(page: Path, folder: Path, *switches: str) -> str:
    """Open a file in a fresh profile and give what Chromium writes to standard output."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, *SWITCHES, f"--user-data-dir={folder / 'profile'}", *switches, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout
