"""Runs every Python block of the documents: what a reader copies must work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import DOCUMENTS, ROOT, blocks, named

WITH_BLOCKS = [document for document in DOCUMENTS if blocks(document, "python")]


def test_the_documents_and_their_blocks_were_found() -> None:
    assert [named(document) for document in DOCUMENTS] == [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "README.md",
        "SECURITY.md",
        "docs/cells.md",
        "docs/data.md",
        "docs/insight.md",
        "docs/kernels.md",
        "docs/lab.md",
        "docs/own-cells.md",
        "docs/reliability.md",
        "docs/runs.md",
        "docs/semantics.md",
        "docs/weights.md",
    ]
    assert [named(document) for document in WITH_BLOCKS] == [
        "ARCHITECTURE.md",
        "README.md",
        "docs/cells.md",
        "docs/insight.md",
        "docs/kernels.md",
        "docs/lab.md",
        "docs/own-cells.md",
        "docs/runs.md",
        "docs/semantics.md",
        "docs/weights.md",
    ]
    assert len(blocks(ROOT / "README.md", "python")) >= 3


@pytest.mark.parametrize("document", WITH_BLOCKS, ids=named)
def test_python_blocks_run_from_top_to_bottom(
    document: Path, tmp_path: Path, reader_s_folder: Path
) -> None:
    shutil.copytree(reader_s_folder / "runs", tmp_path / "runs")
    program = "\n".join(blocks(document, "python"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
