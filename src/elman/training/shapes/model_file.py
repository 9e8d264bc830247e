"""From the files of a generation to a model, in steps that every shape takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from pydantic import BaseModel, ValidationError
from torch import nn

from elman.errors import ConfigurationError, CorruptRunError
from elman.training.checkpoint import check_weights, load_weights
from elman.training.files import COPY_AGAIN

Content = TypeVar("Content", bound=BaseModel)
Model = TypeVar("Model", bound=nn.Module)


def content_of(kind: type[Content], content: bytes, file: str) -> Content:
    """What a JSON file of a generation holds, checked.

    Args:
        kind: of the content.
        content: of the file.
        file: its name, for the message.

    Raises:
        CorruptRunError: the file holds something else.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise CorruptRunError(
            "The model file does not describe a model of this version.",
            where=file,
            expected="; ".join(_sentence(dict(fault)) for fault in error.errors()[:3]),
            next_step=COPY_AGAIN,
        ) from error


def require_sizes(found: Mapping[str, int], expected: Mapping[str, int]) -> None:
    """Refuse files that do not belong together, before anything is allocated.

    Args:
        found: how many of each thing vocabulary.json has.
        expected: how many model.json describes.

    Raises:
        CorruptRunError: the numbers differ.
    """
    if found != expected:
        raise CorruptRunError(
            "vocabulary.json and model.json do not belong together.",
            where=_counts(found),
            expected=_counts(expected),
            next_step=COPY_AGAIN,
        )


def restored(make: Callable[[], Model], weights: bytes) -> Model:
    """A model with its saved weights, in evaluation mode.

    Args:
        make: makes the model.
        weights: what weights.safetensors holds.

    Raises:
        CorruptRunError: there can be no such model, or the weights are not its.
    """
    try:
        # On the device "meta" a model has sizes and takes no memory: a forged description of
        # another model than the file has weights of is refused before anything is allocated.
        with torch.device("meta"):
            check_weights(make(), weights)
        model = make()
    except ConfigurationError as error:
        raise CorruptRunError(
            "model.json describes a model that cannot be.",
            where=f"model.json: {error.where}",
            expected=error.expected,
            next_step=COPY_AGAIN,
        ) from error
    load_weights(model, weights)
    return model.eval()


def _sentence(fault: Mapping[str, Any]) -> str:
    return ".".join(str(part) for part in fault["loc"]) + ": " + str(fault["msg"])


def _counts(counts: Mapping[str, int]) -> str:
    return " and ".join(f"{count} {name}" for name, count in counts.items())
