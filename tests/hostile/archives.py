"""Zip archives that no archiver makes of a run folder, each with what is wrong with it."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from elman.training.archive import ENTRIES, RATIO

Members = Mapping[str, bytes]
"""The files of a good run, by their names in the archive."""

Forge = Callable[[Members], bytes]
"""Makes a hostile archive of the members of a good one."""


def members_of(run: Path, root: str = "run/") -> dict[str, bytes]:
    """The files of a run folder as the members of an archive."""
    paths = sorted(path for path in run.rglob("*") if path.is_file())
    return {f"{root}{path.relative_to(run).as_posix()}": path.read_bytes() for path in paths}


def packed(members: Members, *more: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """A zip archive of the members, and of more, whatever their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of doubled names
            for entry, content in more:
                archive.writestr(entry, content)
    return file.getvalue()


def with_name(name: str) -> Forge:
    """One more member, of any name."""
    return lambda members: packed(members, (name, b"hostile"))


def renamed(old: str, new: str) -> Forge:
    """A member under another name of the same length in bytes, which zipfile would not write."""
    assert len(old.encode()) == len(new.encode())
    return lambda members: packed(members, (old, b"hostile")).replace(old.encode(), new.encode())


def of_kind(kind: int, name: str = "run/generations/0/model.json") -> Forge:
    """An entry that says it is no file: a link, a device, a pipe."""

    def forge(members: Members) -> bytes:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (kind | 0o777) << 16
        kept = {other: content for other, content in members.items() if other != name}
        return packed(kept, (entry, b"/etc/passwd"))

    return forge


def method(compression: int) -> Forge:
    """A member packed in another way."""

    def forge(members: Members) -> bytes:
        entry = zipfile.ZipInfo("run/report.html")
        entry.compress_type = compression
        return packed(members, (entry, b"hostile " * 99))

    return forge


def central(change: Callable[[bytearray, int], None], which: int = -1) -> Forge:
    """Change an entry of the list at the end; `change` is told where the entry starts."""

    def forge(members: Members) -> bytes:
        content = bytearray(packed(members))
        starts = [at for at in range(len(content)) if content[at : at + 4] == b"PK\1\2"]
        change(content, starts[which])
        return bytes(content)

    return forge


def field(offset: int, form: str, value: int) -> Callable[[bytearray, int], None]:
    """Put a number into a record."""
    return lambda content, start: struct.pack_into("<" + form, content, start + offset, value)


def end(offset: int, form: str, value: int) -> Forge:
    """Change a number in the record at the very end."""

    def forge(members: Members) -> bytes:
        content = bytearray(packed(members))
        field(offset, form, value)(content, len(content) - 22)
        return bytes(content)

    return forge


def bomb(size: int) -> Forge:
    """A member that unpacks to many zeros."""
    return lambda members: packed(members, ("run/report.html", bytes(size)))


def overlapping(members: Members) -> bytes:
    """Two entries whose content is the same piece of the file (Fifield 2019, "a better bomb")."""
    content = bytearray(packed(members))
    starts = [at for at in range(len(content)) if content[at : at + 4] == b"PK\1\2"]
    content[starts[1] + 42 : starts[1] + 46] = content[starts[0] + 42 : starts[0] + 46]
    return bytes(content)


def quoted(members: Members) -> bytes:
    """An entry whose content covers the whole next entry, header and all."""
    content = bytearray(packed(members))
    starts = [at for at in range(len(content)) if content[at : at + 4] == b"PK\1\2"]
    (size,) = struct.unpack_from("<L", content, starts[0] + 20)
    struct.pack_into("<L", content, starts[0] + 20, size + 60)
    return bytes(content)


def many(count: int) -> Forge:
    """So many members."""
    return lambda members: packed(
        members, *((f"run/generations/{number}/model.json", b"{}") for number in range(1, count))
    )


def hidden_list(members: Members) -> bytes:
    """A second list of entries, to which a record for archives of more than 4 GB leads."""
    content = packed(members)
    body, tail = content[:-22], content[-22:]
    count, _, length, offset = struct.unpack_from("<HHLL", tail, 8)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(body), 1)
    grown = bytearray(tail)
    struct.pack_into("<L", grown, 12, length + len(record) + len(locator))
    return body + record + locator + bytes(grown)


def two_runs(members: Members) -> bytes:
    """Two run folders in one archive."""
    return packed({**members, **{f"other/{name}": one for name, one in members.items()}})


def without_manifest(members: Members) -> bytes:
    return packed({name: one for name, one in members.items() if not name.endswith("/run.json")})


def flipped(place: float) -> Forge:
    """One bit of the packed content of weights is another; their place within them is a share."""

    def forge(members: Members) -> bytes:
        content = bytearray(packed(members))
        names = [name for name in members if name.endswith("weights.safetensors")]
        start = content.index(names[0].encode()) + len(names[0])
        content[start + int(place * 200)] ^= 4
        return bytes(content)

    return forge


