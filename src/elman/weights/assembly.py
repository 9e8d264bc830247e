"""Layers taken apart into the weights of each direction, and put together from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec, CellWeights, Kind
from elman.errors import ConfigurationError, ShapeError
from elman.layers.gru import GRU
from elman.layers.lstm import LSTM
from elman.layers.recurrent import Recurrent
from elman.layers.rnn import RNN
from elman.layers.weights import gather, weight_shapes

_LAYERS: dict[Kind, Any] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def named_weights(layer: Recurrent) -> dict[str, Tensor]:
    """Every weight of a layer by the name of its parameter, all of one dtype on one device.

    A learned initial state is none of them. Parametrized weights come as they compute.

    Raises:
        ShapeError: weights of several dtypes or on several devices.
    """
    names = [name for one in weight_shapes(layer) for name, _ in one.values()]
    weights = {name: getattr(layer, name) for name in names}
    check_alike(weights, type(layer).__name__)
    return weights


def check_alike(weights: Mapping[str, Tensor], where: str) -> None:
    """Refuse weights of several dtypes, or on several devices."""
    first = next(iter(weights.values()))
    for name, weight in weights.items():
        if (weight.dtype, weight.device) != (first.dtype, first.device):
            raise ShapeError(
                f"{name} is {weight.dtype} on {weight.device}.",
                where=where,
                expected=f"{first.dtype} on {first.device}, as {next(iter(weights))}",
                next_step="module.to(device, dtype) for the whole module",
            )


def take_apart(layer: Recurrent) -> list[list[CellWeights]]:
    """The weights of each layer, of each direction."""
    named_weights(layer)
    every = [
        gather(layer, {field: name for field, (name, _) in one.items()})
        for one in weight_shapes(layer)
    ]
    count = layer.num_directions
    return [every[start : start + count] for start in range(0, len(every), count)]


class Part:
    """A layer of another library, read: what Elman's layer has to be, and its weights.

    Args:
        where: what to call it in messages.
        cell: what each step computes.
        directions: its weights, forward first.
        batch_first: whether it reads [B, T, I].
    """

    def __init__(
        self, where: str, cell: CellSpec, directions: Sequence[CellWeights], batch_first: bool
    ) -> None:
        self.where = where
        self.directions = directions
        first = directions[0]
        for other in directions[1:]:
            if _sizes(other) != _sizes(first):
                raise ShapeError(
                    f"The weights of one direction are {_sizes(other)}.",
                    where=where,
                    expected=f"{_sizes(first)}, as those of the other",
                )
        self.facts = {
            "cell": cell,
            "hidden_size": first.hh.shape[1],
            "bidirectional": len(directions) > 1,
            "bias": first.bias_ih is not None,
            "dtype": first.ih.dtype,
            "batch_first": batch_first,
        }


def _sizes(weights: CellWeights) -> str:
    """The shape of the input weights, which decides all others, and their dtype."""
    return f"{list(weights.ih.shape)} in {weights.ih.dtype}"


def put_together(parts: Sequence[Part]) -> Recurrent:
    """A layer of Elman's from the layers of another library, the lowest first.

    Raises:
        ConfigurationError: layers that differ, or none at all.
        ShapeError: a layer that does not read what the one below it gives.
    """
    if not parts:
        raise ConfigurationError("There is no layer to convert.", expected="one layer or more")
    first, width = parts[0], parts[0].directions[0].ih.shape[1]
    options: dict[str, Any] = dict(first.facts)
    cell, outputs = options.pop("cell"), options["hidden_size"] * len(first.directions)
    for part in parts[1:]:
        _check_above(part, first, outputs)
    plain = CellSpec(cell.kind)
    chosen = {field.name: getattr(cell, field.name) for field in fields(CellSpec)}
    chosen = {key: value for key, value in chosen.items() if value != getattr(plain, key)}
    empty = _LAYERS[cell.kind](width, num_layers=len(parts), device="meta", **options, **chosen)
    layer: Recurrent = empty.to_empty(device="cpu")  # nothing is drawn
    every = [weights for part in parts for weights in part.directions]
    with torch.no_grad():
        for names, weights in zip(weight_shapes(layer), every, strict=True):
            for field, (name, _) in names.items():
                getattr(layer, name).copy_(getattr(weights, field))
    return layer


def _check_above(part: Part, first: Part, outputs: int) -> None:
    for key, value in part.facts.items():
        if value != first.facts[key]:
            raise ConfigurationError(
                "The layers of one layer of Elman's are alike, and these differ.",
                where=f"{part.where}, {key} = {value!r}",
                expected=f"{first.facts[key]!r}, as {first.where} has it",
                next_step="convert each by itself, and put them into an elman.Stack",
            )
    inputs = part.directions[0].ih.shape[1]
    if inputs != outputs:
        raise ShapeError(
            f"The layer reads steps of width {inputs}.",
            where=part.where,
            expected=f"width {outputs}, which the layer below gives (directions x hidden size)",
        )
