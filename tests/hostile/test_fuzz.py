"""Files that are nearly right, for every reader: a result, or a refusal that is complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.files.formats import ENDINGS
from tests.hostile.fuzz import fuzz
from tests.hostile.readers import READERS, SAMPLES

COUNT = 60


@pytest.mark.parametrize("name", READERS)
def test_no_file_crashes_a_reader(tmp_path: Path, name: str) -> None:
    tally = fuzz(name, COUNT, 0, tmp_path)
    assert not tally.faults, tally.faults[:5]
    assert tally.crashed == tally.hung == 0
    assert tally.read + tally.refused == tally.tried == COUNT
    assert tally.refused > 0


@pytest.mark.parametrize("name", READERS)
def test_the_files_that_it_begins_with_are_read(tmp_path: Path, name: str) -> None:
    reader = READERS[name]
    for number, sample in enumerate(reader.samples):
        name = f"{reader.folder or '.'}/data{reader.ending}"
        reader.read(reader.lay_out(tmp_path / str(number), name, sample))


def test_every_ending_of_data_has_files_to_begin_with() -> None:
    assert set(SAMPLES) == {ending for endings in ENDINGS.values() for ending in endings}
