"""`elman predict`: the answers of a trained model."""

from __future__ import annotations

import json as json_format
import unicodedata
from pathlib import Path
from typing import Annotated

import typer

from elman.cli.options import Debug, Json, Quiet


def predict(
    run: Annotated[Path, typer.Argument(help="The run folder.")],
    items: Annotated[
        list[str] | None, typer.Argument(help="Texts. (default: the lines of standard input)")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A file of texts: a table, or one text a line.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts in a table.")] = None,
    top: Annotated[int, typer.Option(min=1, help="So many answers a text.")] = 1,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say the label of each text (or, for a language model, its next token)."""
    from elman.data.items import read_items
    from elman.errors import UsageError
    from elman.training.predictor import load

    if items and file is not None:
        raise UsageError(
            "Texts were given both as words and as a file.",
            expected="one of the two",
            next_step=f"elman predict {run} --file {file}",
        )
    model = load(run)
    texts = items or read_items(file, text)
    answers = model.predict(texts)
    rows = []
    for one, answer in zip(texts, answers, strict=True):
        ranked = sorted(answer.probabilities.items(), key=lambda pair: -pair[1])[:top]
        rows.append({"text": one, "label": answer.label, "probability": answer.probability})
        if top > 1:
            rows[-1]["top"] = dict(ranked)
        if not json:
            shown = "\t".join(f"{_line(label)}\t{share:.3f}" for label, share in ranked)
            print(shown if quiet else f"{shown}\t{_line(one)}")
    if json:
        print(json_format.dumps({"run": str(run), "predictions": rows}, ensure_ascii=False))


def _line(text: str) -> str:
    """The text on one line: line breaks and tabs as they are written in programs."""
    breaks = ("Cc", "Zl", "Zp")  # control characters, separators of lines and of paragraphs
    return "".join(
        sign.encode("unicode_escape").decode() if unicodedata.category(sign) in breaks else sign
        for sign in text
    )


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(predict)
