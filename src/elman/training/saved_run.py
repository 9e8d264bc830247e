"""A run that is read: from its folder, or from a zip archive of it."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

from elman.errors import ConfigurationError, CorruptRunError
from elman.training.archive import Archive
from elman.training.files import (
    COPY_AGAIN,
    FileRecord,
    Folder,
    Place,
    damaged,
    read_checked,
)
from elman.training.manifest import (
    LARGEST,
    MODEL_FILES,
    STATE_FILES,
    Generation,
    Manifest,
    parse_manifest,
)


class SavedRun:
    """A run, open for reading; nothing about it is ever changed.

    Args:
        path: of the folder or the archive.
        place: reads its files.
        manifest: what counts in it.
    """

    def __init__(self, path: Path, place: Place, manifest: Manifest) -> None:
        self.path = path
        self.place = place
        self.manifest = manifest

    def training(self) -> dict[str, Any]:
        """The content of training.json."""
        return self._object("training.json", self._checked("training.json", self.manifest.training))

    def read(self, generation: Generation) -> dict[str, bytes]:
        """All files of a generation, checked."""
        known = {*MODEL_FILES, *STATE_FILES}
        strange = set(generation.files) - known
        missing = set(MODEL_FILES) - set(generation.files)
        if strange or missing:
            raise CorruptRunError(
                f"run.json names other files than a generation has: {sorted(strange | missing)}.",
                where=self.place.where("run.json"),
                expected=", ".join(sorted(known)),
                next_step=COPY_AGAIN,
            )
        folder = f"generations/{generation.number}"
        return {
            name: self._checked(f"{folder}/{name}", record)
            for name, record in generation.files.items()
        }

    def metric_lines(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl that count.

        Raises:
            CorruptRunError: some are missing or damaged.
        """
        name, record = "metrics.jsonl", self.manifest.metrics
        content = self.place.read(name, record.size)[: record.size]
        if FileRecord.of(content) != record:
            expected = f"{record.size} bytes or more, as they were written"
            raise damaged(name, self.place.where(name), expected)
        return [self._object(name, line) for line in content.splitlines()]

    def damage(self) -> CorruptRunError | None:
        """What is wrong with the files of the best and the last generation, or with the metrics."""
        try:
            self.read(self.manifest.best)
            self.read(self.manifest.last)
            self.metric_lines()
        except CorruptRunError as error:
            return error
        return None

    def _checked(self, name: str, record: FileRecord) -> bytes:
        most = LARGEST.get(Path(name).name)
        if most is not None and record.size > most:
            raise CorruptRunError(
                f"run.json says that {name} has {record.size:,} bytes.",
                where=self.place.where("run.json"),
                expected=f"at most {most:,}",
                next_step=COPY_AGAIN,
            )
        return read_checked(self.place, name, record)

    def _object(self, name: str, content: bytes) -> dict[str, Any]:
        """The JSON object in a file, or in a line of it."""
        try:
            parsed = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise damaged(name, self.place.where(name), "JSON") from error
        if not isinstance(parsed, dict):
            raise damaged(name, self.place.where(name), "a JSON object")
        return parsed


def open_run(path: Path) -> SavedRun:
    """An existing run, for reading.

    Args:
        path: of the run folder, or of a zip archive of it.

    Raises:
        ConfigurationError: there is neither.
        CorruptRunError: it is no run, or its manifest is damaged or of a newer format; or the
            archive is one that no archiver makes of a run.
    """
    place = place_of(path)
    return SavedRun(path, place, read_manifest(place))


def place_of(path: Path) -> Place:
    """The folder or the archive at a path.

    Raises:
        ConfigurationError: there is neither.
    """
    if os.path.isdir(path):
        return Folder(path)
    if path.suffix.lower() == ".zip" and os.path.isfile(path):
        return Archive.at(path)
    raise ConfigurationError(
        f"There is no run folder {path}.",
        where=str(path),
        expected="a folder that `elman train` made, or a .zip archive of one",
        next_step=f"elman train DATA --out {shlex.quote(str(path))}",
    )


def read_manifest(place: Place) -> Manifest:
    """The manifest of the run in a place.

    Raises:
        CorruptRunError: there is none, or it is damaged or of a newer format.
    """
    most, where = LARGEST["run.json"], place.where("run.json")
    content = place.read("run.json", most)
    if len(content) > most:
        raise damaged("run.json", where, f"{most:,} bytes at most")
    return parse_manifest(content, where)
