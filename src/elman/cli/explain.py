"""`elman explain`: why a model answers as it does, in pictures and numbers."""

from __future__ import annotations

import json as json_format
import shlex
from pathlib import Path
from typing import Annotated

import typer

from elman.cli.items import CommandWithItems
from elman.cli.options import Debug, Json, Quiet


def explain(
    run: Annotated[Path, typer.Argument(help="The run folder, or a zip archive of it.")],
    text: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A text; or numbers, or a file. A forecaster's own series when missing.",
        ),
    ] = "",
    answer: Annotated[
        str | None, typer.Option(help="Which answer to explain. (default: the likeliest)")
    ] = None,
    out: Annotated[Path, typer.Option(help="The page (HTML) to write.")] = Path("explain.html"),
    png: Annotated[
        Path | None, typer.Option(help="A folder for the pictures alone, as PNG files.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Explain an answer: what each step did, every gate, and every term of the gradient.

    The page is one file that needs no network. It shows the input's gates and states, the terms
    of the gradient by step, how far back the model remembers, and what to do about it.
    """
    from elman import __version__
    from elman.cli.output import write_page
    from elman.insight.draw import render_explanation
    from elman.insight.explain import explain as measure
    from elman.insight.facts import facts
    from elman.insight.optimisation import optimisation
    from elman.insight.pictures import chapters
    from elman.insight.plots import save_pictures
    from elman.insight.subjects.registry import example_of
    from elman.training.predictor import load
    from elman.training.saved_run import open_run

    example = example_of(load(run), text, answer)
    found = measure(example, optimisation(open_run(run)))
    chosen = [] if answer is None else ["--answer", answer]
    asked = [text] if text else []
    command = shlex.join(["elman", "explain", str(run), *asked, *chosen])
    page = render_explanation(found, title=run.name, command=command, version=__version__)
    write_page(out, page)
    told = chapters(found)
    pictures = [] if png is None else save_pictures(told, png)
    if json:
        files = {"run": str(run), "page": str(out), "pictures": list(map(str, pictures))}
        print(json_format.dumps(files | facts(found), ensure_ascii=False))
        return
    if not quiet:
        for sentence in (sentence for chapter in told for sentence in chapter.told):
            print(sentence)
    print(f"page: {out}")
    if png is not None:
        print(f"pictures: {len(pictures)} in {png}")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(cls=CommandWithItems)(explain)
