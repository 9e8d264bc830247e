"""What has no time: a vector as its numbers, an image as its patches."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import fold, pad, unfold

from elman.data.arrays.labelled import Form, TableForm
from elman.insight.example import Seen
from elman.models.scaling import Scaling
from elman.pages.matrix import Axis
from elman.sequences import Ragged

MOST_PATCHES = 16
"""Along the longer side of an image: single pixels say nothing by themselves."""


@dataclass(frozen=True)
class Still:
    """A vector or an image, cut into parts that can be hidden one by one.

    Attributes:
        names: of the T parts.
        parts: [T, I] the numbers of a vector, I = 1, or the patches of an image, I = C·p·p.
        neutral: [T, I] the same of the mean of the training part.
        step: what a part is called.
        shape: of the whole: [F] or [C, H, W].
        patch: p, the side of a patch; 1 for a vector.
        grid: how many patches are below each other, and side by side; None for a vector.
        seen: the image as a picture; None for a vector, whose numbers are its parts' names.
    """

    names: tuple[str, ...]
    parts: Tensor
    neutral: Tensor
    step: str
    shape: torch.Size
    patch: int = 1
    grid: tuple[int, int] | None = None
    seen: Seen | None = None

    def whole(self, batch: Ragged) -> Tensor:
        """[B, ...] vectors or images, from batches of their parts."""
        parts = batch.values.view(len(batch), *self.parts.shape)
        if self.grid is None:
            return parts.squeeze(2)
        _, height, width = self.shape
        size = tuple(many * self.patch for many in self.grid)
        images = fold(parts.transpose(1, 2), size, self.patch, stride=self.patch)
        return images[..., :height, :width]


def still_of(values: Tensor, form: Form, scaling: Scaling) -> Still:
    """A vector [F] or an image [C, H, W], in its parts.

    Args:
        values: as they are read.
        form: of what is read.
        scaling: of the model, whose mean stands in the place of what is hidden.
    """
    values = values.to(scaling.mean.dtype)
    mean = scaling.mean.expand_as(values)
    if values.dim() == 1:
        names = form.names if isinstance(form, TableForm) else map(str, range(1, len(values) + 1))
        said = (f"{name}={value:.4g}" for name, value in zip(names, values.tolist(), strict=True))
        return Still(tuple(said), values[:, None], mean[:, None], "number", values.shape)
    _, height, width = values.shape
    patch = -(-max(height, width) // MOST_PATCHES)
    down, across = -(-height // patch), -(-width // patch)

    def patches(image: Tensor) -> Tensor:
        """[T, C·p·p], the last ones filled up with zeros."""
        whole = pad(image, (0, across * patch - width, 0, down * patch - height))
        return unfold(whole[None], patch, stride=patch)[0].t()

    names = tuple(
        f"row {row + 1}, column {column + 1}" for row in range(down) for column in range(across)
    )
    rows, columns = (Axis(f"pixel from the {side}", _numbers(size)) for side, size in
                     (("top", height), ("left", width)))  # fmt: skip
    seen = Seen(
        "The image: the fuller a cell, the lighter the pixel", values.mean(0), rows, columns
    )
    return Still(
        names, patches(values), patches(mean), "square", values.shape, patch, (down, across), seen
    )


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(str(number + 1) for number in range(count))
