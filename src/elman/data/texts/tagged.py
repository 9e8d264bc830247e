"""From columns to tagged sentences; every field that is used is checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from elman.data.examples import TaggedSentence
from elman.data.files.conll import CONLLU, ColumnFile, Line, read_columns
from elman.data.files.formats import ENDINGS, format_of, read_table
from elman.data.files.source import check_file
from elman.data.files.tables import Table
from elman.data.texts.tag_schemes import Scheme, belongs, may_follow, scheme_of
from elman.data.texts.tagged_table import column_file, holds_lists, tokens_of, usual_columns
from elman.data.wording import command, in_all, listed, nearest, quoted, shown
from elman.errors import DataError


class TagColumns(NamedTuple):
    """The columns that are read: those of the words and of the tags."""

    word: str
    tag: str


def choose_tag_columns(file: ColumnFile, word: str | None, tag: str | None) -> TagColumns:
    """The columns asked for; otherwise form and upos of CoNLL-U, or the first and the last one.

    Raises:
        DataError: a column does not exist, or one would be both.
    """
    usual = "upos" if file.names == CONLLU else file.names[-1]
    chosen = TagColumns(word or _usual_word(file), tag or usual)
    require_columns(file, chosen)
    if chosen.word == chosen.tag:
        raise DataError(
            "The words and the tags stand in one column.",
            where=f"{file.path}, column {chosen.word!r}",
            expected=f"two of the columns {listed(file.names)}"
            if len(file.names) > 1
            else "a word and its tag in each line",
            next_step=command(file.path, "--text", "COLUMN", "--label", "OTHER_COLUMN"),
        )
    return chosen


def _usual_word(file: ColumnFile) -> str:
    """The column of the words where none is asked for."""
    return "form" if file.names == CONLLU else file.names[0]


def require_columns(file: ColumnFile, columns: TagColumns) -> None:
    """Refuse columns that a file does not have.

    Raises:
        DataError: one of them is not there.
    """
    _require_column(file, columns.word, "text")
    _require_column(file, columns.tag, "label")


def _require_column(file: ColumnFile, name: str, option: str) -> None:
    if name not in file.names:
        close = nearest(name, file.names)
        raise DataError(
            f"There is no column {name!r}." + (f" Did you mean {close!r}?" if close else ""),
            where=file.path,
            expected=f"one of the columns {listed(file.names)}",
            next_step=command(file.path, f"--{option}", close or file.names[-1]),
        )


def scheme_in(file: ColumnFile, tag: str) -> Scheme:
    """The scheme that the tags of a file follow."""
    place = file.names.index(tag)
    return scheme_of(line.fields[place] for sentence in file.sentences for line in sentence)


def tagged_sentences(file: ColumnFile, columns: TagColumns, scheme: Scheme) -> list[TaggedSentence]:
    """One example a sentence.

    Raises:
        DataError: a word or a tag is missing, or a tag breaks the scheme.
    """
    word, tag = file.names.index(columns.word), file.names.index(columns.tag)
    _check_fields(file, word, "word")
    _check_fields(file, tag, "tag")
    _check_scheme(file, tag, scheme)
    return [
        TaggedSentence(
            tuple(line.fields[word] for line in sentence),
            tuple(line.fields[tag] for line in sentence),
            sentence[0].number,
        )
        for sentence in file.sentences
    ]


def _check_fields(file: ColumnFile, place: int, role: str) -> None:
    # In CoNLL-U "_" stands for nothing, but as a form it may be the word itself.
    nothing = ("", "_") if file.names == CONLLU and role == "tag" else ("",)
    missing = [
        line for sentence in file.sentences for line in sentence if line.fields[place] in nothing
    ]
    if missing:
        raise DataError(
            f"The {role} is missing{in_all(len(missing), 'such line')}.",
            where=f"{file.path}:{missing[0].number}, column {file.names[place]!r}",
            expected=f"a {role} in each line",
            next_step=f"fill it in in {quoted(file.path)}, or name another column: "
            f"--{'text' if role == 'word' else 'label'} COLUMN",
        )


def _check_scheme(file: ColumnFile, tag: int, scheme: Scheme) -> None:
    broken: list[tuple[Line, str]] = []
    for sentence in file.sentences:
        before: str | None = None
        for line in sentence:
            if not belongs(line.fields[tag], scheme):
                broken.append((line, f"The tag {shown(line.fields[tag])} is of no entity"))
            elif not may_follow(before, line.fields[tag], scheme):
                after = "begins a sentence" if before is None else f"follows {shown(before)}"
                broken.append((line, f"The tag {shown(line.fields[tag])} {after}"))
            before = line.fields[tag]
        if not may_follow(before, None, scheme):
            broken.append((sentence[-1], f"A sentence ends after the tag {shown(before or '')}"))
    if broken:
        line, what = broken[0]
        raise DataError(
            f"{what}, which breaks {scheme.upper()}{in_all(len(broken), 'such line')}.",
            where=f"{file.path}:{line.number}, column {file.names[tag]!r}",
            expected=_RULES[scheme],
            next_step=f"correct the line in {quoted(file.path)}, or learn the tags as they stand: "
            + command(file.path, "--scheme", "plain"),
        )


_RULES = {
    "bio": "B- where an entity begins, I- of the same kind inside of it, O outside",
    "bioes": "B- I- E- of one kind for an entity of several steps, S- for one of a single step, "
    "O outside",
}


def read_tagged(
    path: Path, word: str | None, tag: str | None, scheme: Scheme
) -> list[TaggedSentence]:
    """All sentences of a file, undivided, to measure answers by.

    Args:
        path: columns, or a table with two aligned columns.
        word: the column of the words; None for the usual one.
        tag: the column of the tags; None for the usual one.
        scheme: how the tags mark entities.

    Raises:
        DataError: the file cannot be read or used.
    """
    check_file(path)
    if format_of(path, "aligned") == "table":
        file = column_file(read_table(path, _undigested), word, tag)
        return tagged_sentences(file, TagColumns(*file.names), scheme)
    file = read_columns(path, _undigested)
    return tagged_sentences(file, choose_tag_columns(file, word, tag), scheme)


def read_tokens(path: Path, word: str | None) -> list[tuple[str, ...]] | None:
    """The tokens of each sentence of a file that has divided its sentences; None for running text.

    Args:
        path: columns, or a table with a column of lists; tags may be missing.
        word: the column of the words; None for the usual one.

    Raises:
        DataError: the file cannot be read, or a word is missing.
    """
    check_file(path)
    known = any(path.suffix.lower() in endings for endings in ENDINGS.values())
    kind = format_of(path) if known else "columns"
    if kind == "table":
        return _tokens_of_table(read_table(path, _undigested), word)
    if kind != "columns":
        return None
    file = read_columns(path, _undigested)
    name = word or _usual_word(file)
    _require_column(file, name, "text")
    place = file.names.index(name)
    _check_fields(file, place, "word")
    return [tuple(line.fields[place] for line in sentence) for sentence in file.sentences]


def _tokens_of_table(table: Table, word: str | None) -> list[tuple[str, ...]] | None:
    name = word or usual_columns(table)[0]
    if name not in table.names or not holds_lists(table, str(name)):
        return None
    return tokens_of(table, str(name))


def _undigested(content: bytes) -> None:
    """Measuring and predicting leave no record of the bytes they were done on."""


def tags_of(sentences: Sequence[TaggedSentence]) -> list[str]:
    """All tags of the sentences, in the order of their names, "O" first."""
    return sorted(
        {tag for sentence in sentences for tag in sentence.tags}, key=lambda tag: (tag != "O", tag)
    )
