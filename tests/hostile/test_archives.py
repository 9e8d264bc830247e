"""Zipped runs: read wherever they are, and hostile archives refused with nothing written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from elman.errors import CorruptRunError
from elman.training.run_folder import RunFolder
from elman.training.saved_run import open_run
from tests.hostile.archives import HOSTILE, Forge, members_of, packed

FILES = {name: name.encode() * 9 for name in ("model.json", "vocabulary.json",
                                              "weights.safetensors")}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zipped") / "run"
    RunFolder.create(path, {"config": {}}, FILES, overwrite=False)
    return path


def read_best(archive: Path) -> dict[str, bytes]:
    saved = open_run(archive)
    return saved.read(saved.manifest.best)


def assert_reads(archive: Path) -> None:
    saved = open_run(archive)
    assert saved.read(saved.manifest.best) == FILES
    assert saved.training() == {"config": {}}
    assert saved.metric_lines() == []
    assert saved.damage() is None


@pytest.mark.parametrize("root", ["", "run/", "runs/my run/", "läufe/एक/"])
def test_a_run_may_lie_anywhere_in_its_archive(run: Path, tmp_path: Path, root: str) -> None:
    path = tmp_path / "any name.ZIP"
    path.write_bytes(packed(members_of(run, root)))
    assert_reads(path)


def test_archives_as_archivers_make_them(run: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "whole"), "zip", run)
    shutil.make_archive(str(tmp_path / "below"), "zip", run.parent, run.name)
    (tmp_path / "runs").mkdir()
    shutil.copytree(run, tmp_path / "runs" / "one")
    command = [sys.executable, "-m", "zipfile", "-c", "python.zip", "runs"]
    subprocess.run(command, cwd=tmp_path, check=True)
    names = ["whole.zip", "below.zip", "python.zip"]
    program = shutil.which("zip")
    if program is not None:
        subprocess.run([program, "-qr", "zip.zip", "runs"], cwd=tmp_path, check=True)
        names.append("zip.zip")
    for name in names:
        assert_reads(tmp_path / name)


def test_an_archive_without_packing_reads_too(run: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "run.zip", "w", zipfile.ZIP_STORED) as archive:
        for name, content in members_of(run).items():
            archive.writestr(name, content)
    os.chmod(tmp_path / "run.zip", 0o400)
    assert_reads(tmp_path / "run.zip")


@pytest.mark.parametrize("forge", HOSTILE.values(), ids=HOSTILE)
def test_hostile_archives_are_refused_and_nothing_is_written(
    run: Path, tmp_path: Path, forge: Forge
) -> None:
    place = tmp_path / "deep" / "down"
    place.mkdir(parents=True)
    path = place / "run.zip"
    path.write_bytes(forge(members_of(run)))
    before = {one: one.stat().st_mtime_ns for one in tmp_path.rglob("*")}
    tracemalloc.start()
    with pytest.raises(CorruptRunError) as caught:
        read_best(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    error = caught.value
    assert error.where.startswith(str(path))
    assert error.expected
    assert error.next_step
    assert len(str(error)) < 1_000
    assert str(error).replace("\n", "").isprintable()
    assert peak < 8_000_000
    assert {one: one.stat().st_mtime_ns for one in tmp_path.rglob("*")} == before


def test_there_are_as_many_kinds_as_promised() -> None:
    assert len(HOSTILE) >= 60
