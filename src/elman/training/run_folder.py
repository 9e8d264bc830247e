"""The run folder: generations of a model, and one manifest, replaced last.

runs/NAME/
  run.json              the manifest: what counts. Written last, at one stroke.
  training.json         configuration, data and split: read to resume, never to predict
  generations/N/        model.json, vocabulary.json, weights.safetensors; in the last one, and the
                        one before it, also optimizer.safetensors, carried.safetensors, state.json
  metrics.jsonl         a line an evaluation
  report.html           for people
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elman.errors import ConfigurationError, CorruptRunError
from elman.training.files import (
    FileRecord,
    Folder,
    replace_file,
    sync_folder,
    write_synced,
    writing,
)
from elman.training.manifest import (
    FORMAT,
    MODEL_FILES,
    STATE_FILES,
    Checkpoint,
    Generation,
    Manifest,
    Results,
)
from elman.training.saved_run import SavedRun, place_of, read_manifest

_ENTRIES = {
    *("run.json", "training.json", "generations", "metrics.jsonl", "report.html"),
    *(".run.json.new", ".report.html.new"),  # what a killed process may have left
}


class RunFolder(SavedRun):
    """A run folder that is open for reading and writing.

    Args:
        path: of the folder.
        manifest: what counts in it.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        super().__init__(path, Folder(path), manifest)

    @classmethod
    def create(
        cls, path: Path, training: Mapping[str, Any], files: Mapping[str, bytes], overwrite: bool
    ) -> RunFolder:
        """A new run folder with its first generation; it appears whole or not at all.

        Args:
            path: where; nothing may be there unless `overwrite`.
            training: the content of training.json.
            files: of generation 0.
            overwrite: put it in the place of an older run folder.

        Raises:
            ConfigurationError: something is there already, or the place cannot be written to.
        """
        check_free(path, overwrite)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        with writing(path):
            try:
                (temporary / "generations").mkdir(parents=True)
                record = write_synced(temporary / "training.json", to_json(training))
                records = _write_generation(temporary, 0, files)
                first = Generation(number=0, files=records)
                metrics = write_synced(temporary / "metrics.jsonl", b"")
                manifest = Manifest(
                    format=FORMAT, training=record, best=first, last=first, metrics=metrics
                )
                replace_file(temporary / "run.json", manifest.to_bytes())
                _take_place(temporary, path)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        return cls(path, manifest)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run folder.

        Raises:
            ConfigurationError: there is no such folder; an archive can only be read.
            CorruptRunError: it is no run folder, or its manifest is damaged or of a newer format.
        """
        place = place_of(path)
        if not isinstance(place, Folder):
            raise ConfigurationError(
                f"{path} is an archive, which can be read and not written.",
                where=str(path),
                expected="a run folder",
                next_step=f"python -m zipfile -e {shlex.quote(str(path))} . && elman resume RUN",
            )
        return cls(path, read_manifest(place))

    def step_back(self) -> CorruptRunError | None:
        """Where the newest checkpoint is damaged, stand at the one before it; the disk waits.

        Returns:
            What is damaged, if anything is.

        Raises:
            CorruptRunError: the one before is damaged too, or there is none.
        """
        newest, damage = self.manifest, self.damage()
        if damage is not None:
            if newest.previous is None:
                raise damage
            undone = {"previous": None, "results": None}
            self.manifest = newest.model_copy(update=dict(newest.previous) | undone)
            if self.damage() is not None:
                raise damage
        return damage

    def drop_unfinished(self) -> None:
        """Make the disk as the manifest is: without lines and generations that do not count.

        They are what a killed process left, or the checkpoint from which `step_back` went.

        Raises:
            CorruptRunError: of the lines that count some are missing or damaged.
        """
        self.metric_lines()
        with writing(self.path):
            if read_manifest(self.place) != self.manifest:
                self._replace_manifest({})
            with (self.path / "metrics.jsonl").open("r+b") as file:
                file.truncate(self.manifest.metrics.size)
            self._prune()

    def save(
        self, files: Mapping[str, bytes], *, best: bool, line: Mapping[str, Any] | None = None
    ) -> None:
        """Write a new generation and make it the last one, and perhaps the best.

        Args:
            files: of the generation.
            best: whether it is the best so far.
            line: for metrics.jsonl, if there was an evaluation.

        Raises:
            ConfigurationError: the disk is full or read-only; the older generations still stand.
        """
        number = self.manifest.last.number + 1
        with writing(self.path):
            try:
                last = Generation(number=number, files=_write_generation(self.path, number, files))
                now = self.manifest
                models = {name: now.best.files[name] for name in MODEL_FILES}
                changes: dict[str, Any] = {
                    "last": last,
                    "best": last if best else Generation(number=now.best.number, files=models),
                    "previous": Checkpoint(best=now.best, last=now.last, metrics=now.metrics),
                }
                if line is not None:
                    changes["metrics"] = self._append(line)
                self._replace_manifest(changes)
            except OSError:
                with contextlib.suppress(OSError):  # the disk may refuse this too
                    self._prune()
                raise
            self._prune()

    def finish(self, results: Results) -> None:
        """Record what the finished run measured; no earlier checkpoint is needed from then on.

        That one goes first: a run that is killed here is not finished yet, and tidied up again.
        """
        with writing(self.path):
            self._replace_manifest({"previous": None})
            self._prune()
            self._replace_manifest({"results": results})

    def write_report(self, page: str) -> Path:
        """Write report.html."""
        with writing(self.path):
            replace_file(self.path / "report.html", page.encode("utf-8", "replace"))
        return self.path / "report.html"

    def _append(self, line: Mapping[str, Any]) -> FileRecord:
        """Append a line to what counts of metrics.jsonl; the new record of it."""
        new = json.dumps(line).encode() + b"\n"
        with (self.path / "metrics.jsonl").open("r+b") as file:
            content = file.read(self.manifest.metrics.size) + new
            file.seek(len(content) - len(new))
            file.truncate()
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        return FileRecord.of(content)

    def _replace_manifest(self, changes: Mapping[str, Any]) -> None:
        manifest = self.manifest.model_copy(update=changes)
        try:
            replace_file(self.path / "run.json", manifest.to_bytes())
            self.manifest = manifest
        except OSError:
            self.manifest = read_manifest(self.place)  # the disk decides which it is
            raise

    def _prune(self) -> None:
        """Delete the files of generations that the manifest does not name."""
        named: dict[str, set[str]] = {}
        for generation in self.manifest.generations():
            named.setdefault(str(generation.number), set()).update(generation.files)
        for folder in (self.path / "generations").iterdir():
            if not (folder.name.isdecimal() and folder.is_dir()):  # not ours
                continue
            if folder.name not in named:
                shutil.rmtree(folder)
                continue
            for name in {*MODEL_FILES, *STATE_FILES} - named[folder.name]:
                (folder / name).unlink(missing_ok=True)


def check_free(path: Path, overwrite: bool) -> None:
    """Refuse a place where something is already.

    Raises:
        ConfigurationError: something is there, and it may not, or is no run, so must not, go.
    """
    with writing(path):
        if not path.exists() and not path.is_symlink():
            return
        is_run = (path / "run.json").is_file()
        strange = _not_of_a_run(path) if overwrite else ""
    if overwrite and is_run and not strange:
        return
    raise ConfigurationError(
        f"{path} exists already{f', and {strange}' * overwrite}.",
        where=f"--out {path}",
        expected="a new folder" if overwrite else "a new folder, or --overwrite",
        next_step=f"elman resume {shlex.quote(str(path))}, or --overwrite, or another --out"
        if is_run and not overwrite
        else "choose another --out",
    )


def _not_of_a_run(path: Path) -> str:
    """Why a place must not be replaced, in one clause; empty where it is a run folder.

    A file called run.json makes no run: whatever else lay beside it would be lost.
    """
    if path.is_symlink() or path.name in ("", ".."):
        return "is not a folder by its own name"
    if not (path / "run.json").is_file():
        return "is no run folder"
    foreign = sorted({entry.name for entry in path.iterdir()} - _ENTRIES)
    return f"holds {foreign[0]!r}, which is no part of a run" if foreign else ""


def to_json(content: Mapping[str, Any]) -> bytes:
    """A JSON file's content, for people to read as well."""
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return text.encode("utf-8", "backslashreplace")  # a file name's odd byte as JSON's own \udce9


def _write_generation(
    folder: Path, number: int, files: Mapping[str, bytes]
) -> dict[str, FileRecord]:
    place = folder / "generations" / str(number)
    shutil.rmtree(place, ignore_errors=True)  # what a killed process may have left there
    place.mkdir()
    records = {name: write_synced(place / name, content) for name, content in files.items()}
    sync_folder(place)
    sync_folder(place.parent)
    return records


def _take_place(new: Path, path: Path) -> None:
    """Rename a finished folder to its final name, an older run stepping aside."""
    old = None
    if path.exists():
        old = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.old")
        os.rename(path, old)
    try:
        os.rename(new, path)
    except OSError:
        if old is not None:
            os.rename(old, path)
        raise
    sync_folder(path.parent)
    if old is not None:
        shutil.rmtree(old)
