"""Plain text as a dataset: documents for a language model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from elman.data.division import divided, repeated
from elman.data.examples import Dataset, Document
from elman.data.files.plain_text import Piece, read_documents
from elman.data.options import DataOptions
from elman.data.splits import Part
from elman.data.wording import command, counted
from elman.errors import DataError


def load_plain_text(files: Mapping[Part, Path], options: DataOptions) -> Dataset[Document]:
    """Read, understand and divide files of plain text.

    Raises:
        DataError: the files cannot be read, or are asked for what they do not have.
    """
    path = str(files["train"])
    columns = options.text or options.label or options.split
    if columns is not None or options.shape == "many_to_one":
        raise DataError(
            "Plain text has no columns and no labels.",
            where=path,
            expected="a table (.csv, .tsv, .jsonl or .parquet) with a text and a label column",
            next_step=f"{command(path)}, for a language model",
        )
    digest = hashlib.sha256()
    piece: Piece | None = None
    examples: dict[Part, list[Document]] = {}
    for part, file in files.items():
        examples[part], piece = read_documents(file, digest.update, piece)
    parts = divided(examples, options)
    total = sum(map(len, examples.values()))
    return Dataset(
        name=files["train"].name,
        shape="language_model",
        shape_reason=f"language model: plain text, {counted(total, str(piece))}",
        target="next token",
        train=tuple(parts.train),
        validation=tuple(parts.validation),
        test=tuple(parts.test),
        split_reason=parts.reason,
        sha256=digest.hexdigest(),
        notes=repeated(parts),
    )
