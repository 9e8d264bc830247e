"""The fields of a run's files and the exit codes that the documents tell are all there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from elman.errors import ElmanError
from tests.docs.documents import ROOT, rows_under


def told(heading: str) -> set[str]:
    """The names in the first column of a table of docs/runs.md."""
    rows = rows_under(ROOT / "docs" / "runs.md", heading)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row[0])}


def fields(folder: Path, file: str) -> set[str]:
    """The fields of a file, in the runs of all shapes together."""
    found: set[str] = set()
    for run in ("languages", "notes", "towns", "pairs", "levels"):
        manifest = json.loads((folder / "runs" / run / "run.json").read_text(encoding="utf-8"))
        last = f"generations/{manifest['last']['number']}/{file}"
        place = next(
            path
            for path in (folder / "runs" / run / file, folder / "runs" / run / last)
            if path.exists()
        )
        lines = place.read_text(encoding="utf-8")
        value: dict[str, Any] = json.loads(
            lines.splitlines()[0] if file == "metrics.jsonl" else lines
        )
        found |= value.keys()
    return found


@pytest.mark.parametrize(
    "file",
    ["run.json", "training.json", "model.json", "vocabulary.json", "state.json", "metrics.jsonl"],
)
def test_every_field_is_told(reader_s_folder: Path, file: str) -> None:
    assert told(f"### {file}") == fields(reader_s_folder, file)


def test_every_exit_code_is_told() -> None:
    kinds, codes = [ElmanError], {0, 143}  # done, and SIGTERM, which `Interrupted` answers with
    while kinds:
        kind = kinds.pop()
        codes.add(kind.exit_code)
        kinds += kind.__subclasses__()
    rows = rows_under(ROOT / "README.md", "## Exit codes")
    assert {int(code) for row in rows for code in row[0].split(",")} == codes
