"""From a file's bytes to numbered lines of text, under limits, with a digest on the way.

Lines end in LF, CR LF or a lone CR; a byte-order mark at the start is dropped. Everything that
cannot be text is refused with its line: invalid UTF-8, NUL bytes, lines past the limit.
"""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from elman.data.wording import nearest, quoted
from elman.errors import DataError

MAX_LINE_BYTES = 1_000_000
CHUNK_BYTES = 1 << 18
STANDARD_INPUT = "standard input"

Digest = Callable[[bytes], object]
"""Is given every byte that is read, in order: the `update` of a hash."""


def open_source(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        DataError: it does not exist, is a folder, or may not be read.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if stat.S_ISDIR(mode):
        raise DataError(
            f"{str(path)!r} is a folder, not a file.",
            where=str(path),
            expected="one file with the data",
            next_step=f"ls {quoted(path)}, then name one of its files",
        )
    if not stat.S_ISREG(mode):
        raise DataError(
            f"{str(path)!r} is not a regular file.",
            where=str(path),
            expected="a file that can be read more than once",
            next_step="save the data to a file first",
        )
    try:
        return path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError | ValueError) -> DataError:
    """The refusal for a file that the operating system does not let us read."""
    return DataError(
        f"The file cannot be read: {getattr(error, 'strerror', None) or error}.",
        where=str(path),
        expected="a file that may be read",
        next_step=f"ls -l {quoted(path)}",
    )


def check_file(path: Path) -> None:
    """Refuse a path that is no readable file, before anything is read.

    Raises:
        DataError: see `open_source`.
    """
    open_source(path).close()


def _missing(path: Path) -> DataError:
    close = nearest(path.name, _names_in(path.parent))
    return DataError(
        f"There is no file {str(path)!r}.",
        where=str(path),
        expected="the path of a file that exists" + (f"; did you mean {close!r}?" if close else ""),
        next_step=f"ls {quoted(_nearest_folder(path))}",
    )


def _names_in(folder: Path) -> list[str]:
    """The names of a folder's entries; none where it does not exist or may not be listed."""
    readable = os.path.isdir(folder) and os.access(folder, os.R_OK | os.X_OK)
    return os.listdir(folder) if readable else []


def _nearest_folder(path: Path) -> Path:
    return next((folder for folder in path.parents if os.path.isdir(folder)), Path())


def read_bytes(path: Path, digest: Digest) -> bytes:
    """All bytes of a file that is not made of lines.

    Raises:
        DataError: the file cannot be read, or is empty.
    """
    with open_source(path) as stream:
        try:
            content = stream.read()
        except OSError as error:
            raise unreadable(path, error) from error
    if not content:
        raise empty(str(path))
    digest(content)
    return content


def empty(name: str) -> DataError:
    """The refusal for a source that holds nothing."""
    return DataError(
        "There is nothing in it." if name == STANDARD_INPUT else "The file is empty.",
        where=name,
        expected="rows of data",
        next_step=f"head {quoted(name)}" if name != STANDARD_INPUT else "give one text a line",
    )


def read_lines(path: Path, digest: Digest) -> Iterator[str]:
    """The lines of a file, decoded, without their ends.

    Raises:
        DataError: the file cannot be read, or a line cannot be text.
    """
    with open_source(path) as stream:
        try:
            yield from decoded_lines(stream, str(path), digest)
        except OSError as error:
            raise unreadable(path, error) from error


def decoded_lines(stream: BinaryIO, name: str, digest: Digest) -> Iterator[str]:
    """The lines of a stream of bytes, decoded, without their ends.

    Args:
        stream: bytes of UTF-8 text.
        name: what to call the stream in an error.
        digest: is given every byte.

    Raises:
        DataError: a line is not UTF-8, holds a NUL byte or is longer than `MAX_LINE_BYTES`.
    """
    offset = 0
    for number, raw in enumerate(_raw_lines(stream, name, digest), start=1):
        line = raw.rstrip(b"\r\n") if raw.endswith((b"\n", b"\r")) else raw
        mark = codecs.BOM_UTF8 if number == 1 and line.startswith(codecs.BOM_UTF8) else b""
        if len(line) > MAX_LINE_BYTES:
            raise too_long(f"{name}:{number}")
        if b"\0" in line and not line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DataError(
                "A line holds a NUL byte.",
                where=f"{name}:{number}, byte {offset + line.index(0):,} of the file",
                expected="text in UTF-8",
                next_step=f"tr -d '\\000' < {quoted(name)} > {_renamed(name, 'clean')}",
            )
        try:
            yield line[len(mark) :].decode("utf-8")
        except UnicodeDecodeError as error:
            place = offset + len(mark) + error.start
            raise _not_utf8(name, number, place, line) from error
        offset += len(raw)


def _raw_lines(stream: BinaryIO, name: str, digest: Digest) -> Iterator[bytes]:
    """Split at LF, CR LF and CR, holding no more than one chunk and one line in memory."""
    number, rest = 0, b""
    while chunk := stream.read(CHUNK_BYTES):
        digest(chunk)
        lines = (rest + chunk).splitlines(keepends=True)
        # A last line without an end goes on in the next chunk; so may a CR, with its LF.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        number += len(lines)
        yield from lines
        if len(rest) > MAX_LINE_BYTES:
            raise too_long(f"{name}:{number + 1}")
    if rest:
        yield rest


def _renamed(name: str, mark: str) -> str:
    return quoted(f"{mark}-{Path(name).name}")


def too_long(where: str) -> DataError:
    """The refusal for one piece of text past the limit."""
    return DataError(
        f"A line or a field is longer than {MAX_LINE_BYTES:,} bytes.",
        where=where,
        expected=f"at most {MAX_LINE_BYTES:,} bytes in one line or field",
        next_step="split the text into several rows; where quotes are used, look for one that "
        "is never closed",
    )


def _not_utf8(name: str, number: int, offset: int, line: bytes) -> DataError:
    wide = number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "UTF-16" if wide else "WINDOWS-1252"
    return DataError(
        "The file is UTF-16, not UTF-8." if wide else "A line is not valid UTF-8.",
        where=f"{name}:{number}, byte {offset:,} of the file",
        expected="text in UTF-8",
        next_step=f"iconv -f {encoding} -t UTF-8 {quoted(name)} > {_renamed(name, 'utf8')}",
    )
