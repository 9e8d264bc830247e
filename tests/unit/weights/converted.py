"""Layers of every kind, and each conversion to another library and back, as one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from elman.layers.recurrent import Recurrent
from elman.weights import from_keras, from_onnx, from_torch, to_keras, to_onnx, to_torch

Weights = list[Tensor]


def _of_torch(layer: Any) -> Weights:
    return list(to_torch(layer).parameters())


def _of_keras(layer: Recurrent) -> Weights:
    return [torch.from_numpy(array) for one in to_keras(layer) for array in one.arrays]


def _of_onnx(layer: Recurrent) -> Weights:
    arrays = [array for one in to_onnx(layer) for array in (one.W, one.R, one.B, one.P)]
    return [torch.from_numpy(array) for array in arrays if array is not None]


CONVERTED: dict[str, Callable[[Any], Weights]] = {
    "torch.nn": _of_torch,
    "Keras": _of_keras,
    "ONNX": _of_onnx,
}
"""Of each library, the weights that a layer has there."""

ROUND_TRIPS: dict[str, Callable[[Any], Any]] = {
    "torch.nn": lambda layer: from_torch(to_torch(layer)),
    "Keras": lambda layer: from_keras(to_keras(layer)),
    "ONNX": lambda layer: from_onnx(to_onnx(layer)),
}


def randomised(layer: Any) -> Any:
    """Weights of every kind away from what they begin with."""
    own = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(torch.randn(weight.shape, generator=own, dtype=torch.float64))
    return layer
