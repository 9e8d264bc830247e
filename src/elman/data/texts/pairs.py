"""Pairs of texts: two columns of a table, or two files whose lines belong together."""

from __future__ import annotations

from os.path import commonprefix
from pathlib import Path

from elman.data.examples import TextPair
from elman.data.files.formats import ENDINGS, format_of, read_table
from elman.data.files.source import Digest, check_file, empty, read_lines
from elman.data.files.tables import Table
from elman.data.texts.extraction import texts_of
from elman.data.texts.pair_columns import choose_pair
from elman.data.wording import counted, in_all, quoted
from elman.errors import DataError


def pairs_of(table: Table, source: str, target: str) -> list[TextPair]:
    """One pair a row.

    Raises:
        DataError: a source or a target is empty, missing or no text.
    """
    sources, targets = texts_of(table, source, "source"), texts_of(table, target, "target")
    rows = zip(sources, targets, table.numbers, strict=True)
    return [TextPair(text, written, number) for text, written, number in rows]


def read_parallel(source: Path, target: Path, digest: Digest) -> list[TextPair]:
    """One pair a line: the lines of one file, and those of the other that say the same.

    Args:
        source: the file of the sources.
        target: the file of the targets.
        digest: is given every byte of both, the sources first.

    Raises:
        DataError: the files differ in their number of lines, or a line says nothing.
    """
    sources, targets = list(read_lines(source, digest)), list(read_lines(target, digest))
    if not sources:
        raise empty(str(source))
    if len(sources) != len(targets):
        last, ended = (source, target) if len(sources) > len(targets) else (target, source)
        raise DataError(
            f"{str(source)!r} has {counted(len(sources), 'line')} and {str(target)!r} "
            f"{counted(len(targets), 'line')}.",
            where=f"{last}:{min(len(sources), len(targets)) + 1} has no line beside it",
            expected="as many lines in both, each beside the one that says the same",
            next_step=f"wc -l {quoted(source)} {quoted(target)}, and complete {quoted(ended)}",
        )
    pairs = [
        TextPair(text, written, number)
        for number, (text, written) in enumerate(zip(sources, targets, strict=True), start=1)
    ]
    _refuse_empty_sides(pairs, source, target)
    return pairs


def _refuse_empty_sides(pairs: list[TextPair], source: Path, target: Path) -> None:
    lacking = [pair for pair in pairs if not (pair.text.strip() and pair.target.strip())]
    if lacking:
        first = lacking[0]
        path, side = (source, "source") if not first.text.strip() else (target, "target")
        raise DataError(
            f"The {side} is empty{in_all(len(lacking), 'such line')}.",
            where=f"{path}:{first.row}",
            expected=f"a {side} in each line, not only white space",
            next_step=f"fill it in, or take line {first.row} out of both {quoted(source)} and "
            f"{quoted(target)}",
        )


def read_pairs(
    path: Path, source: str | None, target: str | None, files: tuple[Path, Path] | None
) -> list[TextPair]:
    """All pairs of a table, or of a file and the one beside it, to measure a model on.

    Args:
        path: the table, or the file of the sources.
        source: the column of the sources in a table; None to find it.
        target: the column of the targets.
        files: a source and its target, whose names say how the file beside another is called;
            None where there are tables only.

    Raises:
        DataError: they cannot be read.
    """
    check_file(path)
    if files is not None and (path == files[0] or path.suffix.lower() not in ENDINGS["table"]):
        return read_parallel(path, beside(path, *files), _undigested)
    if format_of(path) != "table":
        raise DataError(
            "Plain text has no targets to measure answers by.",
            where=str(path),
            expected="a table with a source and a target column, or a file of targets beside it",
            next_step=f"elman evaluate RUN {quoted(path)} --target-file TARGETS",
        )
    table = read_table(path, _undigested)
    columns = choose_pair(table, source, target)
    return pairs_of(table, columns.source, columns.target)


def beside(path: Path, source: Path, target: Path) -> Path:
    """The file of the targets of another file of sources, named as the first two are.

    Args:
        path: a file of sources.
        source: another file of sources.
        target: its file of targets.

    Raises:
        DataError: the names follow no rule that says how the file is called.

    Example:
        >>> str(beside(Path("val.en"), Path("train.en"), Path("train.de")))
        'val.de'
        >>> str(beside(Path("b/val.txt"), Path("a/src/train.txt"), Path("a/tgt/train.txt")))
        'a/tgt/val.txt'
        >>> str(beside(Path("src-val.txt"), Path("src-train.txt"), Path("tgt-train.txt")))
        'tgt-val.txt'
    """
    backwards = [source.name[::-1], target.name[::-1]]
    tail = commonprefix(backwards)[::-1]  # noqa: RUF071 (letters of names, not parts of paths)
    start, other = source.name.removesuffix(tail), target.name.removesuffix(tail)
    if path == source:
        name = target.name
    elif source.name == target.name:
        name = path.name
    elif source.stem == target.stem and path.suffix == source.suffix:
        name = path.stem + target.suffix
    elif start and path.name.startswith(start):
        name = other + path.name.removeprefix(start)
    else:
        raise DataError(
            f"It is unclear which file holds the targets of {str(path)!r}.",
            where=str(path),
            expected=f"a name that follows {source.name!r}, whose targets are in {target.name!r}",
            next_step=f"name the files alike, such as NAME{source.suffix} and "
            f"NAME{target.suffix} in one folder",
        )
    return (path.parent if source.parent == target.parent else target.parent) / name


def _undigested(content: bytes) -> None:
    """Measuring leaves no record of the bytes it was done on."""
