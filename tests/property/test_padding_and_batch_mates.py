"""Padding changes nothing at all; the other sequences of a batch change a row by rounding only."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from elman.sequences import Ragged
from tests.layer_kinds import every_layer, make_layer, parts, whole
from tests.property.strategies import batches, examples
from tests.tolerances import BATCH_MATES

PADDING = {"nan": torch.nan, "huge": 1e30, "infinite": torch.inf, "random": None}


def made(name: str, batch: dict[str, Any]) -> tuple[Any, Tensor, Any]:
    """A layer, a padded input [T, B, 3] and an initial state or None."""
    torch.manual_seed(batch["seed"])
    layer = make_layer(
        name, 3, 5, num_layers=batch["num_layers"], bidirectional=batch["bidirectional"]
    )
    x = torch.randn(batch["steps"], len(batch["lengths"]), 3)
    return layer, x, state_for(layer, len(batch["lengths"])) if batch["with_state"] else None


def state_for(layer: Any, rows: int) -> Any:
    layers = layer.num_layers * layer.num_directions
    h = torch.randn(layers, rows, layer.output_size)
    if layer.cell.kind != "lstm":
        return h
    return h, torch.randn(layers, rows, layer.hidden_size)


def rows_of(state: Any, rows: list[int]) -> Any:
    if state is None:
        return None
    return whole([part[:, rows] for part in parts(state)])


def results(layer: Any, x: Tensor, state: Any, lengths: list[int]) -> list[Tensor]:
    """Output, final state, gradient of the input, and gradients of the weights."""
    layer.zero_grad()
    x = x.clone().requires_grad_()
    output, final = layer(x, state, lengths=lengths)
    total = (output * torch.linspace(-1, 1, output.shape[-1])).sum()
    (total + sum(part.square().sum() for part in parts(final))).backward()
    assert x.grad is not None
    weights = [weight.grad for weight in layer.parameters()]
    return [output.detach(), *(part.detach() for part in parts(final)), x.grad, *weights]


def padding_of(lengths: list[int], steps: int) -> Tensor:
    """[T, B] true where there is no step."""
    return torch.arange(steps)[:, None] >= torch.tensor(lengths)[None, :]


def assert_by_rounding_only(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    if expected.numel():
        found, expected = found.detach(), expected.detach()
        assert float((found - expected).abs().max()) <= BATCH_MATES * float(expected.abs().max())


@every_layer
@pytest.mark.parametrize("filling", PADDING)
@examples
@given(batch=batches())
def test_what_stands_in_the_padding_changes_nothing(
    name: str, filling: str, batch: dict[str, Any]
) -> None:
    layer, x, state = made(name, batch)
    padding = padding_of(batch["lengths"], batch["steps"])
    clean = results(layer, x.masked_fill(padding[..., None], 0), state, batch["lengths"])
    value = PADDING[filling]
    noise = torch.randn_like(x) if value is None else torch.full_like(x, value)
    dirty = results(layer, torch.where(padding[..., None], noise, x), state, batch["lengths"])
    assert len(clean) == len(dirty)
    assert all(torch.equal(one, other) for one, other in zip(clean, dirty, strict=True))
    output, input_gradient = dirty[0], dirty[1 + len(layer.cell.state_names)]
    assert not output[padding].any()
    assert not input_gradient[padding].any()
    assert input_gradient.isfinite().all()


@every_layer
@examples
@given(batch=batches(), more=st.integers(1, 5))
def test_longer_padding_changes_nothing(name: str, batch: dict[str, Any], more: int) -> None:
    layer, x, state = made(name, batch)
    lengths, steps = batch["lengths"], batch["steps"]
    longer = torch.cat([x, torch.full((more, *x.shape[1:]), torch.nan)])
    short, long = results(layer, x, state, lengths), results(layer, longer, state, lengths)
    gradient = 1 + len(layer.cell.state_names)
    for number, (one, other) in enumerate(zip(short, long, strict=True)):
        padded = number in (0, gradient)
        assert torch.equal(one, other[:steps] if padded else other)


@every_layer
@examples
@given(batch=batches())
def test_batch_mates_change_a_row_by_rounding_only(name: str, batch: dict[str, Any]) -> None:
    layer, x, state = made(name, batch)
    output, final = layer(x, state, lengths=batch["lengths"])
    for row, length in enumerate(batch["lengths"]):
        alone, ended = layer(x[:, [row]], rows_of(state, [row]), lengths=[length])
        assert_by_rounding_only(output[:, [row]], alone)
        for mine, other in zip(parts(final), parts(ended), strict=True):
            assert_by_rounding_only(mine[:, [row]], other)


@every_layer
@examples
@given(batch=batches())
def test_a_sequence_of_nan_spoils_no_other(name: str, batch: dict[str, Any]) -> None:
    layer, x, state = made(name, batch)
    lengths = batch["lengths"]
    spoilt = torch.cat([torch.full_like(x[:, :1], torch.nan), x[:, 1:]], dim=1)
    (output, final), (expected, ended) = (layer(v, state, lengths=lengths) for v in (spoilt, x))
    assert bool(output[:, 0].isnan().any()) == (lengths[0] > 0)
    assert torch.equal(output[:, 1:], expected[:, 1:])
    for mine, other in zip(parts(final), parts(ended), strict=True):
        assert torch.equal(mine[:, 1:], other[:, 1:])


@every_layer
@examples
@given(batch=batches(), data=st.data())
def test_another_order_of_rows_gives_the_same_rows(
    name: str, batch: dict[str, Any], data: st.DataObject
) -> None:
    layer, x, state = made(name, batch)
    order = data.draw(st.permutations(range(len(batch["lengths"]))))
    lengths = [batch["lengths"][row] for row in order]
    output, final = layer(x, state, lengths=batch["lengths"])
    moved, ended = layer(x[:, order], rows_of(state, order), lengths=lengths)
    assert_by_rounding_only(moved, output[:, order])
    for mine, other in zip(parts(ended), parts(final), strict=True):
        assert_by_rounding_only(mine, other[:, order])


@every_layer
@pytest.mark.parametrize("steps", [0, 4])
@pytest.mark.parametrize("with_state", [False, True])
def test_without_steps_the_final_state_is_the_initial_state(
    name: str, steps: int, with_state: bool
) -> None:
    batch = {
        "lengths": [0, 0, 0], "steps": steps, "bidirectional": True, "num_layers": 2,
        "with_state": with_state, "seed": 0,
    }  # fmt: skip
    layer, x, state = made(name, batch)
    output, final = layer(x, state, lengths=batch["lengths"])
    assert output.shape == (steps, 3, 2 * layer.output_size)
    assert not output.any()
    expected = parts(state_for(layer, 3)) if state is None else parts(state)
    for mine, other in zip(parts(final), expected, strict=True):
        assert torch.equal(mine, torch.zeros_like(other) if state is None else other)


@every_layer
def test_an_empty_sequence_among_others_keeps_its_initial_state(name: str) -> None:
    batch = {
        "lengths": [2, 0, 3], "steps": 3, "bidirectional": True, "num_layers": 2,
        "with_state": True, "seed": 1,
    }  # fmt: skip
    layer, x, state = made(name, batch)
    output, final = layer(x, state, lengths=batch["lengths"])
    assert not output[:, 1].any()
    for mine, other in zip(parts(final), parts(state), strict=True):
        assert torch.equal(mine[:, 1], other[:, 1])
        assert not torch.equal(mine[:, 0], other[:, 0])


@every_layer
@examples
@given(batch=batches())
def test_batch_first_is_the_transposed_batch(name: str, batch: dict[str, Any]) -> None:
    layer, x, state = made(name, batch)
    other = make_layer(
        name, 3, 5, num_layers=batch["num_layers"], bidirectional=batch["bidirectional"],
        batch_first=True,
    )  # fmt: skip
    other.load_state_dict(layer.state_dict())
    output, final = layer(x, state, lengths=batch["lengths"])
    turned, ended = other(x.transpose(0, 1), state, lengths=batch["lengths"])
    assert torch.equal(turned.transpose(0, 1), output)
    assert all(torch.equal(a, b) for a, b in zip(parts(final), parts(ended), strict=True))


@every_layer
@examples
@given(batch=batches())
def test_ragged_in_is_padded_in(name: str, batch: dict[str, Any]) -> None:
    layer, x, state = made(name, batch)
    ragged, ragged_final = layer(Ragged.from_padded(x, batch["lengths"]), state)
    output, final = layer(x, state, lengths=batch["lengths"])
    assert isinstance(ragged, Ragged)
    assert ragged.lengths.tolist() == batch["lengths"]
    assert torch.equal(ragged.to_padded(total_length=batch["steps"]), output)
    assert all(torch.equal(a, b) for a, b in zip(parts(final), parts(ragged_final), strict=True))
