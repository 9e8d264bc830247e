"""The layers as drop-ins for `torch.nn`: options, memory layout, dropout, initial states."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import elman
from elman.sequences import Ragged
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


# --- description and options


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_layers": 2, "bias": False, "batch_first": True, "dropout": 0.5},
        {"bidirectional": True},
    ],
    ids=str,
)
def test_repr_is_torch_s(name: str, options: dict[str, Any]) -> None:
    assert repr(getattr(elman, name)(3, 4, **options)) == repr(getattr(nn, name)(3, 4, **options))


def test_repr_says_what_torch_has_no_word_for() -> None:
    assert repr(elman.LSTM(3, 4, 2, proj_size=2)) == repr(nn.LSTM(3, 4, 2, proj_size=2))
    assert repr(elman.RNN(3, 4, nonlinearity="relu")) == "RNN(3, 4, nonlinearity='relu')"
    layer = elman.GRU(3, 4, reset_after=False, initial_state="random", kernel="reference")
    shown = "GRU(3, 4, reset_after=False, initial_state='random', kernel='reference')"
    assert repr(layer) == shown
    other = elman.LSTM(
        3, 4, peephole=True, clip=2, nonlinearity="softsign", zoneout=(0.1, 0.2), init="chrono",
        t_max=9, weight_dropout=0.5,
    )  # fmt: skip
    assert repr(other) == (
        "LSTM(3, 4, nonlinearity='softsign', peephole=True, clip=2.0, weight_dropout=0.5,"
        " zoneout=(0.1, 0.2), init='chrono', t_max=9)"
    )


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_positional_arguments_stand_where_torch_s_stand(name: str) -> None:
    second: list[Any] = ["relu"] if name == "RNN" else []
    last: list[Any] = [3, "cpu", DOUBLE] if name == "LSTM" else []
    arguments = [5, 6, 2, *second, False, True, 0.25, True, *last]
    ours, theirs = getattr(elman, name)(*arguments), getattr(nn, name)(*arguments)
    found = {key: (value.shape, value.dtype) for key, value in ours.state_dict().items()}
    expected = {key: (value.shape, value.dtype) for key, value in theirs.state_dict().items()}
    assert found == expected
    for option in ["num_layers", "bias", "batch_first", "dropout", "bidirectional", "proj_size"]:
        assert getattr(ours, option) == getattr(theirs, option)
    ours.flatten_parameters()


@every_layer
def test_without_biases_there_are_none_and_the_result_is_that_of_zero_biases(name: str) -> None:
    bare, full = made(name, bias=False), made(name)
    assert not [key for key in bare.state_dict() if key.startswith("bias_")]
    full.load_state_dict(bare.state_dict(), strict=False)
    with torch.no_grad():
        for key, weight in full.named_parameters():
            if key.startswith("bias_"):
                weight.zero_()
    x = torch.randn(5, 2, 3)
    for mine, other in zip(results(bare(x)), results(full(x)), strict=True):
        assert torch.allclose(mine, other, rtol=0, atol=OUTPUT[torch.float32])


@every_layer
def test_inputs_and_states_may_lie_anyhow_in_memory(name: str) -> None:
    layer = made(name, num_layers=2)
    x = torch.randn(3, 2, 5).permute(2, 1, 0)
    assert not x.is_contiguous()
    dense, state = results(layer(x.contiguous())), layer(x)[1]
    assert all_equal(results(layer(x)), dense)
    turned = [part.transpose(0, 2).contiguous().transpose(0, 2) for part in parts(state)]
    assert not turned[0].is_contiguous()
    assert all_equal(results(layer(x, whole(turned))), results(layer(x, state)))
    expanded = torch.randn(5, 1, 3).expand(5, 2, 3)
    assert all_equal(results(layer(expanded)), results(layer(expanded.contiguous())))


@every_layer
def test_a_stack_in_both_directions_is_made_of_single_layers(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True)
    lengths, state = [5, 2, 3], layer(torch.randn(4, 3, 3))[1]
    batch = Ragged(torch.randn(10, 3), lengths)
    output, final = layer(batch, state)
    sequences, ends = list(batch.to_list()), []
    for depth in range(2):
        sides = []
        for way, ending in enumerate(["", "_reverse"]):
            single = make_layer(name, sequences[0].shape[1], 4)
            suffix = f"_l{depth}{ending}"
            own = {k: w for k, w in layer.state_dict().items() if k.endswith(suffix)}
            own = {k.removesuffix(suffix) + "_l0": w for k, w in own.items()}
            single.load_state_dict(single.state_dict() | own)
            turned = [s.flip(0) for s in sequences] if way else sequences
            start = whole([part[2 * depth + way :][:1] for part in parts(state)])
            one, end = single(Ragged.from_list(turned), start)
            sides.append([s.flip(0) if way else s for s in one.to_list()])
            ends.append(parts(end))
        sequences = [torch.cat(pair, dim=1) for pair in zip(*sides, strict=True)]
    found = [output.values, *parts(final)]
    expected = [torch.cat(sequences), *(torch.cat(part) for part in zip(*ends, strict=True))]
    for mine, other in zip(found, expected, strict=True):
        assert torch.allclose(mine, other, rtol=0, atol=OUTPUT[torch.float32])


# --- dropout


@every_layer
def test_dropout_acts_in_training_only_and_between_layers_only(name: str) -> None:
    layer, plain = made(name, num_layers=2, dropout=0.5), made(name, num_layers=2)
    x = torch.randn(6, 3, 3)
    expected = results(plain(x))
    layer.eval()
    assert all_equal(results(layer(x)), expected)
    layer.train()
    torch.manual_seed(1)
    first = results(layer(x))
    second = results(layer(x))
    assert not torch.equal(first[0], second[0])
    torch.manual_seed(1)
    assert all_equal(results(layer(x)), first)
    # Neither the input of the first layer nor the output of the last is dropped.
    assert all(torch.equal(part[0], other[0]) for part, other in zip(
        first[1:], expected[1:], strict=True
    ))  # fmt: skip
    assert torch.equal(first[0][-1], first[1][-1])
    if name != "rnn_relu":  # whose states may well be 0
        assert bool(first[0].ne(0).all())


def test_dropout_drops_whole_values_and_scales_the_others() -> None:
    bottom, top = elman.RNN(3, 40), elman.RNN(40, 40)
    layer = elman.RNN(3, 40, num_layers=2, dropout=0.25)
    weights = {**bottom.state_dict()}
    weights |= {key.replace("l0", "l1"): value for key, value in top.state_dict().items()}
    layer.load_state_dict(weights)
    x = torch.randn(10, 4, 3)
    torch.manual_seed(5)
    found = layer(x)[0]
    torch.manual_seed(5)
    between = nn.functional.dropout(
        Ragged.from_padded(bottom(x)[0], [10] * 4).packed_values(), 0.25
    )
    kept = float(between.ne(0).float().mean())
    assert 0.7 < kept < 0.8
    assert torch.equal(found, top(between.view(10, 4, 40))[0])


def test_dropout_of_one_drops_everything() -> None:
    layer = elman.GRU(3, 4, num_layers=2, dropout=1.0)
    one, other = layer(torch.randn(5, 2, 3))[0], layer(torch.randn(5, 2, 3))[0]
    assert torch.equal(one, other)