HOSTILE: dict[str, Forge] = {
    # names that lead elsewhere
    "absolute path": with_name("/etc/cron.d/job"),
    "two slashes": with_name("//host/share/file"),
    "parent": with_name("../outside.txt"),
    "parent within": with_name("run/../../outside.txt"),
    "parent at the end": with_name("run/generations/.."),
    "many parents": with_name("../" * 40 + "etc/passwd"),
    "parent of a known name": with_name("run/generations/../run.json"),
    "dot": with_name("run/./run.json"),
    "dot alone": with_name("."),
    "empty part": with_name("run//run.json"),
    "drive": with_name("C:/Windows/system.ini"),
    "drive without slash": with_name("C:file"),
    "backslash": renamed("run/xxxoutside.txt", "run\\..\\outside.txt"),
    "UNC": renamed("xxhost/share/file", "\\\\host\\share\\file"),
    "stream": with_name("run/run.json:hidden"),
    "NUL": renamed("run/report.htmlx", "run/report.html\0"),
    "NUL within": renamed("run/reportx.html", "run/report\0.html"),
    "line break": with_name("run/report\n.html"),
    "escape sequence": with_name("run/\x1b[2Jreport.html"),
    "right to left": with_name("run/\u202elmth.troper"),
    "empty name": renamed("x", "\0"),
    "home": with_name("~/.bashrc"),
    "long name": with_name("run/" + "x" * 60_000),
    # entries that are no files
    "symbolic link": of_kind(stat.S_IFLNK),
    "link for a folder": of_kind(stat.S_IFLNK, "run/generations"),
    "link beside": of_kind(stat.S_IFLNK, "run/report.html"),
    "device": of_kind(stat.S_IFCHR),
    "disk": of_kind(stat.S_IFBLK),
    "pipe": of_kind(stat.S_IFIFO),
    "socket": of_kind(stat.S_IFSOCK),
    "folder with content": with_name("run/generations/7/"),
    "file that is a folder": of_kind(stat.S_IFDIR, "run/report.html"),
    # doubled names
    "same name": with_name("run/run.json"),
    "same weights": with_name("run/generations/0/weights.safetensors"),
    "case of a file": with_name("run/RUN.json"),
    "case of a folder": with_name("Run/report.html"),
    "case of a letter far away": with_name("run/report.\u017fafetensors"),
    "full width": with_name("run/\uff52un.json"),
    "a file and a folder": with_name("run/generations"),
    "two runs": two_runs,
    "no manifest": without_manifest,
    "manifest below the manifest": with_name("run/run.json/run.json"),
    # what is no part of a run
    "nested archive": lambda members: packed(members, ("run/more.zip", packed(members))),
    "nested archive by a good name": lambda members: packed({"run/report.zip": packed(members)}),
    "script": with_name("run/setup.py"),
    "pickle": with_name("run/generations/0/weights.pkl"),
    "shared object": with_name("run/_engine.so"),
    "hidden file": with_name("run/.bashrc"),
    "beside the run": with_name("elman.py"),
    "generation with a sign": with_name("run/generations/-1/model.json"),
    "generation without end": with_name("run/generations/" + "9" * 300 + "/model.json"),
    # bombs
    "bomb": bomb(RATIO * 10_000),
    "bomb of a known file": lambda members: packed({**members, "run/run.json": bytes(2**22)}),
    "many entries": many(ENTRIES),
    "very many entries": many(5_000),
    "announced entries": end(10, "H", 65_000),
    "announced on this disk": end(8, "H", 3),
    "announced size": central(field(24, "L", 2**32 - 2)),
    "announced sizes": lambda members: _all_sizes(members, 2**31),
    "overlap": overlapping,
    "covered entry": quoted,
    # encryption and methods
    "encrypted": central(field(8, "H", 0x1)),
    "strongly encrypted": central(field(8, "H", 0x41)),
    "masked": central(field(8, "H", 0x2000)),
    "bzip2": method(zipfile.ZIP_BZIP2),
    "lzma": method(zipfile.ZIP_LZMA),
    "unknown method": central(field(10, "H", 99)),
    "method of the header alone": central(field(10, "H", 0)),
    # the list and the record at its end
    "cut in the midst": lambda members: packed(members)[: len(packed(members)) // 2],
    "cut at the end": lambda members: packed(members)[:-1],
    "empty file": lambda members: b"",
    "empty archive": lambda members: packed({}),
    "end alone": lambda members: b"PK\5\6" + bytes(18),
    "no zip": lambda members: b"\x1f\x8b\x08" + bytes(99),
    "pickle by another name": lambda members: b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    "something before": lambda members: b"#!/bin/sh\nexit\n" + packed(members),
    "something behind": lambda members: packed(members) + b"more",
    "comment": lambda members: packed(members)[:-2] + b"\2\0hi",
    "two archives": lambda members: packed(members) + packed(members),
    "list elsewhere": end(16, "L", 7),
    "list of another length": end(12, "L", 40),
    "another disk": end(4, "H", 1),
    "hidden list": hidden_list,
    "header elsewhere": central(field(42, "L", 2**31)),
    "header of another member": central(field(42, "L", 0)),
    "name of another length": central(field(28, "H", 60_000), which=0),
    "another checksum": central(field(16, "L", 1), which=0),
    "first bit flipped": flipped(0.0),
    "a later bit flipped": flipped(0.9),
}  # fmt: skip


def _all_sizes(members: Members, size: int) -> bytes:
    content = bytearray(packed(members))
    for at in range(len(content)):
        if content[at : at + 4] == b"PK\1\2":
            struct.pack_into("<L", content, at + 20, size // 100)
            struct.pack_into("<L", content, at + 24, size)
    return bytes(content)
