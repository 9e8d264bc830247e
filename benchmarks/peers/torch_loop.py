"""What users write where `torch.nn` has no such cell: a loop over `torch` operations."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear

from benchmarks.problem import Contender, ModuleRun, Problem, with_weights


def contenders(problem: Problem) -> list[Contender]:
    """The LSTM with layer normalisation, the input of all steps projected before the loop."""
    layer = _NormedLSTM(problem.weights)
    with_weights(layer, problem)
    batch = problem.batch.clone().requires_grad_()
    run = ModuleRun(layer, batch, lambda: layer(batch), problem.d_output, lambda tensor: tensor)
    return [run.contender("torch loop", problem)]


class _NormedLSTM(nn.Module):
    """The equations of the joint norm; see src/elman/cells/lstm.py."""

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor
    norm_ih_l0: Tensor
    norm_hh_l0: Tensor
    norm_c_l0: Tensor
    norm_c_bias_l0: Tensor

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        for name, weight in weights.items():
            self.register_parameter(name, nn.Parameter(torch.empty_like(weight)))

    def forward(self, batch: Tensor) -> Tensor:
        gates, width = self.weight_hh_l0.shape
        projected = layer_norm(
            linear(batch, self.weight_ih_l0), (gates,), self.norm_ih_l0, self.bias_ih_l0
        )
        h = c = batch.new_zeros(batch.shape[1], width)
        hidden = []
        for a in projected.unbind():
            seen = linear(h, self.weight_hh_l0)
            a = a + layer_norm(seen, (gates,), self.norm_hh_l0, self.bias_hh_l0)
            i, f, g, o = a.chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            normed = layer_norm(c, (width,), self.norm_c_l0, self.norm_c_bias_l0)
            h = torch.sigmoid(o) * torch.tanh(normed)
            hidden.append(h)
        return torch.stack(hidden)
