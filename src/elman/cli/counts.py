"""`elman counts`: what recurrent layers cost, by formula."""

from __future__ import annotations

import json as json_format
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from elman.cells.spec import Kind
from elman.cli.options import Debug, Json, Quiet

if TYPE_CHECKING:
    from elman.insight.counts import LayerCounts
    from elman.insight.counts_of_model import ModelCounts


def counts(
    model: Annotated[str, typer.Argument(help="rnn, lstm, gru, or a run folder.")],
    input_size: Annotated[int, typer.Option(min=1, help="d, of a cell.")] = 64,
    hidden_size: Annotated[int, typer.Option(min=1, help="h, of a cell.")] = 128,
    num_layers: Annotated[int, typer.Option(min=1, help="Of a cell.")] = 1,
    bidirectional: Annotated[
        bool, typer.Option("--bidirectional", help="Of a cell: both directions.")
    ] = False,
    steps: Annotated[int, typer.Option(min=1, help="T, of full BPTT.")] = 100,
    bptt_steps: Annotated[int, typer.Option(min=1, help="Steps of truncated BPTT.")] = 35,
    batch_size: Annotated[int, typer.Option(min=1, help="B, sequences at a time.")] = 32,
    data: Annotated[
        str | None, typer.Option(help="Data whose lengths padding is told for.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Count parameters, multiply-adds and memory of a cell, or of a run's model.

    With --data also what padding would add to the lengths of your own sequences.
    """
    from elman.insight.counts import memory

    counted = _counted(model, input_size, hidden_size, num_layers, bidirectional)
    layers = tuple(one for _, every in counted.layers for one in every)
    kept = memory(layers, steps, bptt_steps, batch_size)
    padding = None if data is None else _padding(data, batch_size)
    if json:
        facts: dict[str, Any] = {"model": model} | asdict(counted)
        facts |= {"memory": asdict(kept)} | ({} if padding is None else {"padding": padding})
        print(json_format.dumps(facts, ensure_ascii=False))
        return
    if quiet:
        print(counted.parameters)
        return
    paragraphs = [
        f"Backpropagation through time keeps {kept.step:,} bytes a step of a sequence:"
        f" {kept.full:,} for {batch_size} sequences of {steps} steps, {kept.truncated:,} if it is"
        f" truncated to {min(steps, bptt_steps)}.",
        "Time grows as O(T (dh + h²)), memory as O(T (d + h)); truncated to k steps O(k (d + h)).",
    ]
    paragraphs += [] if padding is None else [_padding_told(padding, batch_size)]
    print("\n".join([*_told(counted), "", *(fill(one, 100) for one in paragraphs)]))


def _counted(
    model: str, input_size: int, hidden_size: int, num_layers: int, bidirectional: bool
) -> ModelCounts:
    import torch

    from elman.cells.spec import CellSpec
    from elman.insight.counts_of_model import count_model
    from elman.layers.build import recurrent_layer
    from elman.training.predictor import load

    kind: Kind | None = next((one for one in get_args(Kind) if one == model), None)
    if kind is not None:
        cell = CellSpec(kind)
        with torch.device("meta"):  # sizes without numbers: any size can be counted
            layer = recurrent_layer(
                cell, input_size, hidden_size, num_layers=num_layers, bidirectional=bidirectional
            )
        return count_model(layer)
    return count_model(load(Path(model)).model)


def _padding(data: str, batch_size: int) -> dict[str, Any]:
    from elman.data.load import load_dataset
    from elman.data.options import DataOptions
    from elman.insight.padding import lengths_of, waste

    lengths, unit = lengths_of(load_dataset(DataOptions(data)))
    shares = asdict(waste(lengths, batch_size))
    return {"data": data, "unit": unit, "sequences": len(lengths), "longest": max(lengths),
            "mean": sum(lengths) / len(lengths), **shares}  # fmt: skip


def _told(counted: ModelCounts) -> list[str]:
    lines = []
    for name, layers in counted.layers:
        lines += _layers_told(name, layers)
    lines += [f"{name:32}{shape:>16}{number:>14,}" for name, shape, number in counted.others]
    return [*lines, f"{'all parameters':48}{counted.parameters:>14,}"]


def _layers_told(name: str, layers: Sequence[LayerCounts]) -> list[str]:
    lines = []
    for one in layers:
        sizes = ", ".join(f"{letter} = {size}" for letter, size in one.sizes.items())
        title = f"{name}{'.' if name else ''}{one.suffix.removeprefix('_')}"
        lines.append(f"{title}: {one.formula}, {sizes}")
        lines += [
            f"  {block.words:30}{block.formula:>16}{block.count:>14,}" for block in one.blocks
        ]
        lines.append(f"  {'together':46}{one.parameters:>14,}")
        lines.append(f"  {'with one bias a unit':46}{one.with_one_bias:>14,}")
        lines.append(
            f"  a step: {one.products:,} multiply-adds with weights, {one.elements:,} of elements,"
            f" {one.functions:,} function values"
        )
        lines.append("")
    first = [one for one in layers if one.suffix.startswith("_l0")]
    if len(first) > 1:
        lines[-1:] = ["  both directions: the first layer doubles, the layers above read 2h", ""]
    return lines


def _padding_told(padding: dict[str, Any], batch_size: int) -> str:
    return (
        f"{padding['data']}: {padding['sequences']:,} sequences of {padding['mean']:.1f}"
        f" {padding['unit']} in the mean, {padding['longest']:,} the longest. A feed-forward"
        f" network of that fixed size computes {padding['fixed']:.1%} padding; batches of"
        f" {batch_size} drawn at random {padding['shuffled']:.1%}, batches of like lengths"
        f" {padding['bucketed']:.1%}. Elman's layers compute none."
    )


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(counts)
