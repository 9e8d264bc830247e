"""Examples to measure a trained model on: a whole file, undivided."""

from __future__ import annotations

from pathlib import Path

from elman.data.examples import Document, LabelledText
from elman.data.files.formats import format_of, read_table
from elman.data.files.plain_text import read_documents
from elman.data.files.source import check_file
from elman.data.texts.extraction import documents_of, labelled_texts
from elman.data.texts.inference import Wishes, choose_columns, require_column
from elman.errors import DataError


def read_labelled(path: Path, text: str | None, label: str | None) -> list[LabelledText]:
    """All labelled texts of a table.

    Args:
        path: CSV, TSV, JSON Lines or Parquet.
        text: the column of the texts; None to infer it.
        label: the column of the labels; None to infer it.

    Raises:
        DataError: the file cannot be read, or has no labels.
    """
    check_file(path)
    if format_of(path) == "plain text":
        raise DataError(
            "Plain text has no labels to measure answers by.",
            where=str(path),
            expected="a table with a text and a label column",
            next_step=f"elman predict RUN --file {path}",
        )
    table = read_table(path, _undigested)
    columns = choose_columns(table, Wishes("many_to_one", text, label, None))
    for name, role in ((columns.text, "text"), (columns.label or "", "label")):
        require_column(table, name, role)
    return labelled_texts(table, columns.text, columns.label or "")


def read_running(path: Path, text: str | None) -> list[Document]:
    """All documents of plain text or of a table's text column.

    Args:
        path: plain text, or a table.
        text: the column of the texts; None to infer it.

    Raises:
        DataError: the file cannot be read.
    """
    check_file(path)
    if format_of(path) == "plain text":
        return read_documents(path, _undigested, None)[0]
    table = read_table(path, _undigested)
    columns = choose_columns(table, Wishes("language_model", text, None, None))
    require_column(table, columns.text, "text")
    return documents_of(table, columns.text)


def _undigested(content: bytes) -> None:
    """Measuring leaves no record of the bytes it was done on."""
