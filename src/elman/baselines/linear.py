"""A weighted sum of the features: the rival of a model that answers with a number."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from elman.models.scaling import Scaling

RIDGE = 1e-3
"""The penalty on the weights, as a share of the number of examples; it matters where features
depend on each other."""


class LinearRegression:
    """Least squares with a small penalty: min Σ_n (y_n - b - w · x_n)² + 0.001 n |w|².

    Features are scaled to mean 0 and deviation 1 first.

    Source: Hoerl, Kennard (1970), "Ridge regression", Technometrics 12(1), equation 2.2.

    Example:
        >>> x = torch.arange(5.0)[:, None]
        >>> rival = LinearRegression().fit(x, 2 * x[:, 0] + 1)
        >>> round(float(rival.answers(torch.tensor([[10.0]]))), 1)
        21.0
    """

    def fit(self, features: Tensor, numbers: Tensor) -> Self:
        """Solve for the weights.

        Args:
            features: [n, F].
            numbers: [n] what is to be told.
        """
        self._scaling = Scaling(features.shape[1:]).double()
        self._scaling.fit(features)
        x = self._scaling(features)
        self._bias = numbers.double().mean()
        gram = x.T @ x + RIDGE * len(x) * torch.eye(x.shape[1], dtype=x.dtype)
        self._weights = torch.linalg.solve(gram, x.T @ (numbers.double() - self._bias))
        return self

    def answers(self, features: Tensor) -> Tensor:
        """[n] the numbers told."""
        told: Tensor = self._scaling(features) @ self._weights + self._bias
        return told
