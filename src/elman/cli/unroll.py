"""`elman unroll`: a small network worked through by hand, every equation with its numbers."""

from __future__ import annotations

import json as json_format
import shutil
from pathlib import Path
from typing import Annotated

import typer

from elman.cells.spec import Kind
from elman.cli.options import Debug, Json, Quiet


def unroll(
    cell: Annotated[Kind, typer.Argument(help="rnn, lstm or gru.")] = "rnn",
    steps: Annotated[int, typer.Option(help="T, if the input is drawn; 1 to 20.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Of the weights, and of the input.")] = 0,
    input: Annotated[
        str | None,
        typer.Option(help="Your own input: five numbers a step, as '1,0,0,0,0 0,1,0,0,0'."),
    ] = None,
    target: Annotated[float, typer.Option(help="What the output is to be.")] = 1.0,
    out: Annotated[Path | None, typer.Option(help="Write a page (HTML) instead.")] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Work a network of 5 inputs, 3 units and 1 output through, forward and backward.

    Each equation of each step has its numbers filled in, and all are checked by autograd.
    """
    from elman import __version__
    from elman.cli.output import write_page
    from elman.insight.unroll.facts import facts
    from elman.insight.unroll.network import read_input
    from elman.insight.unroll.network import unroll as work
    from elman.insight.unroll.page import render_page
    from elman.insight.unroll.text import render_text
    from elman.insight.unroll.words import check_sentence

    inputs = None if input is None else read_input(input)
    unrolled = work(cell, steps=steps, seed=seed, inputs=inputs, target=target)
    if out is not None:
        given = f"--steps {steps}" if input is None else f"--input '{input}'"
        command = f"elman unroll {cell} {given} --seed {seed} --target {target:g} --out {out.name}"
        write_page(out, render_page(unrolled, command, __version__))
    if json:
        print(json_format.dumps(facts(unrolled), ensure_ascii=False))
    elif out is not None:
        print(f"page: {out}" if quiet else f"{check_sentence(unrolled)}\npage: {out}")
    elif quiet:
        print(f"output {unrolled.prediction:.6g}, loss {unrolled.loss:.6g}")
    else:
        print(render_text(unrolled, shutil.get_terminal_size((100, 24)).columns))


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(unroll)
