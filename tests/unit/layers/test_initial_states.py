"""What stands for a state that is not given: zeros, a draw, or what was learned."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import elman
from tests.layer_kinds import every_layer, make_layer, parts, whole
from tests.tolerances import OUTPUT

DOUBLE = torch.float64


def made(name: str, **options: Any) -> Any:
    torch.manual_seed(0)
    return make_layer(name, 3, 4, **options)


def results(found: Any) -> list[Tensor]:
    output, state = found
    return [output, *parts(state)]


def all_equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


# --- a draw


@every_layer
@pytest.mark.parametrize("shape", [(5, 2, 3), (5, 3)], ids=["batched", "unbatched"])
def test_a_random_initial_state_is_drawn_in_training_only(
    name: str, shape: tuple[int, ...]
) -> None:
    layer, plain = made(name, initial_state="random"), made(name)
    x = torch.randn(shape)
    torch.manual_seed(1)
    first, second = results(layer(x)), results(layer(x))
    assert not torch.equal(first[0], second[0])
    torch.manual_seed(1)
    assert all_equal(results(layer(x)), first)
    given = plain(x)[1]
    assert all_equal(results(layer(x, given)), results(plain(x, given)))
    layer.eval()
    assert all_equal(results(layer(x)), results(plain(x)))


def test_the_draw_is_standard_normal_and_new_for_each_row_layer_and_direction() -> None:
    layer = elman.LSTM(3, 50, num_layers=2, bidirectional=True, initial_state="random")
    _, (h, c) = layer(torch.zeros(0, 40, 3))
    for part in [h, c]:
        assert part.shape == (4, 40, 50)
        assert abs(float(part.mean())) < 0.05
        assert abs(float(part.std()) - 1) < 0.05
        assert part.unique().numel() > 0.99 * part.numel()
    assert not torch.equal(h, c)


# --- what was learned


def learned(name: str, **options: Any) -> Any:
    """A layer whose learned state is not 0."""
    layer = made(name, initial_state="learned", dtype=DOUBLE, **options)
    with torch.no_grad():
        for key, weight in layer.named_parameters():
            if key.startswith(("h_0", "c_0")):
                weight.uniform_(-1, 1)
    return layer


def stacked(layer: Any, batch: int) -> list[Tensor]:
    """The learned state, [L·D, B, width] a part, by the parameters' names."""
    weights = dict(layer.named_parameters())
    endings = [key.removeprefix("weight_hh") for key in weights if key.startswith("weight_hh")]
    return [
        torch.stack([weights[f"{part}_0{ending}"].expand(batch, -1) for ending in endings])
        for part in layer.cell.state_names
    ]


@every_layer
def test_a_learned_state_begins_at_zero_with_a_parameter_for_each_part(name: str) -> None:
    layer, plain = made(name, num_layers=2, bidirectional=True, initial_state="learned"), None
    extra = [key for key in layer.state_dict() if key.startswith(("h_0", "c_0"))]
    endings = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    assert extra == [f"{part}_0{end}" for part in layer.cell.state_names for end in endings]
    assert [layer.get_parameter(key).shape for key in extra[:4]] == [(layer.output_size,)] * 4
    assert not any(layer.get_parameter(key).any() for key in extra)
    plain = made(name, num_layers=2, bidirectional=True)
    assert [key for key in layer.state_dict() if key not in extra] == list(plain.state_dict())
    x = torch.randn(5, 2, 3)
    assert all_equal(results(layer(x)), results(plain(x)))


@every_layer
@pytest.mark.parametrize("unbatched", [False, True])
def test_it_stands_for_a_state_that_is_not_given(name: str, unbatched: bool) -> None:
    layer = learned(name, num_layers=2, bidirectional=True)
    x = torch.randn(*((5,) if unbatched else (5, 2)), 3, dtype=DOUBLE)
    start = stacked(layer, 2)
    given = whole([part[:, 0] if unbatched else part for part in start])
    found, expected = results(layer(x)), results(layer(x, given))
    for mine, other in zip(found, expected, strict=True):
        assert torch.allclose(mine, other, rtol=0, atol=OUTPUT[DOUBLE])
    weights = list(layer.parameters())
    totals = [
        torch.cat([part.flatten() for part in result]).square().sum()
        for result in (found, expected)
    ]
    for mine, other in zip(*(torch.autograd.grad(t, weights) for t in totals), strict=True):
        assert bool(mine.any())
        assert torch.allclose(mine, other, rtol=1e-9, atol=1e-12)
    zeros = whole([torch.zeros_like(part) for part in parts(given)])
    assert not torch.allclose(layer(x, zeros)[0], found[0])


@every_layer
def test_empty_sequences_end_with_it(name: str) -> None:
    layer = learned(name, bidirectional=True)
    _, final = layer(torch.randn(4, 3, 3, dtype=DOUBLE), lengths=[2, 0, 4])
    _, without = layer(torch.zeros(0, 3, 3, dtype=DOUBLE))
    expected = stacked(layer, 3)
    for part, none, start in zip(parts(final), parts(without), expected, strict=True):
        assert torch.equal(part[:, 1], start[:, 1])
        assert torch.equal(none, start)


def test_it_is_saved_with_the_weights_and_refused_by_others() -> None:
    layer = learned("lstm")
    other = made("lstm", initial_state="learned", dtype=DOUBLE)
    other.load_state_dict(layer.state_dict())
    x = torch.randn(5, 2, 3, dtype=DOUBLE)
    assert torch.equal(other(x)[0], layer(x)[0])
    with pytest.raises(RuntimeError, match='Unexpected key\\(s\\) in state_dict: "h_0_l0"'):
        torch.nn.LSTM(3, 4).load_state_dict(layer.state_dict())


def test_it_learns() -> None:
    """A network that must say where it began can only learn it as its initial state."""
    torch.manual_seed(0)
    layer = elman.RNN(1, 4, initial_state="learned")
    target = torch.tensor([0.5, -0.5, 0.2, 0.0])
    optimizer = torch.optim.Adam([layer.get_parameter("h_0_l0")], lr=0.05)
    losses = []
    for _ in range(100):
        _, h_n = layer(torch.zeros(0, 2, 1))
        loss = (h_n - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 1e-3 * losses[0]
