"""`elman predict`: the answers of a trained model."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from elman.cli.items import CommandWithItems
from elman.cli.options import Debug, Json, Quiet


def predict(
    run: Annotated[Path, typer.Argument(help="The run folder, or a zip archive of it.")],
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
    from elman.errors import UsageError
    from elman.training.predictor import load

    if items and file is not None:
        raise UsageError(
            "Texts were given both as words and as a file.",
            expected="one of the two",
            next_step=f"elman predict {run} --file {file}",
        )
    model = load(run)
    asked = model.read(items or (), file, text)
    answers = model.predict(asked)
    if json:
        rows = [
            {"text": str(one)} | answer.facts(top)
            for one, answer in zip(asked, answers, strict=True)
        ]
        print(json_format.dumps({"run": str(run), "predictions": rows}, ensure_ascii=False))
        return
    for one, answer in zip(asked, answers, strict=True):
        print(answer.line(top, None if quiet else str(one)))


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(cls=CommandWithItems)(predict)
