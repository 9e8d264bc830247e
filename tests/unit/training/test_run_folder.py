"""The run folder: whole or not there, the best apart from the last, every change noticed."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from elman.errors import ConfigurationError, CorruptRunError
from elman.training import files as files_module
from elman.training.files import FileRecord, Folder, read_checked, replace_file, write_synced
from elman.training.manifest import FORMAT, MODEL_FILES, STATE_FILES, Results, sealed
from elman.training.run_folder import RunFolder, check_free

ALL = [*MODEL_FILES, *STATE_FILES]
TRAINING = {"config": {"data": "näme.csv"}}


def generation(text: str) -> dict[str, bytes]:
    return {name: f"{name} of {text}".encode() for name in ALL}


def made(path: Path, **options: Any) -> RunFolder:
    return RunFolder.create(path, TRAINING, generation("0"), **({"overwrite": False} | options))


def tree(path: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def generations(folder: RunFolder) -> dict[str, list[str]]:
    return {
        one.name: sorted(file.name for file in one.iterdir())
        for one in sorted((folder.path / "generations").iterdir())
        if one.is_dir()
    }


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return made(tmp_path / "runs" / "one")


# --- making


def test_a_new_folder_holds_its_first_generation(folder: RunFolder) -> None:
    again = RunFolder.open(folder.path)
    assert again.manifest == folder.manifest
    assert again.training() == TRAINING
    assert again.read(again.manifest.best) == again.read(again.manifest.last) == generation("0")
    assert again.metric_lines() == []
    assert set(tree(folder.path)) == {
        "run.json",
        "training.json",
        "metrics.jsonl",
        *(f"generations/0/{name}" for name in ALL),
    }
    assert [one.name for one in folder.path.parent.iterdir()] == ["one"]


@pytest.mark.parametrize("number", range(11))
def test_what_fails_on_the_way_leaves_nothing(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the n-th write, whichever it is."""
    real, calls = os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > number:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "one"
    with pytest.raises(ConfigurationError, match="No space left on device"):
        made(path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert made(path).manifest == RunFolder.open(path).manifest


def test_a_place_that_is_taken_is_refused(folder: RunFolder, tmp_path: Path) -> None:
    before = tree(tmp_path)
    with pytest.raises(ConfigurationError, match="exists already") as caught:
        made(folder.path)
    assert "elman resume" in caught.value.next_step
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    for name in ("file", "folder"):
        for overwrite in (False, True):
            with pytest.raises(ConfigurationError, match="exists already"):
                check_free(tmp_path / name, overwrite)
    assert tree(tmp_path) == before | {"file": b"mine"}


def test_overwriting_replaces_the_whole_folder(folder: RunFolder) -> None:
    folder.save(generation("1"), best=True, line={"step": 1})
    folder.write_report("<p>old</p>")
    new = made(folder.path, overwrite=True)
    assert generations(new) == {"0": sorted(ALL)}
    assert new.metric_lines() == []
    assert not (folder.path / "report.html").exists()
    assert [one.name for one in folder.path.parent.iterdir()] == ["one"]


def test_an_older_run_comes_back_when_its_successor_cannot_take_its_place(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(folder.path)
    real = os.rename

    def refuse(source: Path, target: Path) -> None:
        if target == folder.path and not source.name.endswith(".old"):
            raise PermissionError(13, "Permission denied")
        real(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        RunFolder.create(folder.path, TRAINING, generation("new"), overwrite=True)
    assert tree(folder.path) == before
    assert [one.name for one in folder.path.parent.iterdir()] == ["one"]


# --- saving


def test_the_best_and_the_last_and_the_checkpoint_before_are_kept_and_no_more(
    folder: RunFolder,
) -> None:
    folder.save(generation("1"), best=True, line={"step": 1})
    assert generations(folder) == {"0": sorted(ALL), "1": sorted(ALL)}
    folder.save(generation("2"), best=False)
    assert generations(folder) == {"1": sorted(ALL), "2": sorted(ALL)}
    folder.save(generation("3"), best=False, line={"step": 3})
    assert generations(folder) == {"1": sorted(MODEL_FILES), "2": sorted(ALL), "3": sorted(ALL)}

    again = RunFolder.open(folder.path)
    wanted = {name: generation("1")[name] for name in MODEL_FILES}
    assert again.read(again.manifest.best) == wanted
    assert again.read(again.manifest.last) == generation("3")
    assert again.metric_lines() == [{"step": 1}, {"step": 3}]

    again.save(generation("4"), best=True)
    assert generations(folder) == {"1": sorted(MODEL_FILES), "3": sorted(ALL), "4": sorted(ALL)}
    again.finish(Results(test={}, baselines={}, seconds=0.1, parameters=3))
    assert generations(folder) == {"4": sorted(ALL)}


def test_files_that_are_not_ours_are_left_alone(folder: RunFolder) -> None:
    (folder.path / "generations" / ".DS_Store").write_bytes(b"x")
    (folder.path / "generations" / "kept by hand").mkdir()
    (folder.path / "generations" / "0" / "notes.txt").write_bytes(b"x")
    folder.save(generation("1"), best=False)
    folder.save(generation("2"), best=False)
    assert generations(folder)["0"] == sorted([*MODEL_FILES, "notes.txt"])
    assert (folder.path / "generations" / ".DS_Store").exists()
    assert (folder.path / "generations" / "kept by hand").is_dir()


def full_disk(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """No file of this name can be written any more."""
    real = write_synced

    def write(path: Path, content: bytes) -> FileRecord:
        if name in path.name:
            path.write_bytes(content[:3])
            raise OSError(28, "No space left on device", str(path))
        return real(path, content)

    monkeypatch.setattr(files_module, "write_synced", write)
    monkeypatch.setattr("elman.training.run_folder.write_synced", write)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors", "state.json", "run.json"])
def test_a_save_that_fails_leaves_the_older_generations(
    name: str, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.save(generation("1"), best=True, line={"step": 1})
    manifest = folder.manifest
    full_disk(monkeypatch, name)
    with pytest.raises(ConfigurationError, match="No space left") as caught:
        folder.save(generation("2"), best=True, line={"step": 2})
    assert name in caught.value.where
    monkeypatch.undo()
    again = RunFolder.open(folder.path)
    assert again.manifest == manifest == folder.manifest
    assert again.read(again.manifest.last) == generation("1")
    assert again.metric_lines() == [{"step": 1}]
    again.drop_unfinished()
    assert generations(again) == {"0": sorted(ALL), "1": sorted(ALL)}
    assert (folder.path / "metrics.jsonl").read_bytes() == b'{"step": 1}\n'
    again.save(generation("2"), best=True, line={"step": 2})
    assert again.metric_lines() == [{"step": 1}, {"step": 2}]


def test_a_line_takes_the_place_of_one_that_never_counted(folder: RunFolder) -> None:
    with (folder.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 1, "loss": 0.123456}\n{"step": 2}\n')
    folder.save(generation("1"), best=False, line={"step": 1})
    assert (folder.path / "metrics.jsonl").read_bytes() == b'{"step": 1}\n'


def test_what_a_killed_process_left_is_taken_away(folder: RunFolder) -> None:
    folder.save(generation("1"), best=True, line={"step": 1})
    with (folder.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 2}\n{"ste')
    (folder.path / "generations" / "2").mkdir()
    (folder.path / "generations" / "2" / "model.json").write_bytes(b"{")
    again = RunFolder.open(folder.path)
    assert again.metric_lines() == [{"step": 1}]
    again.drop_unfinished()
    assert generations(again) == {"0": sorted(ALL), "1": sorted(ALL)}
    assert (folder.path / "metrics.jsonl").read_bytes() == b'{"step": 1}\n'


@pytest.mark.parametrize(
    "content", [b"", b'{"step": 1', b'{"step" 1}\n\n\n', b"\xff" * 40, b"[1]\n" * 9]
)
def test_metrics_that_are_missing_or_damaged_are_told(folder: RunFolder, content: bytes) -> None:
    folder.save(generation("1"), best=True, line={"step": 1})
    path = folder.path / "metrics.jsonl"
    path.write_bytes(content)
    for use in (folder.metric_lines, folder.drop_unfinished):
        with pytest.raises(CorruptRunError, match=r"metrics\.jsonl is damaged"):
            use()
    assert path.read_bytes() == content
    path.unlink()
    with pytest.raises(CorruptRunError, match=r"metrics\.jsonl cannot be read"):
        folder.drop_unfinished()


def test_results_and_report(folder: RunFolder) -> None:
    results = Results(
        test={"accuracy": 0.5}, baselines={"a": {"perplexity": math.inf}}, seconds=0.1, parameters=3
    )
    folder.finish(results)
    assert RunFolder.open(folder.path).manifest.results == results
    assert folder.write_report("é \ud800").read_bytes() == "é ?".encode()


# --- going back from a damaged checkpoint


DAMAGES: dict[str, Callable[[RunFolder], None]] = {
    "the last": lambda folder: flip(folder.path / "generations" / "3" / "state.json"),
    "the best": lambda folder: (folder.path / "generations" / "3" / "model.json").unlink(),
    "the metrics": lambda folder: flip(folder.path / "metrics.jsonl"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_the_checkpoint_before_takes_the_place_of_a_damaged_one(
    folder: RunFolder, damage: Callable[[RunFolder], None]
) -> None:
    for number in (1, 2):
        folder.save(generation(str(number)), best=number == 1, line={"step": number})
    wanted = folder.manifest
    folder.save(generation("3"), best=True, line={"step": 3, "more": "of it"})
    damage(folder)

    before = tree(folder.path)
    again = RunFolder.open(folder.path)
    told = again.step_back()
    assert told is not None
    assert told.where.startswith(str(folder.path))
    assert tree(folder.path) == before, "nothing is changed until the run goes on"
    assert again.manifest == wanted.model_copy(update={"previous": None})
    again.drop_unfinished()
    assert RunFolder.open(folder.path).manifest == again.manifest
    assert generations(folder) == {"1": sorted(MODEL_FILES), "2": sorted(ALL)}
    assert again.metric_lines() == [{"step": 1}, {"step": 2}]
    again.save(generation("3"), best=False, line={"step": 3})
    assert again.damage() is None
    assert again.step_back() is None


def test_there_may_be_no_checkpoint_to_go_back_to(folder: RunFolder) -> None:
    flip(folder.path / "generations" / "0" / "state.json")
    with pytest.raises(CorruptRunError, match=r"state\.json has been altered"):
        RunFolder.open(folder.path).step_back()
    flip(folder.path / "generations" / "0" / "state.json")
    folder.save(generation("1"), best=True)
    for number in ("0", "1"):
        flip(folder.path / "generations" / number / "weights.safetensors")
    with pytest.raises(CorruptRunError, match="weights") as caught:
        RunFolder.open(folder.path).step_back()
    assert "generations/1" in caught.value.where, "the newest is the one to be told of"


# --- reading what was changed


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("change", [flip, cut, Path.unlink])
@pytest.mark.parametrize("name", ["training.json", *(f"generations/0/{one}" for one in ALL)])
def test_every_changed_file_is_noticed(
    folder: RunFolder, name: str, change: Callable[[Path], None]
) -> None:
    path = folder.path / name
    change(path)
    again = RunFolder.open(folder.path)
    with pytest.raises(CorruptRunError) as caught:
        again.training() if name == "training.json" else again.read(again.manifest.last)
    assert caught.value.where == str(path)
    assert caught.value.next_step


def manifest_with(folder: RunFolder, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder.path / "run.json"
    content = json.loads(path.read_bytes())
    change(content)
    del content["sha256"]
    path.write_bytes(sealed(json.dumps(content).encode()))


def test_a_newer_format_is_refused_by_name(folder: RunFolder) -> None:
    manifest_with(folder, lambda content: content.update(format=FORMAT + 1, more="things"))
    with pytest.raises(CorruptRunError, match="newer Elman") as caught:
        RunFolder.open(folder.path)
    assert caught.value.next_step == "pip install --upgrade elman"


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("format"),
        lambda content: content.update(format="1"),
        lambda content: content["metrics"].update(size=-1),
        lambda content: content.update(command="rm"),
        lambda content: content["best"].update(number="../.."),
        lambda content: content["best"].update(number=-1),
        lambda content: content["best"]["files"]["model.json"].update(sha256="0"),
        lambda content: content["best"]["files"]["model.json"].update(size=-1),
        lambda content: content.pop("last"),
    ],
)
def test_a_damaged_manifest_is_refused(
    folder: RunFolder, change: Callable[[dict[str, Any]], None]
) -> None:
    manifest_with(folder, lambda content: None)
    assert RunFolder.open(folder.path).manifest == folder.manifest
    manifest_with(folder, change)
    with pytest.raises(CorruptRunError, match=r"run\.json is damaged"):
        RunFolder.open(folder.path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_no_json_object_is_refused(folder: RunFolder, content: bytes) -> None:
    (folder.path / "run.json").write_bytes(content)
    with pytest.raises(CorruptRunError, match=r"run\.json is damaged"):
        RunFolder.open(folder.path)


@pytest.mark.parametrize("name", ["../../secret", "run.json", "more.pkl"])
def test_a_manifest_cannot_name_other_files(folder: RunFolder, name: str) -> None:
    record = {"size": 0, "sha256": "0" * 64}
    manifest_with(folder, lambda content: content["last"]["files"].update({name: record}))
    again = RunFolder.open(folder.path)
    with pytest.raises(CorruptRunError, match="other files"):
        again.read(again.manifest.last)


# --- single files


def test_a_file_is_replaced_at_one_stroke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    assert replace_file(path, b"old") == FileRecord.of(b"old")
    full_disk(monkeypatch, "run.json")
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new content")
    assert tree(tmp_path) == {"run.json": b"old"}
    monkeypatch.undo()
    record = replace_file(path, b"new content")
    assert read_checked(Folder(tmp_path), "run.json", record) == b"new content"
    assert tree(tmp_path) == {"run.json": b"new content"}
