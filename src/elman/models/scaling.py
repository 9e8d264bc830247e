"""Numbers brought to a mean of 0 and a deviation of 1, as the training part has them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Scaling(nn.Module):
    """x' = (x - mean) / deviation, feature by feature.

    Mean and deviation are fitted once, on the training part, and kept with the weights, so that
    a model scales whatever it is given as it was scaled in training. They are not trained.

    Args:
        features: the shape of what is scaled by itself: [I] for vectors and for frames, [C, 1, 1]
            for images.

    Example:
        >>> scaling = Scaling([2])
        >>> scaling.fit(torch.tensor([[1.0, 5.0], [3.0, 5.0]]))
        >>> scaling(torch.tensor([[3.0, 6.0]]))
        tensor([[1., 1.]])
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(*features))
        self.register_buffer("deviation", torch.ones(*features))

    @torch.no_grad()
    def fit(self, values: Tensor) -> None:
        """Take mean and deviation from values [N, ...]; what never changes is only shifted.

        Args:
            values: of the training part; the mean goes over N, and where a feature has size 1.
        """
        others = [0, *(1 + at for at, size in enumerate(self.mean.shape) if size == 1)]
        deviation, mean = torch.std_mean(values.double(), others, correction=0, keepdim=True)
        self.mean.copy_(mean[0])
        self.deviation.copy_(torch.where(deviation[0] > 0, deviation[0], 1.0))

    def forward(self, values: Tensor) -> Tensor:
        """The values [N, ...], scaled."""
        return (values - self.mean) / self.deviation
