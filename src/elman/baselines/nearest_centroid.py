"""The class whose mean is nearest: the cheapest rival of a model that reads numbers."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from elman.models.scaling import Scaling


class NearestCentroid:
    """Answers with the class c for which Σ_f ((x_f - m_c,f) / s_f)² is least.

    m_c is the mean of the class, s the deviation of each feature over all training examples.

    Example:
        >>> features = torch.tensor([[0.0], [1.0], [9.0]])
        >>> rival = NearestCentroid().fit(features, torch.tensor([0, 0, 1]))
        >>> rival.answers(torch.tensor([[2.0], [7.0]])).tolist()
        [0, 1]
    """

    def fit(self, features: Tensor, classes: Tensor) -> Self:
        """Take the means of a training part.

        Args:
            features: [n, F].
            classes: [n] numbers from 0 to C - 1, each of which occurs.
        """
        self._scaling = Scaling(features.shape[1:]).double()
        self._scaling.fit(features)
        scaled = self._scaling(features)
        self._centroids = torch.stack(
            [scaled[classes == one].mean(0) for one in range(int(classes.max()) + 1)]
        )
        return self

    def answers(self, features: Tensor) -> Tensor:
        """[n] the number of the nearest class."""
        return torch.cdist(self._scaling(features), self._centroids).argmin(1)
