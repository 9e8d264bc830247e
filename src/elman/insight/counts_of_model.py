"""The parameters of a whole model: of its recurrent layers by formula, of the rest by shape."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from elman.insight.counts import LayerCounts, count
from elman.layers.recurrent import Recurrent


@dataclass(frozen=True)
class ModelCounts:
    """A model's parameters.

    Attributes:
        layers: for each recurrent layer its name in the model, and its counts.
        others: every other weight: its name, its shape as a product, its count. A weight that two
            parts share stands once.
        parameters: all together.
    """

    layers: tuple[tuple[str, tuple[LayerCounts, ...]], ...]
    others: tuple[tuple[str, str, int], ...]
    parameters: int


def count_model(model: nn.Module) -> ModelCounts:
    """Count a model.

    Example:
        >>> from elman import GRU
        >>> counted = count_model(nn.Sequential(nn.Embedding(7, 5), GRU(5, 3)))
        >>> counted.others, counted.parameters
        ((('0.weight', '7·5', 35),), 125)
    """
    layers = [(name, one) for name, one in model.named_modules() if isinstance(one, Recurrent)]
    within = {id(weight) for _, layer in layers for weight in layer.parameters()}
    others = [
        (name, "·".join(map(str, weight.shape)) or "1", weight.numel())
        for name, weight in model.named_parameters()
        if id(weight) not in within
    ]
    return ModelCounts(
        tuple((name, count(layer)) for name, layer in layers),
        tuple(others),
        sum(weight.numel() for weight in model.parameters()),
    )
