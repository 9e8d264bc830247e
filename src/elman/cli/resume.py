"""`elman resume`: go on with a run that was interrupted or killed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elman.cli.options import Debug, Json, Quiet


def resume(
    run: Annotated[Path, typer.Argument(help="The run folder.")],
    data: Annotated[
        str | None, typer.Option(help="Where the data is now, if it was moved.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Processor threads, if others than before.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Go on from a run's last checkpoint; the end is the same as without the break."""
    from elman.cli.progress import RunDisplay, show_outcome
    from elman.training.stop import StopRequest
    from elman.training.train import resume as go_on

    stop = StopRequest()
    with RunDisplay(quiet) as display, stop.on_signals():
        outcome = go_on(run, data, display, stop, threads=threads)
    if outcome is not None:  # the first of several processes has it
        show_outcome(outcome, as_json=json)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(resume)
