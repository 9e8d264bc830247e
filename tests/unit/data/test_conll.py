"""Columns of CoNLL files: what is a token, what is a sentence, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.files.conll import CONLLU, ColumnFile, looks_like_columns, read_columns
from elman.data.texts.tag_schemes import Scheme
from elman.data.texts.tagged import TagColumns, choose_tag_columns, scheme_in, tagged_sentences
from elman.errors import DataError


def row(identity: str, form: str, upos: str = "NOUN") -> str:
    return "\t".join([identity, form, form.lower(), upos, *"_" * 6]) + "\n"


GOOD_CONLLU = (
    "# sent_id = 1\n# text = vámonos al mar\n"
    + "1-2\tvámonos\t" + "\t".join("_" * 8) + "\n"
    + row("1", "vamos", "VERB") + row("2", "nos", "PRON") + row("2.1", "_", "_")
    + row("3", "#", "SYM") + "\n\n# sent_id = 2\n" + row("1", "_", "PUNCT")
)  # fmt: skip


def read(path: Path, content: str | bytes) -> ColumnFile:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_columns(path, lambda content: None)


def words(file: ColumnFile, column: str) -> list[list[str]]:
    place = file.names.index(column)
    return [[line.fields[place] for line in sentence] for sentence in file.sentences]


def test_conllu_has_tokens_only(tmp_path: Path) -> None:
    file = read(tmp_path / "a.conllu", GOOD_CONLLU)
    assert file.names == CONLLU
    assert words(file, "form") == [["vamos", "nos", "#"], ["_"]]
    columns = choose_tag_columns(file, None, None)
    examples = tagged_sentences(file, columns, "plain")
    assert [example.tags for example in examples] == [("VERB", "PRON", "SYM"), ("PUNCT",)]
    assert [example.row for example in examples] == [4, 11]
    assert examples[0].text == "vamos nos #"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.conll", "I\tO\nam\tO\n\nHere\tB-x\n"),
        ("a.bio", "-DOCSTART- O\n\nI O\nam O\n \t \n\nHere B-x"),
        ("a.conll", "I  O\r\nam\tO\r\n\t\r\nHere B-x\r\n"),
        ("a.conll", "# a comment of words\nI O\nam O\n\n# another one here\nHere B-x\n"),
    ],
    ids=["tabs", "spaces", "mixed, with CR LF", "comments"],
)
def test_columns_by_place(tmp_path: Path, name: str, content: str) -> None:
    file = read(tmp_path / name, content)
    assert file.names == ("1", "2")
    assert words(file, "1") == [["I", "am"], ["Here"]]
    assert words(file, "2") == [["O", "O"], ["B-x"]]
    assert choose_tag_columns(file, None, None) == ("1", "2")
    assert scheme_in(file, "2") == "bio"


def test_a_sign_that_is_a_token_is_no_comment(tmp_path: Path) -> None:
    assert words(read(tmp_path / "a.conll", "# O\n1 O\n\n# O\n"), "1") == [["#", "1"], ["#"]]


def test_columns_of_choice(tmp_path: Path) -> None:
    file = read(tmp_path / "a.conll", "a X N O\nb Y M O\n")
    assert choose_tag_columns(file, None, None) == TagColumns("1", "4")
    assert choose_tag_columns(file, "2", "3") == TagColumns("2", "3")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a\tN\nb\tM\n\nc\tN\nd\tM\n", True),
        ("a\tN\n\nb\tM\n\nc\tN\n", False),
        ("a\tN\nb\tM\n", False),
        ("a\tN\nb\n\nc\tN\nd\tM\n", False),
        ("a N\nb M\n\nc N\nd M\n", False),
        ("", False),
    ],
    ids=["blocks", "rows apart", "one block", "ragged", "prose", "nothing"],
)
def test_what_looks_like_columns(tmp_path: Path, content: str, expected: bool) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(content)
    assert looks_like_columns(path) is expected


FAULTS = {
    "empty": ("a.conll", "", "", "empty"),
    "blank": ("a.conll", "\n\t\n", "", "empty"),
    "comments only": ("a.conllu", "# text = a\n", ":1", "comments and no tokens"),
    "an empty sentence": ("a.conllu", GOOD_CONLLU + "\n# text = b\n\n", ":13", "no tokens"),
    "a field too few": ("a.conll", "I O\nam\nhere O\nnow\n", ":2", "1 field (2 such lines in all)"),
    "a hashtag alone": ("a.conll", "I O\n\n#here\n", ":3", "1 field"),
    "a field too many": ("a.conllu", row("1", "a") + "2\ta\n", ":2", "2 fields"),
    "spaces in CoNLL-U": ("a.conllu", row("1", "a").replace("\t", " "), ":1", "ID"),
    "an ID left out": ("a.conllu", row("1", "a") + row("3", "b"), ":2", "'3'"),
    "no blank line": ("a.conllu", row("1", "a") + row("1", "b"), ":2", "'1'"),
    "an ID that is none": ("a.conllu", row("one", "a"), ":1", "'one'"),
}


@pytest.mark.parametrize(("name", "content", "where", "what"), FAULTS.values(), ids=FAULTS)
def test_faults_of_files(tmp_path: Path, name: str, content: str, where: str, what: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path / name, content)
    assert what in caught.value.what
    assert caught.value.where == f"{tmp_path / name}{where}"
    assert caught.value.expected
    assert caught.value.next_step


FIELD_FAULTS = {
    "no tag": ("I\tO\nam\t\n", "bio", ":2, column '2'", "The tag is missing"),
    "no word": ("\tO\nam\tO\n", "bio", ":1, column '1'", "The word is missing"),
    "inside of nothing": ("I B-x\nam I-y\n\na I-x", "bio", ":2, column '2'", "follows 'B-x'"),
    "inside at once": ("I I-x\nam O\n", "bio", ":1, column '2'", "'I-x' begins a sentence"),
    "no tag of the scheme": ("I NOUN\nam O\n", "bio", ":1, column '2'", "'NOUN' is of no entity"),
    "never ended": ("I S-x\nam B-x\n\na O", "bioes", ":2, column '2'", "ends after the tag 'B-x'"),
}


@pytest.mark.parametrize(
    ("content", "scheme", "where", "what"), FIELD_FAULTS.values(), ids=FIELD_FAULTS
)
def test_faults_of_fields(
    tmp_path: Path, content: str, scheme: Scheme, where: str, what: str
) -> None:
    path = tmp_path / "a.conll"
    file = read(path, content)
    with pytest.raises(DataError) as caught:
        tagged_sentences(file, choose_tag_columns(file, None, None), scheme)
    assert what in caught.value.what
    assert caught.value.where == f"{path}{where}"


def test_a_broken_scheme_counts_all_lines_and_can_be_overruled(tmp_path: Path) -> None:
    file = read(tmp_path / "a.conll", "I I-x\nam I-y\n\na B-x\n")
    columns = choose_tag_columns(file, None, None)
    with pytest.raises(DataError) as caught:
        tagged_sentences(file, columns, "bio")
    assert "breaks BIO (2 such lines in all)" in caught.value.what
    assert "--scheme plain" in caught.value.next_step
    assert len(tagged_sentences(file, columns, "plain")) == 2


def test_a_tag_of_conllu_that_is_left_open_is_missing(tmp_path: Path) -> None:
    file = read(tmp_path / "a.conllu", row("1", "a", "_"))
    with pytest.raises(DataError) as caught:
        tagged_sentences(file, choose_tag_columns(file, None, None), "plain")
    assert "The tag is missing" in caught.value.what
    assert "--label COLUMN" in caught.value.next_step


@pytest.mark.parametrize(
    ("word", "tag", "what"),
    [
        ("3", None, "no column '3'"),
        (None, "upos", "no column 'upos'"),
        ("2", None, "in one column"),
    ],
)
def test_columns_that_cannot_be(
    tmp_path: Path, word: str | None, tag: str | None, what: str
) -> None:
    file = read(tmp_path / "a.conll", "a N\n")
    with pytest.raises(DataError) as caught:
        choose_tag_columns(file, word, tag)
    assert what in caught.value.what
    assert caught.value.where.startswith(str(tmp_path / "a.conll"))


def test_one_column_has_no_tags(tmp_path: Path) -> None:
    file = read(tmp_path / "a.conll", "a\nb\n")
    with pytest.raises(DataError) as caught:
        choose_tag_columns(file, None, None)
    assert caught.value.expected == "a word and its tag in each line"
