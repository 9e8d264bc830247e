"""From the states of all steps to one vector a sequence; padding does not exist here."""

from __future__ import annotations

from torch import Tensor, nn

from elman.models.description import Pooling
from elman.sequences import Ragged


class Pool(nn.Module):
    """One vector [B, D·H] from a layer's output and final state.

    Args:
        kind: "last" takes the final state of the last layer (both directions side by side), "max"
            and "mean" go over the real steps, "attention" weighs the real steps by a learned
            score, a_t = softmax_t(v · y_t).
        width: D·H, the width of each step of the output.
        directions: D.

    Source of the attention: Yang et al. (2016), "Hierarchical attention networks for document
    classification", equations 5 to 7, with a linear score.
    """

    def __init__(self, kind: Pooling, width: int, directions: int) -> None:
        super().__init__()
        self.kind = kind
        self.directions = directions
        self.score = nn.Linear(width, 1) if kind == "attention" else None

    def forward(self, output: Ragged, h_n: Tensor) -> Tensor:
        """Pool over each sequence.

        Args:
            output: steps [N, D·H].
            h_n: [L·D, B, H].
        """
        if self.score is not None:
            weights = output.with_values(self.score(output.values)).softmax().values  # [N, 1]
            return output.with_values(weights * output.values).sum()
        if self.kind == "last":
            return h_n[-self.directions :].transpose(0, 1).flatten(1)
        return output.max() if self.kind == "max" else output.mean()
