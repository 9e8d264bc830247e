"""`elman evaluate`: measure a trained model."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from elman.cli.options import Debug, Json, Quiet


def evaluate(
    run: Annotated[Path, typer.Argument(help="The run folder, or a zip archive of it.")],
    data: Annotated[
        str | None,
        typer.Argument(help="Other data to measure on. (default: the test part of the run's own)"),
    ] = None,
    target_file: Annotated[
        str | None,
        typer.Option(help="The file whose lines are the targets of the data's (encoder, decoder)."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure the best generation of a run on its test part, or on other data."""
    from elman.data.wording import counted
    from elman.training.evaluate import evaluate as measure

    measured = measure(run, data, target_file)
    if json:
        print(json_format.dumps(measured, ensure_ascii=False))
        return
    if not quiet:
        print(f"{counted(measured['examples'], 'example')} of {measured['data']}")
    for name, value in measured["metrics"].items():
        print(f"{name.replace('_', ' '):22} {value:.4f}")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(evaluate)
