"""Piano rolls from files of MATLAB and from tables of notes, and every fault of both."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import savemat

from elman.data.arrays.note_events import choose_step, holds_notes, rolls_of, written_notes
from elman.data.arrays.piano_rolls import VARIABLES, read_matlab_rolls
from elman.data.files.delimited import read_delimited
from elman.data.files.tables import Table
from elman.errors import DataError

DRAW = np.random.default_rng(0)


def piece(steps: int, keys: int = 88) -> NDArray[np.uint8]:
    return (DRAW.random((steps, keys)) < 0.1).astype(np.uint8)


def cells(*matrices: NDArray[Any]) -> NDArray[Any]:
    made = np.empty((1, len(matrices)), dtype=object)
    for place, matrix in enumerate(matrices):
        made[0, place] = matrix
    return made


def saved(variables: Mapping[str, Any], compressed: bool = False) -> bytes:
    stream = BytesIO()
    savemat(stream, dict(variables), do_compression=compressed)
    return stream.getvalue()


PIECES = {
    "traindata": [piece(9), piece(2), piece(30)],
    "validdata": [piece(5)],
    "testdata": [piece(7)],
}
GOOD = {name: cells(*pieces) for name, pieces in PIECES.items()}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["u1", "i2", "f8"])
def test_pieces_are_as_scipy_wrote_them(tmp_path: Path, compressed: bool, kind: str) -> None:
    path = tmp_path / "rolls.mat"
    typed = {name: cells(*(one.astype(kind) for one in all_)) for name, all_ in PIECES.items()}
    path.write_bytes(saved({"other": np.zeros(3), **typed, "text": "words"}, compressed))
    read = read_matlab_rolls(path, lambda content: None)
    for name, part in VARIABLES.items():
        assert [roll.row for roll in read[part]] == list(range(1, len(PIECES[name]) + 1))
        for roll, expected in zip(read[part], PIECES[name], strict=True):
            assert roll.frames.dtype == np.uint8
            assert np.array_equal(roll.frames, expected)


MATLAB_FAULTS = {
    "empty": (b"", "empty"),
    "text": (b"no file of MATLAB", "not those of MATLAB 5"),
    "version 7.3": (b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM", "not those of MATLAB 5"),
    "cut": (saved(GOOD)[:-20], "cut off"),
    "cut, compressed": (saved(GOOD, True)[:-20], "cut off"),
    "no test part": (saved({"traindata": cells(piece(3))}), "no variable 'validdata'"),
    "a matrix": (saved({**GOOD, "testdata": piece(5)}), "'testdata' is no list of matrices"),
    "87 keys": (saved({**GOOD, "testdata": cells(piece(5, 87))}), "5 rows and 87 columns"),
    "one step": (saved({**GOOD, "testdata": cells(piece(1))}), "1 rows and 88 columns"),
    "velocities": (saved({**GOOD, "testdata": cells(2 + piece(3))}), "other numbers than 0 and 1"),
    "words": (saved({**GOOD, "testdata": cells(np.array("a word"))}), "something else than"),
    "complex": (saved({**GOOD, "testdata": cells(piece(3) * 1j)}), "something else than"),
    "no pieces": (saved({**GOOD, "testdata": cells()}), "'testdata' is empty"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "what"), MATLAB_FAULTS.values(), ids=MATLAB_FAULTS)
def test_files_of_matlab_that_are_no_rolls(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "broken.mat"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_matlab_rolls(path, lambda content: None)
    assert what in caught.value.what
    assert caught.value.where == str(path)
    assert caught.value.expected
    assert caught.value.next_step


@pytest.mark.parametrize("compressed", [False, True])
def test_no_byte_can_do_worse_than_be_refused(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "broken.mat"
    content = saved(GOOD, compressed)
    refusals = 0
    for place in [*range(120, 400), *range(400, len(content), 50)]:
        broken = bytearray(content)
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        try:
            read_matlab_rolls(path, lambda content: None)
        except DataError:
            refusals += 1
    assert refusals > 100


NOTES = "piece,onset,duration,pitch\n"


def table_of(folder: Path, rows: str) -> Table:
    (folder / "notes.csv").write_text(NOTES + rows)
    return read_delimited(folder / "notes.csv", lambda content: None)


def down(frames: NDArray[np.uint8]) -> list[list[int]]:
    return [(np.flatnonzero(frame) + 21).tolist() for frame in frames]


def test_a_key_is_down_from_onset_to_end(tmp_path: Path) -> None:
    rows = "a,4,1,60\na,4,2,64\nb,0,0.5,21\na,5,0.5,62\nb,1,0.5,108\n"
    table = table_of(tmp_path, rows)
    assert holds_notes(table)
    first, second = rolls_of(table, choose_step(table))  # half a unit divides all
    assert (first.name, first.row) == ("a", 2)
    assert down(first.frames) == [[60, 64], [60, 64], [62, 64], [64]]
    assert (second.name, second.row) == ("b", 4)
    assert down(second.frames) == [[21], [], [108]]


def test_a_triplet_is_a_third_and_a_step_may_be_asked_for(tmp_path: Path) -> None:
    thirds = "a,0,0.33333,60\na,0.33333,0.33334,62\na,0.66667,0.33333,64\na,1,1,65\n"
    table = table_of(tmp_path, thirds)
    (roll,) = rolls_of(table, choose_step(table))
    assert down(roll.frames) == [[60], [62], [64], [65], [65], [65]]
    (roll,) = rolls_of(table_of(tmp_path, "a,0,0.97,60\na,1.02,0.9,62\n"), 1.0)
    assert down(roll.frames) == [[60], [62]]


@pytest.mark.parametrize("step", [1 / 96, 1 / 3, 0.25, 7.0])
def test_a_piece_that_is_written_is_read_again(tmp_path: Path, step: float) -> None:
    frames = piece(400)
    frames[0, 5] = frames[-1, 87] = frames[-1, 0] = 1
    written = written_notes("a, or 'b'", frames, step)
    (tmp_path / "written.csv").write_text(written)
    (roll,) = rolls_of(read_delimited(tmp_path / "written.csv", lambda content: None), step)
    assert np.array_equal(roll.frames, frames)
    assert roll.name == "a, or 'b'"


def test_a_key_that_stays_down_is_one_note() -> None:
    frames = np.zeros((4, 88), dtype=np.uint8)
    frames[1:4, 39] = frames[:2, 0] = frames[3, 0] = 1
    rows = ["a,0,1,21", "a,0.5,1.5,60", "a,1.5,0.5,21"]
    assert written_notes("a", frames, 0.5) == NOTES + "\n".join(rows)
    assert written_notes("a", frames[:0], 0.5) == NOTES.strip()


NOTE_FAULTS = {
    "a pitch too low": ("a,0,1,60\na,1,1,20\n", ":3, column 'pitch'", "The pitch is 20"),
    "half a pitch": ("a,0,1,60.5\na,1,1,60\n", ":2, column 'pitch'", "The pitch is 60.5"),
    "no length": ("a,0,1,60\na,1,0,60\na,2,-1,60\n", ":3, column 'duration'", "(2 such rows"),
    "no onset": ("a,,1,60\na,1,1,60\n", ":2, column 'onset'", "is missing"),
    "no piece": (",0,1,60\na,1,1,60\n", ":2, column 'piece'", "is empty"),
    "one step": ("a,0,1,60\n", "", "The piece 'a' has 1 step of length 1."),
    "too many": ("a,0,0.011,60\na,900,1,60\n", "", "has 86,496 steps of length 0.0104167"),
}


@pytest.mark.parametrize(("rows", "where", "what"), NOTE_FAULTS.values(), ids=NOTE_FAULTS)
def test_notes_that_make_no_piece(tmp_path: Path, rows: str, where: str, what: str) -> None:
    table = table_of(tmp_path, rows)
    with pytest.raises(DataError) as caught:
        rolls_of(table, choose_step(table))
    assert what in caught.value.what
    assert caught.value.where == table.path + where
    assert caught.value.expected
    assert caught.value.next_step
