"""`elman lab`: the experiments of the lectures."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from textwrap import fill
from typing import Annotated

import typer

from elman.cli.options import Debug, Json, Quiet
from elman.insight.lab.catalogue import EXPERIMENTS, Name


def lab(
    name: Annotated[Name | None, typer.Argument(help="Of the experiment.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the report (HTML) here.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run an experiment, and say what it found in numbers. Without a name: list them.

    They compute on one thread. `elman lab vanishing --out vanishing.html` makes a page.
    """
    if name is None:
        _list(json)
        return
    import torch

    from elman import __version__
    from elman.cli.output import check_place, write_page
    from elman.insight.lab.catalogue import run
    from elman.insight.lab.page import render_page

    check_place(out)
    torch.set_num_threads(1)

    def say(text: str) -> None:
        if not quiet:
            print(f"{name}: {text}", file=sys.stderr, flush=True)

    report = run(name, seed, say)
    if out is not None:
        command = f"elman lab {name} --seed {seed} --out {out.name}"
        write_page(out, render_page(report, command, __version__))
    if json:
        facts = {"experiment": name, "seed": seed, "finding": list(report.finding)}
        print(json_format.dumps(facts | {"numbers": dict(report.numbers)}, ensure_ascii=False))
        return
    print("\n".join(fill(sentence, 100) for sentence in report.finding))
    if out is not None:
        print(f"page: {out}")


def _list(json: bool) -> None:
    if json:
        listed = {
            name: {"question": one.question, "seconds": one.seconds}
            for name, one in EXPERIMENTS.items()
        }
        print(json_format.dumps({"experiments": listed}, ensure_ascii=False))
        return
    width = max(map(len, EXPERIMENTS))
    for name, one in EXPERIMENTS.items():
        print(f"{name:{width}}  {one.question} (about {one.seconds} s)")
    print("\nelman lab NAME --out NAME.html")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(lab)
