"""Writing files so that they are whole or not there, and reading them so that a change is seen."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated, Final, Protocol

from pydantic import BaseModel, ConfigDict, Field

from elman.errors import ConfigurationError, CorruptRunError

COPY_AGAIN: Final = "copy the run folder again from where it was whole, or train again"


class FileRecord(BaseModel):
    """Size in bytes and SHA-256 of a file, by which a change is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @classmethod
    def of(cls, content: bytes) -> FileRecord:
        """The record of a file with this content."""
        return cls(size=len(content), sha256=hashlib.sha256(content).hexdigest())


def write_synced(path: Path, content: bytes) -> FileRecord:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return FileRecord.of(content)


def replace_file(path: Path, content: bytes) -> FileRecord:
    """Put a file in place of another at one stroke: readers see the old one or the new one."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        record = write_synced(temporary, content)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return record


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Place(Protocol):
    """Where the files of a run are read from: a folder, or an archive of one."""

    def where(self, name: str) -> str:
        """A file of the run in words, for messages."""

    def read(self, name: str, most: int) -> bytes:
        """The content of a file; of one with more than `most` bytes one byte more, and no more.

        Raises:
            CorruptRunError: the file is missing or cannot be read.
        """


@dataclass(frozen=True)
class Folder:
    """A run folder as a place to read from."""

    path: Path

    def where(self, name: str) -> str:
        """The path of a file."""
        return str(self.path / name)

    def read(self, name: str, most: int) -> bytes:
        """As `Place` asks."""
        path = self.path / name
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for without end
                raise OSError(errno.EINVAL, "not a regular file")
            with path.open("rb") as file:
                return file.read(most + 1)
        except OSError as error:
            raise CorruptRunError(
                f"{path.name} cannot be read: {error.strerror}.",
                where=str(path),
                expected="a run folder as `elman train` writes it, whole",
                next_step=COPY_AGAIN,
            ) from error


def read_checked(place: Place, name: str, record: FileRecord) -> bytes:
    """The content of a file that a manifest names.

    Raises:
        CorruptRunError: the file is missing, unreadable, or not the one that was recorded.
    """
    content = place.read(name, record.size)
    if FileRecord.of(content) != record:
        raise CorruptRunError(
            f"{PurePath(name).name} has been altered or cut since it was written.",
            where=place.where(name),
            expected=f"{record.size} bytes with SHA-256 {record.sha256[:12]}…",
            next_step=COPY_AGAIN,
        )
    return content


def damaged(name: str, where: str, expected: str) -> CorruptRunError:
    """The refusal for a file of a run whose content is not what such a file holds."""
    return CorruptRunError(
        f"{name} is damaged.",
        where=where,
        expected=f"{expected}, as `elman train` wrote it",
        next_step=COPY_AGAIN,
    )


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn a disk that is full, read-only or not ours into an error that says so.

    Raises:
        ConfigurationError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"The run cannot be written: {error.strerror}.",
            where=str(error.filename or place),
            expected="a folder with free space that may be written to",
            next_step="make room, or choose another place with --out",
        ) from error
