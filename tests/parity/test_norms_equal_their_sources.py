"""Layer-normalised cells against their sources' own computation, with weights in their layout.

Neither runs here: haste needs a graphics card, Dreamer's code TensorFlow or JAX. So what they
compute is written down once more, with the layouts and names that they have.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

import elman
from tests.tolerances import OUTPUT

DOUBLE = torch.float64
INPUTS, HIDDEN, STEPS, BATCH = 3, 5, 6, 2


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def assert_close(found: Tensor, expected: Tensor) -> None:
    assert float((found - expected).detach().abs().max()) <= OUTPUT[DOUBLE]


def randomised(layer: elman.LSTM | elman.GRU) -> dict[str, Tensor]:
    """Weights of every kind away from what they begin with."""
    with torch.no_grad():
        for number, weight in enumerate(layer.parameters()):
            weight.copy_(drawn(*weight.shape, seed=number))
    return {key.removesuffix("_l0"): value for key, value in layer.state_dict().items()}


class DreamerCell(nn.Module):
    """The GRUCell of Dreamer: one product of [x, h], one norm, the gates reset, cand, update."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(INPUTS + HIDDEN, 3 * HIDDEN, dtype=DOUBLE)
        self.norm = nn.LayerNorm(3 * HIDDEN, eps=1e-3, dtype=DOUBLE)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        parts = self.norm(self.linear(torch.cat([x, state], -1)))
        reset, cand, update = parts.chunk(3, -1)
        cand = torch.tanh(torch.sigmoid(reset) * cand)
        update = torch.sigmoid(update - 1)
        return update * cand + (1 - update) * state


def test_dreamer_s_gru_with_its_own_weights() -> None:
    theirs = DreamerCell()
    for number, weight in enumerate(theirs.parameters()):
        weight.data.copy_(drawn(*weight.shape, seed=number))

    def rows(weight: Tensor, sign: int = 1) -> Tensor:
        """From reset, cand, update to r z n; with -1 the update gate's rows are negated."""
        reset, cand, update = weight.detach().chunk(3)
        return torch.cat([reset, sign * update, cand])

    kernel = rows(theirs.linear.weight)
    ours = elman.GRU(INPUTS, HIDDEN, norm="dreamer", dtype=DOUBLE)
    ours.load_state_dict(
        {
            "weight_ih_l0": kernel[:, :INPUTS],
            "weight_hh_l0": kernel[:, INPUTS:],
            "bias_ih_l0": rows(theirs.linear.bias),
            "bias_hh_l0": torch.zeros(3 * HIDDEN, dtype=DOUBLE),
            "norm_sum_l0": rows(theirs.norm.weight, -1),
            "norm_sum_bias_l0": rows(theirs.norm.bias, -1),
        }
    )
    x, state = drawn(STEPS, BATCH, INPUTS), drawn(BATCH, HIDDEN, seed=1)
    output, h_n = ours(x, state[None])
    for step, found in zip(x, output, strict=True):
        state = theirs(step, state)
        assert_close(found, state)
    assert_close(h_n[0], state)


def test_haste_s_layer_norm_gru() -> None:
    layer = elman.GRU(INPUTS, HIDDEN, norm="joint", dtype=DOUBLE)
    w = randomised(layer)
    x, h = drawn(STEPS, BATCH, INPUTS), drawn(BATCH, HIDDEN, seed=1)
    output, _ = layer(x, h[None])
    width = (3 * HIDDEN,)
    projected = layer_norm(x @ w["weight_ih"].T, width, weight=w["norm_ih"]) + w["bias_ih"]
    for step, found in zip(projected, output, strict=True):
        recurrent = layer_norm(h @ w["weight_hh"].T, width, weight=w["norm_hh"]) + w["bias_hh"]
        (x_r, x_z, x_n), (h_r, h_z, h_n) = step.chunk(3, 1), recurrent.chunk(3, 1)
        z, r = torch.sigmoid(x_z + h_z), torch.sigmoid(x_r + h_r)
        h = z * h + (1 - z) * torch.tanh(x_n + r * h_n)
        assert_close(found, h)


def test_haste_s_layer_norm_lstm() -> None:
    layer = elman.LSTM(INPUTS, HIDDEN, norm="joint", dtype=DOUBLE)
    w = randomised(layer)
    x = drawn(STEPS, BATCH, INPUTS)
    h, c = drawn(BATCH, HIDDEN, seed=1), drawn(BATCH, HIDDEN, seed=2)
    output, (_, c_n) = layer(x, (h[None], c[None]))
    width, bias = (4 * HIDDEN,), w["bias_ih"] + w["bias_hh"]
    projected = layer_norm(x @ w["weight_ih"].T, width, weight=w["norm_ih"])
    for step, found in zip(projected, output, strict=True):
        recurrent = layer_norm(h @ w["weight_hh"].T, width, weight=w["norm_hh"])
        i, f, g, o = (step + recurrent + bias).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        normed = layer_norm(c, (HIDDEN,), weight=w["norm_c"], bias=w["norm_c_bias"])
        h = torch.sigmoid(o) * torch.tanh(normed)
        assert_close(found, h)
    assert_close(c_n[0], c)
