"""Files of word vectors: what is kept of them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.files import word_vectors as module
from elman.data.files.word_vectors import read_vectors, width_of_vectors
from elman.errors import DataError

GLOVE = "the 0.5 -1 2e-1\n. . . 1 2 3\nFilm 4 5 6\nfilm 7 8 9\nrare 1 1 1\n"


def written(folder: Path, content: str) -> Path:
    path = folder / "vectors.txt"
    path.write_text(content, encoding="utf-8")
    return path


def test_glove_and_word2vec_are_read_alike(tmp_path: Path) -> None:
    glove = read_vectors(written(tmp_path, GLOVE), (), 9, lowercase=False)
    assert width_of_vectors(tmp_path / "vectors.txt") == 3
    assert glove.words == ("the", ". . .", "Film", "film", "rare")
    assert glove.rows.tolist()[1:3] == [[1, 2, 3], [4, 5, 6]]
    word2vec = "5 3\n" + GLOVE.replace("\n", " \n")
    path = written(tmp_path, word2vec)
    again = read_vectors(path, (), 9, lowercase=False)
    assert width_of_vectors(path) == 3
    assert again.words == glove.words
    assert again.rows.tolist() == glove.rows.tolist()


def test_wanted_words_and_the_first_others_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path, GLOVE)
    assert read_vectors(path, {"rare"}, 1, lowercase=False).words == ("the", "rare")
    assert read_vectors(path, {"rare"}, 0, lowercase=False).words == ("rare",)
    nothing = read_vectors(path, (), 0, lowercase=False)
    assert nothing.rows.shape == (0, 3)


def test_in_lower_case_the_first_of_two_counts(tmp_path: Path) -> None:
    found = read_vectors(written(tmp_path, GLOVE), {"film"}, 0, lowercase=True)
    assert found.words == ("film",)
    assert found.rows.tolist() == [[4, 5, 6]]


FAULTS = {
    "empty": ("", "", "empty"),
    "no numbers": ("the\n", ":1", "0 numbers"),
    "a number too few": (GLOVE + "x 1 2\ny\n", ":6", "2 numbers (2 such lines in all)"),
    "no word": (GLOVE + " 1 2 3\n", ":6", "3 numbers"),
    "no number": (GLOVE + "x 1 two 3\n", ":6", "'two'"),
    "not finite": (GLOVE + "x 1 nan 3\n", ":6", "'nan'"),
    "too large": (GLOVE + "x 1 1e60 3\n", ":6", "'1e60'"),
    "cut": ("9 3\n" + GLOVE, ":1", "promises 9 vectors, and 5 follow"),
    "too wide": ("5 99999\n" + GLOVE, ":1", "99,999 numbers"),
}


@pytest.mark.parametrize(("content", "where", "what"), FAULTS.values(), ids=FAULTS)
def test_faults(tmp_path: Path, content: str, where: str, what: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DataError) as caught:
        read_vectors(path, (), 99, lowercase=False)
    assert what in caught.value.what
    assert caught.value.where == f"{path}{where}"
    assert caught.value.expected
    assert caught.value.next_step


def test_a_line_past_the_limit_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "the " + "1 " * (module.MAX_WIDTH + 1))
    with pytest.raises(DataError, match="4,097 numbers"):
        width_of_vectors(path)
