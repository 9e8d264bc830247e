"""No change of a run's files is read in silence, and none makes the program crash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from elman.training.preparation import prepare_again
from elman.training.saved_run import open_run
from tests.e2e.stopping import OPTIONS, interrupted_after, make_data
from tests.hostile.mutations import forge_states, mutate_archive, mutate_folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that were stopped in their second epoch: the best generation is not the last."""
    home = tmp_path_factory.mktemp("mutations")
    make_data(home)
    for data in OPTIONS:
        words = ("train", data, *OPTIONS[data], "--epochs", 2, "--out", home / Path(data).stem)
        assert interrupted_after(14, *words, cwd=home).code == 130
    return home


@pytest.mark.parametrize("name", [Path(data).stem for data in OPTIONS])
def test_every_change_of_a_folder_is_refused(home: Path, name: str) -> None:
    tally = mutate_folder(home / name, 200, seed=0)
    assert tally.refused == tally.tried == 200


def test_a_changed_archive_is_refused_or_holds_the_same(home: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "run"), "zip", home / "reviews"))
    tally = mutate_archive(archive, 200, seed=0)
    assert tally.silent == tally.crashed == 0
    assert tally.refused > 150
    assert tally.refused + tally.harmless == 200


@pytest.mark.parametrize("name", [Path(data).stem for data in OPTIONS])
def test_a_forged_state_never_crashes(home: Path, name: str) -> None:
    """Where the digests fit, a changed number may be taken for another; a crash may not be."""
    prepared = prepare_again(open_run(home / name), None)
    tally = forge_states(home / name, prepared, 200, seed=0)
    assert tally.crashed == tally.silent == 0
    assert tally.refused > 100
