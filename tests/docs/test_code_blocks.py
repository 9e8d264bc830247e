"""Runs every Python block of the documents: what a reader copies must work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_of(document: Path) -> list[str]:
    return BLOCK.findall(document.read_text(encoding="utf-8"))


def test_the_documents_and_their_blocks_were_found() -> None:
    names = [str(document.relative_to(ROOT)) for document in DOCUMENTS]
    assert names == ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md"]
    assert len(blocks_of(ROOT / "README.md")) >= 1


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_python_blocks_run_from_top_to_bottom(document: Path, tmp_path: Path) -> None:
    program = "\n".join(blocks_of(document))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
