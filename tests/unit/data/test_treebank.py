"""Trees in brackets, read as labelled sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.files.treebank import begins_with_trees, read_trees
from elman.errors import DataError

TREES = "(3 (2 (2 A) (3 good)) (2 film))\n\n(0 (2 -LRB-) (2 (0 Bad) (2 -RRB-)))\n"


def test_words_and_the_label_of_the_root(tmp_path: Path) -> None:
    path = tmp_path / "trees.txt"
    path.write_text(TREES)
    assert begins_with_trees(path)
    table = read_trees(path, lambda content: None)
    assert table.names == ("text", "label")
    assert table.cells("text") == ["A good film", "( Bad )"]
    assert table.cells("label") == ["3", "0"]
    assert list(table.numbers) == [1, 3]


def test_a_sentence_of_one_word_may_be_the_first(tmp_path: Path) -> None:
    path = tmp_path / "trees.txt"
    path.write_text("(3 Good)\n" + TREES)
    assert begins_with_trees(path)


@pytest.mark.parametrize("line", ["(a remark)", "once (3 times) over", "plain text", "()", ""])
def test_other_text_does_not_begin_with_trees(tmp_path: Path, line: str) -> None:
    path = tmp_path / "text.txt"
    path.write_text(line + "\n")
    assert not begins_with_trees(path)


@pytest.mark.parametrize(
    "line",
    [
        "(3 (2 A) film))",
        "(3 (2 A) (2 film)",
        "3 A film",
        "(3)",
        "(3 (2))",
        "((2 A) (2 film))",
        "()",
    ],
)
def test_a_line_that_is_no_tree_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "trees.txt"
    path.write_text(TREES + line + "\n")
    with pytest.raises(DataError, match="no tree in brackets") as caught:
        read_trees(path, lambda content: None)
    assert caught.value.where == f"{path}:4"
    assert caught.value.next_step
