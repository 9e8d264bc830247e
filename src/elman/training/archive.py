"""A zip archive of a run folder, read in memory: nothing of it is ever written to a disk.

Archives come from strangers, and zip has room for many tricks. So an archive must look as an
archiver makes one of a run folder, and anything else is refused: foreign or doubled names, links,
encryption, parts that overlap, more entries or bytes than a run can have.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shlex
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from elman.errors import CorruptRunError

ENTRIES: Final = 64
"""Most entries: a run has four generations of six files at most, their folders, and four files."""
DIRECTORY_BYTES: Final = 2**16
TOTAL_BYTES: Final = 2**32 - 2**16
"""Most bytes of all members together, unpacked."""
RATIO: Final = 200
"""How many times its packed size a member may have; a bomb has more, and no weights do."""

_MEMBER = re.compile(
    r"(run\.json|training\.json|metrics\.jsonl|report\.html|generations/"
    r"([0-9]{1,18}/((model|vocabulary|state)\.json|(weights|optimizer|carried)\.safetensors)?)?)?"
)
_END = struct.Struct("<4s4H2LH")  # the record at the very end of an archive
_LOCATOR_BYTES = 20  # of what stands before it in the kind for more than 4 GB
_HEADER_BYTES = 30  # of a member's own header, without its name
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # flags: by password, strongly, with masked names
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError,
           UnicodeError, struct.error, zlib.error)  # fmt: skip


@dataclass(frozen=True)
class Archive:
    """A zip archive of one run folder as a place to read from.

    Args:
        path: of the archive.
        root: of the run within the archive, with its slash; empty where the run is all of it.
    """

    path: Path
    root: str

    @classmethod
    def at(cls, path: Path) -> Archive:
        """The archive at a path, every entry of which has been looked at.

        Raises:
            CorruptRunError: it is not as an archiver makes one of a run folder.
        """
        with _opened(path) as archive:
            return cls(path, _root(path, archive.namelist()))

    def where(self, name: str) -> str:
        """The archive and the path of a file in it."""
        return f"{self.path}: {self.root}{name}"

    def read(self, name: str, most: int) -> bytes:
        """As `elman.training.files.Place` asks."""
        with _opened(self.path) as archive:  # and looked at again: the file may be another by now
            if self.root + name not in archive.namelist():
                raise _refused(self.path, f"The archive has no {name}.", self.where(name))
            with archive.open(self.root + name) as member:
                return member.read(most + 1)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, open, after all that can be checked without unpacking has been checked."""
    try:
        with path.open("rb") as file:
            count = _count(path, file)
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
                if len(entries) != count:
                    raise _refused(path, "The archive has two lists of its entries.")
                for entry in entries:
                    _check_entry(path, entry)
                    archive.open(entry).close()  # its own header says the same
                _check_together(path, entries)
                yield archive
    except OSError as error:
        raise _refused(path, f"The archive cannot be read: {error.strerror or error}.") from error
    except _BROKEN as error:
        raise _refused(path, f"The archive is damaged: {error}.") from error


def _count(path: Path, file: BinaryIO) -> int:
    """How many entries the record at the end of the archive announces, before they are read.

    It must be the very end, and stand right behind the list of entries: then there is one list
    only, it begins where this record says, and nothing is hidden before, behind or between.
    """
    size = file.seek(0, os.SEEK_END)
    if size < _END.size:
        raise _refused(path, "The file is no zip archive.")
    file.seek(max(0, size - _END.size - _LOCATOR_BYTES))
    tail = file.read()
    signature, disk, start, here, count, length, offset, comment = _END.unpack(tail[-_END.size :])
    if signature != b"PK\5\6" or comment:
        raise _refused(path, "The file does not end as a zip archive does.")
    if tail[: -_END.size].startswith(b"PK\6\7"):
        raise _refused(path, "The archive is of the kind for more than 4 GB.")
    if disk or start or here != count:
        raise _refused(path, "The archive is one part of several.")
    if count > ENTRIES or length > DIRECTORY_BYTES:
        raise _refused(path, f"The archive has {count:,} entries, in a list of {length:,} bytes.")
    if offset + length + _END.size != size:
        raise _refused(path, "Something stands before or behind the zip archive in its file.")
    return int(count)


def _check_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    """Refuse what no archiver makes of a file or a folder of a run."""
    name = entry.orig_filename  # as it stands in the archive
    where = f"{path}: {name[:80]!r}"
    parts = name.removesuffix("/").split("/")
    if name != entry.filename or not name.isprintable() or {*"\\:"} & {*name}:
        raise _refused(path, "A name in the archive has signs that no name of a run has.", where)
    if {"", ".", ".."} & {*parts}:
        raise _refused(path, "A name in the archive leads out of its folder.", where)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind != (stat.S_IFDIR if entry.is_dir() else stat.S_IFREG) and kind:
        raise _refused(path, "An entry of the archive is neither a file nor a folder.", where)
    if entry.flag_bits & _ENCRYPTED:
        raise _refused(path, "An entry of the archive is encrypted.", where)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(path, "An entry is packed in another way than zip's usual one.", where)
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
        raise _refused(path, "An entry has another size than its content.", where)
    if entry.is_dir() and (entry.file_size or entry.compress_size):
        raise _refused(path, "A folder in the archive has content.", where)
    if entry.file_size > RATIO * max(entry.compress_size, 1):
        raise _refused(
            path,
            f"{entry.compress_size:,} bytes of the archive unpack to {entry.file_size:,}.",
            where,
        )


def _check_together(path: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse entries that cannot be beside each other."""
    seen: set[str] = set()
    for entry in entries:
        name = unicodedata.normalize("NFKC", entry.filename).casefold().removesuffix("/")
        if name in seen:
            raise _refused(
                path,
                "Two entries of the archive have the same name, or names alike but for case.",
                f"{path}: {entry.filename!r}",
            )
        seen.add(name)
    total = sum(entry.file_size for entry in entries)
    if total > TOTAL_BYTES:
        raise _refused(path, f"The archive unpacks to {total:,} bytes.")
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, following in itertools.pairwise(ordered):
        least = _HEADER_BYTES + len(entry.filename) + entry.compress_size
        if entry.header_offset + least > following.header_offset:
            raise _refused(path, "Entries of the archive overlap.", f"{path}: {entry.filename!r}")


def _root(path: Path, names: Sequence[str]) -> str:
    """The folder of the run in the archive, with its slash."""
    manifests = [name for name in names if name.rpartition("/")[2] == "run.json"]
    if len(manifests) != 1:
        raise _refused(path, f"The archive has {len(manifests)} files run.json.")
    root = manifests[0].removesuffix("run.json")
    for name in names:
        above = name.endswith("/") and root.startswith(name)
        if not above and not (name.startswith(root) and _MEMBER.fullmatch(name[len(root) :])):
            raise _refused(
                path, "The archive holds what is no part of a run.", f"{path}: {name[:80]!r}"
            )
    return root


def _refused(path: Path, what: str, where: str = "") -> CorruptRunError:
    return CorruptRunError(
        what,
        where=where or str(path),
        expected=f"one run folder as a zip archive, of at most {ENTRIES} entries and"
        f" {TOTAL_BYTES / 2**30:.0f} GiB",
        next_step=f"python -m zipfile -c {shlex.quote(path.name)} RUN, where RUN is the run folder",
    )
