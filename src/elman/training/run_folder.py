"""The run folder: generations of a model, and one manifest, replaced last.

runs/NAME/
  run.json              the manifest: what counts. Written last, at one stroke.
  training.json         configuration, data and split: read to resume, never to predict
  generations/N/        model.json, vocabulary.json, weights.safetensors; in the last one also
                        optimizer.safetensors, carried.safetensors and state.json
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
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from elman.errors import ConfigurationError, CorruptRunError
from elman.training.files import (
    FileRecord,
    read_checked,
    read_run_file,
    replace_file,
    sync_folder,
    write_synced,
    writing,
)

FORMAT = 1
MODEL_FILES = ("model.json", "vocabulary.json", "weights.safetensors")
_ENTRIES = {
    *("run.json", "training.json", "generations", "metrics.jsonl", "report.html"),
    *(".run.json.new", ".report.html.new"),  # what a killed process may have left
}
STATE_FILES = ("optimizer.safetensors", "carried.safetensors", "state.json")


class _Record(BaseModel):
    # A perplexity may be infinite; strict JSON would have null for it, which is no number.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, ser_json_inf_nan="constants"
    )


class Generation(_Record):
    """One saved state of a model and the records of its files."""

    number: Annotated[int, Field(ge=0)]
    files: dict[str, FileRecord]


class Results(_Record):
    """What a finished run measured, once, on the test part."""

    test: dict[str, float]
    baselines: dict[str, dict[str, float]]
    seconds: float
    parameters: int


class Manifest(_Record):
    """The content of run.json."""

    format: int
    training: FileRecord
    best: Generation
    last: Generation
    metrics_length: Annotated[int, Field(ge=0)]
    results: Results | None = None


class RunFolder:
    """A run folder that is open for reading or writing.

    Args:
        path: of the folder.
        manifest: what counts in it.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest

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
                manifest = Manifest(
                    format=FORMAT, training=record, best=first, last=first, metrics_length=0
                )
                write_synced(temporary / "metrics.jsonl", b"")
                replace_file(temporary / "run.json", _dump(manifest))
                _take_place(temporary, path)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        return cls(path, manifest)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run folder.

        Raises:
            ConfigurationError: there is no such folder.
            CorruptRunError: it is no run folder, or its manifest is damaged or of a newer format.
        """
        if not os.path.isdir(path):
            raise ConfigurationError(
                f"There is no run folder {path}.",
                where=str(path),
                expected="a folder that `elman train` made",
                next_step=f"elman train DATA --out {shlex.quote(str(path))}",
            )
        content = read_run_file(path / "run.json")
        try:
            found = json.loads(content)
            version = found.get("format") if isinstance(found, dict) else None
            if isinstance(version, int) and version > FORMAT:
                raise CorruptRunError(
                    f"This run was written by a newer Elman (format {version}).",
                    where=str(path / "run.json"),
                    expected=f"format {FORMAT} or older",
                    next_step="pip install --upgrade elman",
                )
            return cls(path, Manifest.model_validate_json(content))
        except (ValidationError, ValueError, RecursionError) as error:
            raise _damaged(path / "run.json", "a manifest") from error

    # --- reading

    def training(self) -> dict[str, Any]:
        """The content of training.json."""
        path = self.path / "training.json"
        return _parse(read_checked(path, self.manifest.training), path)

    def read(self, generation: Generation) -> dict[str, bytes]:
        """All files of a generation, checked."""
        folder = self.path / "generations" / str(generation.number)
        known = {*MODEL_FILES, *STATE_FILES}
        strange = set(generation.files) - known
        missing = set(MODEL_FILES) - set(generation.files)
        if strange or missing:
            raise CorruptRunError(
                f"run.json names other files than a generation has: {sorted(strange | missing)}.",
                where=str(self.path / "run.json"),
                expected=", ".join(sorted(known)),
                next_step="copy the run folder again from where it was whole, or train again",
            )
        return {name: read_checked(folder / name, one) for name, one in generation.files.items()}

    def metric_lines(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl that count.

        Raises:
            CorruptRunError: some are missing or damaged.
        """
        path = self.path / "metrics.jsonl"
        content = read_run_file(path)[: self.manifest.metrics_length]
        if len(content) < self.manifest.metrics_length:
            raise _damaged(path, f"{self.manifest.metrics_length} bytes or more")
        return [_parse(line, path) for line in content.splitlines()]

    # --- writing

    def drop_unfinished(self) -> None:
        """Take away what a killed process left: lines and generations that do not count.

        Raises:
            CorruptRunError: of the lines that count some are missing or damaged.
        """
        self.metric_lines()
        with writing(self.path):
            with (self.path / "metrics.jsonl").open("r+b") as file:
                file.truncate(self.manifest.metrics_length)
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
                kept = self.manifest.best
                models = {name: kept.files[name] for name in MODEL_FILES}
                changes: dict[str, Any] = {
                    "last": last,
                    "best": last if best else Generation(number=kept.number, files=models),
                }
                if line is not None:
                    changes["metrics_length"] = self._append(line)
                self._replace_manifest(changes)
            except OSError:
                with contextlib.suppress(OSError):  # the disk may refuse this too
                    self._prune()
                raise
            self._prune()

    def finish(self, results: Results) -> None:
        """Record what the finished run measured."""
        with writing(self.path):
            self._replace_manifest({"results": results})

    def write_report(self, page: str) -> Path:
        """Write report.html."""
        with writing(self.path):
            replace_file(self.path / "report.html", page.encode("utf-8", "replace"))
        return self.path / "report.html"

    def _append(self, line: Mapping[str, Any]) -> int:
        """Append a line to metrics.jsonl; its new length."""
        with (self.path / "metrics.jsonl").open("r+b") as file:
            file.seek(self.manifest.metrics_length)
            file.truncate()
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def _replace_manifest(self, changes: Mapping[str, Any]) -> None:
        manifest = self.manifest.model_copy(update=changes)
        try:
            replace_file(self.path / "run.json", _dump(manifest))
            self.manifest = manifest
        except OSError:
            self.manifest = RunFolder.open(self.path).manifest  # the disk decides which it is
            raise

    def _prune(self) -> None:
        """Delete the files of generations that the manifest does not name."""
        named = {
            str(generation.number): set(generation.files)
            for generation in (self.manifest.best, self.manifest.last)
        }
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


def _dump(manifest: Manifest) -> bytes:
    return manifest.model_dump_json(indent=1).encode() + b"\n"


def _parse(content: bytes, path: Path) -> dict[str, Any]:
    """The JSON object in a file, or in a line of it."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "JSON") from error
    if not isinstance(parsed, dict):
        raise _damaged(path, "a JSON object")
    return parsed


def _damaged(path: Path, expected: str) -> CorruptRunError:
    return CorruptRunError(
        f"{path.name} is damaged.",
        where=str(path),
        expected=f"{expected}, as `elman train` wrote it",
        next_step="copy the run folder again from where it was whole, or train again",
    )


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
