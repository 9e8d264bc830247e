"""Stacks of layers that differ: what they compute, their states, and what is refused."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence

import elman
from elman import GRU, LSTM, RNN, Stack
from elman.errors import ConfigurationError, ShapeError
from elman.kernels import dispatch
from elman.sequences import Ragged
from tests.layer_kinds import parts
from tests.tolerances import OUTPUT

DOUBLE = torch.float64
LENGTHS = [4, 0, 6, 1]


def mixed(**options: Any) -> list[Any]:
    """An LSTM in both directions, a projected one, and a GRU: 3 → 8 → 8 → 8 wide."""
    torch.manual_seed(0)
    return [
        LSTM(3, 4, bidirectional=True, dtype=DOUBLE, **options),
        LSTM(8, 9, proj_size=8, dtype=DOUBLE, **options),
        GRU(8, 8, norm="joint", dtype=DOUBLE, **options),
    ]


def batch() -> Ragged:
    own = torch.Generator().manual_seed(1)
    return Ragged(torch.randn(sum(LENGTHS), 3, dtype=DOUBLE, generator=own), LENGTHS)


def resets() -> Ragged:
    return Ragged(torch.arange(sum(LENGTHS)) % 3 == 1, LENGTHS)


def flat(states: Any) -> list[Tensor]:
    return [part for state in states for part in parts(state)]


def assert_close(found: list[Tensor], expected: list[Tensor]) -> None:
    for mine, other in zip(found, expected, strict=True):
        assert mine.shape == other.shape
        assert torch.allclose(mine, other, rtol=0, atol=OUTPUT[DOUBLE])


# --- what they compute


@pytest.mark.parametrize("with_resets", [False, True])
@pytest.mark.parametrize("given", [False, True])
def test_a_plain_stack_is_one_layer_after_the_other(with_resets: bool, given: bool) -> None:
    layers = mixed()
    options: dict[str, Any] = {"resets": resets()} if with_resets else {}
    states: Any = Stack(layers)(batch())[1] if given else None
    output, final = Stack(layers)(batch(), states, **options)
    expected, ends = batch(), []
    for number, layer in enumerate(layers):
        expected, end = layer(expected, states and states[number], **options)
        ends.append(end)
    assert_close([output.values, *flat(final)], [expected.values, *flat(ends)])


def test_a_residual_stack_adds_the_input_of_each_layer_above_the_first() -> None:
    layers = mixed()
    output, _ = Stack(layers, residual=True)(batch())
    first, _ = layers[0](batch())
    second = first.with_values(layers[1](first)[0].values + first.values)
    third = second.with_values(layers[2](second)[0].values + second.values)
    assert_close([output.values], [third.values])


def test_a_residual_stack_adds_where_it_is_told_to() -> None:
    layers = mixed()
    output, _ = Stack(layers, residual=[False, False, True])(batch())
    second, _ = layers[1](layers[0](batch())[0])
    assert_close([output.values], [layers[2](second)[0].values + second.values])
    first = [RNN(3, 3, dtype=DOUBLE)]
    output, _ = Stack(first, residual=[True])(batch())
    assert_close([output.values], [first[0](batch())[0].values + batch().values])
    output, _ = Stack(first, residual=True)(batch())
    assert_close([output.values], [first[0](batch())[0].values])


def test_a_skip_stack_shows_the_input_to_each_layer_and_each_layer_to_the_output() -> None:
    torch.manual_seed(0)
    layers = [GRU(3, 4, dtype=DOUBLE), LSTM(7, 5, bidirectional=True, dtype=DOUBLE),
              RNN(13, 2, dtype=DOUBLE)]  # fmt: skip
    output, _ = Stack(layers, skip=True)(batch())
    x = batch().values
    first = layers[0](batch())[0]
    second = layers[1](first.with_values(torch.cat([first.values, x], 1)))[0]
    third = layers[2](second.with_values(torch.cat([second.values, x], 1)))[0]
    together = torch.cat([first.values, second.values, third.values], 1)
    assert_close([output.values], [together])


def test_a_stack_of_alike_layers_is_the_layer_of_torch() -> None:
    torch.manual_seed(0)
    theirs = nn.LSTM(3, 4, num_layers=3, bidirectional=True, dtype=DOUBLE)
    layers = [LSTM(3 if n == 0 else 8, 4, bidirectional=True, dtype=DOUBLE) for n in range(3)]
    for number, layer in enumerate(layers):
        own = {k: w for k, w in theirs.state_dict().items() if f"_l{number}" in k}
        layer.load_state_dict({k.replace(f"_l{number}", "_l0"): w for k, w in own.items()})
    x = torch.randn(5, 2, 3, dtype=DOUBLE)
    output, final = Stack(layers)(x)
    expected, (h_n, c_n) = theirs(x)
    assert_close([output, torch.cat([h for h, _ in final]), torch.cat([c for _, c in final])],
                 [expected, h_n, c_n])  # fmt: skip


def test_dropout_acts_between_layers_and_in_training_only() -> None:
    layers = [RNN(3, 40), RNN(40, 40)]
    stack = Stack(layers, dropout=0.25)
    x = torch.randn(5, 2, 3)
    torch.manual_seed(5)
    output, _ = stack(x)
    torch.manual_seed(5)
    dropped = nn.functional.dropout(layers[0](x)[0].reshape(10, 40), 0.25).view(5, 2, 40)
    assert torch.equal(output, layers[1](dropped)[0])
    stack.eval()
    assert torch.equal(stack(x)[0], layers[1](layers[0](x)[0])[0])


@pytest.mark.parametrize("options", [{"residual": True}, {"skip": True}], ids=str)
def test_gradients_once_and_twice(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    width = 5 if "skip" in options else 2
    layers = [GRU(3, 2, dtype=DOUBLE), RNN(width, 2, dtype=DOUBLE, initial_state="learned")]
    stack = Stack(layers, **options)
    x = torch.randn(3, 2, 3, dtype=DOUBLE, requires_grad=True)
    names = dict(stack.named_parameters())

    def run(x: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(names, weights, strict=True))
        output, final = torch.func.functional_call(stack, named, (x,), {"lengths": [3, 2]})
        return output, *flat(final)

    assert torch.autograd.gradcheck(run, (x, *names.values()), fast_mode=True)
    assert torch.autograd.gradgradcheck(run, (x, *names.values()), fast_mode=True)


# --- inputs and states


def test_every_kind_of_input_gives_its_own_kind() -> None:
    stack = Stack([LSTM(3, 4, bidirectional=True), GRU(8, 5)], residual=False)
    sequences = [torch.randn(4, 3), torch.randn(2, 3)]
    ragged = Ragged.from_list(sequences)
    expected, final = stack(ragged)
    padded, ends = stack(ragged.to_padded(), lengths=[4, 2])
    assert torch.equal(padded, expected.to_padded())
    packed, packed_ends = stack(pack_sequence(sequences))
    assert torch.equal(Ragged.from_packed(packed).values, expected.values)
    for other in (ends, packed_ends):
        assert all(torch.equal(a, b) for a, b in zip(flat(other), flat(final), strict=True))
    single, state = stack(sequences[0])
    assert single.shape == (4, 5)
    assert [part.shape for part in flat(state)] == [(2, 4), (2, 4), (1, 5)]
    output, _ = stack(torch.randn(0, 2, 3))
    assert output.shape == (0, 2, 5)


def test_batch_first_is_that_of_the_layers() -> None:
    stack = Stack([GRU(3, 4, batch_first=True), RNN(4, 2, batch_first=True)])
    output, (h, top) = stack(torch.randn(2, 5, 3))
    assert output.shape == (2, 5, 2)
    assert h.shape == (1, 2, 4)
    assert top.shape == (1, 2, 2)


def test_the_order_of_packing_is_made_once_for_all_layers() -> None:
    seen: list[Any] = []
    with dispatch.watch(lambda call, result: seen.append((call, result))):
        Stack(mixed())(batch())
    assert [len(call.directions) for call, _ in seen] == [2, 1, 1]
    for (_, lower), (upper, _) in pairwise(seen):
        assert upper.input is lower.output


def test_halves_with_the_states_handed_over_equal_the_whole() -> None:
    torch.manual_seed(0)
    stack = Stack([LSTM(3, 4, dtype=DOUBLE), GRU(4, 4, dtype=DOUBLE)], residual=True)
    x = torch.randn(6, 2, 3, dtype=DOUBLE)
    fresh = torch.zeros(6, 2, dtype=torch.bool)
    fresh[4, 1] = True
    output, final = stack(x, resets=fresh)
    first, middle = stack(x[:3], resets=fresh[:3])
    second, last = stack(x[3:], middle, resets=fresh[3:])
    assert_close([torch.cat([first, second]), *flat(last)], [output, *flat(final)])


# --- description and refusals


def test_repr_tells_layers_and_connections() -> None:
    shown = repr(Stack([LSTM(3, 4), GRU(4, 4, norm="joint")], residual=True, dropout=0.5))
    assert shown.startswith("Stack(\n  residual=(False, True), dropout=0.5\n")
    assert "LSTM(3, 4)" in shown
    assert "GRU(4, 4, norm='joint')" in shown
    assert "skip=True" in repr(Stack([RNN(3, 4)], skip=True))
    assert "residual" not in repr(Stack([RNN(3, 4)]))


REFUSED: list[tuple[Any, dict[str, Any], str, str]] = [
    ([], {}, "none", "one RNN, LSTM, GRU or CustomLayer, or more"),
    ([nn.LSTM(3, 4)], {}, "LSTM", "one RNN, LSTM, GRU or CustomLayer, or more"),
    ([RNN(3, 4), RNN(5, 4)], {}, "layers[1].input_size = 5", "4: 4 of the layer below"),
    ([RNN(3, 4, bidirectional=True), RNN(4, 4)], {}, "layers[1].input_size = 4", "8: 8 of"),
    ([RNN(3, 4), RNN(4, 4)], {"skip": True}, "input_size = 4", "7: 4 of the layer below and 3 of"),
    ([RNN(3, 4), RNN(4, 5)], {"residual": True}, "residual layers[1], from 4 to 5", "as wide as"),
    ([RNN(3, 4)], {"residual": [True]}, "residual layers[0], from 3 to 4", "as wide as"),
    ([RNN(3, 4)], {"residual": [True, False]}, "residual = (True, False)", "or 1 of them"),
    ([RNN(3, 3), RNN(3, 3)], {"residual": True, "skip": True}, "residual and skip", "one of"),
    ([RNN(3, 4), RNN(4, 4, batch_first=True)], {}, "batch_first differs", "one order"),
    ([RNN(3, 4)], {"dropout": 1.5}, "dropout = 1.5", "from 0 to 1"),
]


@pytest.mark.parametrize(("layers", "options", "where", "expected"), REFUSED)
def test_what_cannot_be_stacked(
    layers: Any, options: dict[str, Any], where: str, expected: str
) -> None:
    with pytest.raises(ConfigurationError, match="cannot be stacked so") as caught:
        Stack(layers, **options)
    assert where in caught.value.where
    assert expected in caught.value.expected


def test_states_that_do_not_fit() -> None:
    stack = Stack([LSTM(3, 4), GRU(4, 5)])
    x = torch.randn(6, 2, 3)
    h, c, top = torch.zeros(1, 2, 4), torch.zeros(1, 2, 4), torch.zeros(1, 2, 5)
    stack(x, ((h, c), top))
    wrong: list[tuple[Any, str, str]] = [
        (h, "of type Tensor", "a tuple of 2, one state a layer"),
        (((h, c),), "a tuple of 1", "one state a layer"),
        ((h, top), "of layer 0 is of type Tensor", "a tensor for each of h, c"),
        (((h, c, c), top), "of layer 0 is a tuple of 3", "h, c"),
        (((h, c), (top, top)), "of layer 1 is a tuple of 2", "each of h"),
        (((h, c), h), "h_0 has shape [1, 2, 4]", "[1, 2, 5]"),
        (((h, None), top), "NoneType", "a tensor for each of h_0, c_0"),
    ]
    for state, what, expected in wrong:
        with pytest.raises(ShapeError) as caught:
            stack(x, state)
        assert what in caught.value.what
        assert expected in caught.value.expected
        assert "hx" in caught.value.where


def test_inputs_that_do_not_fit() -> None:
    stack = Stack([LSTM(3, 4), GRU(4, 5)])
    for given, expected in [(torch.randn(6, 2, 4), "[3] (input_size)"), ([1.0], "a tensor")]:
        with pytest.raises(ShapeError) as caught:
            stack(given)
        assert expected in caught.value.expected


def test_weights_are_saved_by_layer() -> None:
    stack = Stack([LSTM(3, 4), GRU(4, 5, reset_after=False)])
    assert "layers.0.weight_ih_l0" in stack.state_dict()
    assert "layers.1._extra_state" in stack.state_dict()
    other = Stack([LSTM(3, 4), GRU(4, 5, reset_after=False)])
    other.load_state_dict(stack.state_dict())
    x = torch.randn(6, 2, 3)
    assert torch.equal(other(x)[0], stack(x)[0])
    assert elman.Stack is Stack
