"""`elman generate`: let a model write."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from elman.cli.options import Debug, Json, Quiet


def generate(
    run: Annotated[Path, typer.Argument(help="The run folder of a model that writes.")],
    prompt: Annotated[
        str,
        typer.Option(
            help="What to continue (of music, a file of notes), or the text to write another for."
        ),
    ] = "",
    length: Annotated[
        int, typer.Option(min=1, help="Most tokens, or steps of music, to write.")
    ] = 100,
    temperature: Annotated[
        float, typer.Option(help="0 for the likeliest, 1 for the model as it is.")
    ] = 1.0,
    top_k: Annotated[int, typer.Option(help="Only so many of the likeliest; 0 for all.")] = 0,
    top_p: Annotated[float, typer.Option(help="Only the likeliest up to this probability.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same text.")] = 0,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write on from a prompt (or, for encoder and decoder, write a text drawn for it)."""
    from elman.errors import UsageError
    from elman.models.decoding import Sampling
    from elman.training.predictor import load
    from elman.training.shapes.contract import TextGenerator

    sampling = Sampling(temperature, top_k, top_p, seed)
    model = load(run)
    if not isinstance(model, TextGenerator):
        raise UsageError(
            f"The model in {run} gives labels, and writes no text.",
            where=str(run),
            expected="the run folder of a language model of text or music, or of encoder and"
            " decoder",
            next_step=f"elman predict {run} 'some text'",
        )
    text = model.generate(prompt, length, sampling)
    if json:
        print(json_format.dumps({"run": str(run), "text": text, "seed": seed}, ensure_ascii=False))
    else:
        print(text)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(generate)
