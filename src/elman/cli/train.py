"""`elman train`: from data to a trained, measured, saved model."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from elman.cli.options import Debug, Json, Quiet, with_options
from elman.training.config import TrainingConfig, read_toml

_OWN = {"data"}


def train(
    data: Annotated[
        str,
        typer.Argument(help="A file (CSV, TSV, JSON Lines, Parquet, text, CoNLL) or a built-in."),
    ],
    *,
    out: Annotated[
        Path | None, typer.Option(help="The run folder to make. (default: runs/NAME)")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older run.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file with the same keys as the options.")
    ] = None,
    watch: Annotated[
        Path | None,
        typer.Option(help="Write a page (HTML) on gradients and gates at every 50th update."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
    **options: Any,
) -> None:
    """Train a model on your data, measure it beside a baseline, and save it.

    Built-in sources: languages (which language is this name?), digits (scans of digits), pydocs
    (next word in Python's documentation), dates-tags (the parts of written dates), dates (the
    same in ISO 8601), names-en-hi (English names in Hindi), digits-words (the names of digits,
    letter by letter); sunspots and stocks (the next years and months). No option is needed; what
    is left open is chosen from the data, and said.
    """
    values = read_toml(config) if config is not None else {}
    values |= {key: value for key, value in options.items() if value is not None}
    checked = TrainingConfig.checked(values | {"data": data}, str(config or ""))

    from elman.cli.progress import RunDisplay, show_outcome
    from elman.training.stop import StopRequest
    from elman.training.train import train as run

    place = out if out is not None else Path("runs") / Path(data).stem
    stop = StopRequest()
    command = ["elman", *sys.argv[1:]]
    with RunDisplay(quiet) as display, stop.on_signals(), _watched(watch, place, command):
        outcome = run(checked, place, command, display, stop, overwrite=overwrite)
    if outcome is not None:  # the first of several processes has it
        show_outcome(outcome, as_json=json)


@contextmanager
def _watched(page: Path | None, run: Path, command: Sequence[str]) -> Iterator[None]:
    """Sample the training and write a page of it, also of one that was stopped."""
    if page is None:
        yield
        return
    from elman import __version__
    from elman.cli.output import write_page
    from elman.insight.draw import render_training
    from elman.insight.watching import watch_training

    write_page(page, "")  # a place that cannot be written to is told before the training
    with watch_training() as samples:
        try:
            yield
        finally:
            if samples:
                told = shlex.join(command)
                write_page(
                    page,
                    render_training(samples, title=run.name, command=told, version=__version__),
                )


def register(app: typer.Typer) -> None:
    """Add the verb, with an option for every key of the configuration."""
    app.command()(with_options(train, TrainingConfig, _OWN))
