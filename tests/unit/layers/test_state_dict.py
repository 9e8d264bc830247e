"""Weights go to and from `torch.nn`; those of a reset-before GRU go nowhere else by accident."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import elman

OPTIONS: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"num_layers": 3, "bidirectional": True},
]


def before(**options: Any) -> elman.GRU:
    return elman.GRU(3, 4, reset_after=False, **options)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("wrapped", [False, True])
def test_weights_load_strictly_both_ways(name: str, options: dict[str, Any], wrapped: bool) -> None:
    theirs, ours = getattr(nn, name)(3, 4, **options), getattr(elman, name)(3, 4, **options)
    if wrapped:
        theirs, ours = nn.Sequential(theirs), nn.Sequential(ours)
    ours.load_state_dict(theirs.state_dict())
    found = ours.state_dict()
    assert list(found) == list(theirs.state_dict())
    assert all(torch.equal(found[key], value) for key, value in theirs.state_dict().items())
    with torch.no_grad():
        for weight in ours.parameters():
            weight += 1
    theirs.load_state_dict(ours.state_dict())
    pairs = zip(theirs.parameters(), ours.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_weights_lie_layer_by_layer_as_in_torch() -> None:
    options: dict[str, Any] = {"num_layers": 2, "bidirectional": True, "proj_size": 2}
    theirs, ours = nn.LSTM(3, 4, **options), elman.LSTM(3, 4, **options)
    ours.load_state_dict(theirs.state_dict())
    assert len(ours.all_weights) == len(theirs.all_weights) == 4
    for mine, other in zip(ours.all_weights, theirs.all_weights, strict=True):
        assert all(torch.equal(one, two) for one, two in zip(mine, other, strict=True))


@pytest.mark.parametrize("name", ["torch", "reset_after"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_reset_before_gru_and_any_other_refuse_each_other(name: str, wrapped: bool) -> None:
    other: nn.Module = nn.GRU(3, 4) if name == "torch" else elman.GRU(3, 4)
    ours: nn.Module = before()
    key = "_extra_state"
    if wrapped:
        other, ours, key = (
            nn.Sequential(nn.Tanh(), other),
            nn.Sequential(nn.Tanh(), ours),
            f"1.{key}",
        )
    with pytest.raises(RuntimeError, match=f'Unexpected key\\(s\\) in state_dict: "{key}"'):
        other.load_state_dict(ours.state_dict())
    with pytest.raises(RuntimeError, match=f'Missing key\\(s\\) in state_dict: "{key}"'):
        ours.load_state_dict(other.state_dict())


@pytest.mark.parametrize("wrapped", [False, True])
def test_loading_that_is_not_strict_is_left_to_the_user(wrapped: bool) -> None:
    other: nn.Module = nn.GRU(3, 4)
    ours: nn.Module = before()
    key = "_extra_state"
    if wrapped:
        other, ours, key = nn.Sequential(other), nn.Sequential(ours), f"0.{key}"
    weights = {name: value.clone() for name, value in ours.state_dict().items()}
    assert other.load_state_dict(weights, strict=False).unexpected_keys == [key]
    assert all(torch.equal(value, weights[name]) for name, value in other.state_dict().items())
    found = ours.load_state_dict(other.state_dict(), strict=False)
    assert (found.missing_keys, found.unexpected_keys) == ([key], [])


@pytest.mark.parametrize("wrapped", [False, True])
def test_two_reset_before_grus_exchange_weights(wrapped: bool) -> None:
    one: nn.Module = before(num_layers=2, bidirectional=True)
    other: nn.Module = before(num_layers=2, bidirectional=True)
    if wrapped:
        one, other = nn.Sequential(one, nn.Tanh()), nn.Sequential(other, nn.Tanh())
    found = other.load_state_dict(one.state_dict())
    assert found.missing_keys == found.unexpected_keys == []
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)


@pytest.mark.parametrize(
    "mark",
    [
        torch.tensor(list(b"reset_afters"), dtype=torch.uint8),
        torch.tensor(list(b"reset"), dtype=torch.uint8),
        torch.zeros(0),
        torch.tensor(1.0),
        "reset_before",
        None,
    ],
    ids=repr,
)
@pytest.mark.parametrize("strict", [True, False])
def test_an_altered_mark_is_refused(mark: Any, strict: bool) -> None:
    layer = before()
    altered = {**layer.state_dict(), "_extra_state": mark}
    with pytest.raises(RuntimeError, match="_extra_state does not say 'reset_before'"):
        layer.load_state_dict(altered, strict=strict)


MARKED: list[tuple[Any, dict[str, Any], str]] = [
    (elman.LSTM, {"coupled": True}, "coupled"),
    (elman.LSTM, {"clip": 3}, "clip 3.0"),
    (elman.GRU, {"gate_nonlinearity": "hard_sigmoid"}, "gate_nonlinearity hard_sigmoid 0.2 0.5"),
    (elman.RNN, {"nonlinearity": "softsign"}, "nonlinearity softsign"),
    (elman.RNN, {"nonlinearity": elman.Activation("elu", 2)}, "nonlinearity elu 2.0"),
    (elman.LSTM, {"state_nonlinearity": "identity", "coupled": True},
     "coupled, state_nonlinearity identity"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "mark"), MARKED, ids=lambda value: str(value))
def test_other_functions_of_the_same_weights_are_marked(
    kind: Any, options: dict[str, Any], mark: str
) -> None:
    layer, twin, plain = kind(3, 4, **options), kind(3, 4, **options), kind(3, 4)
    weights = layer.state_dict()
    assert bytes(weights["_extra_state"].tolist()).decode() == mark
    twin.load_state_dict(weights)
    x = torch.randn(5, 2, 3)
    assert torch.equal(twin(x)[0], layer(x)[0])
    for other in (plain, getattr(nn, kind.__name__)(3, 4)):
        with pytest.raises(RuntimeError, match="Unexpected key"):
            other.load_state_dict(weights)
        with pytest.raises(RuntimeError, match="Missing key"):
            layer.load_state_dict(other.state_dict())
    different = kind(3, 4, clip=7.5)
    with pytest.raises(RuntimeError, match=r"does not say 'clip 7\.5'"):
        different.load_state_dict(weights)


@pytest.mark.parametrize(
    ("kind", "options", "keys"),
    [
        (elman.LSTM, {"peephole": True}, ["peephole_l0"]),
        (elman.LSTM, {"norm": "joint"},
         ["norm_ih_l0", "norm_hh_l0", "norm_c_l0", "norm_c_bias_l0"]),
        (elman.GRU, {"norm": "joint"}, ["norm_ih_l0", "norm_hh_l0"]),
        (elman.GRU, {"norm": "dreamer"}, ["norm_sum_l0", "norm_sum_bias_l0"]),
        (elman.RNN, {"norm": "joint"}, ["norm_ih_l0", "norm_hh_l0"]),
        (elman.RNN, {"nonlinearity": "relu"}, []),
    ],
    ids=str,
)  # fmt: skip
def test_variants_with_weights_of_their_own_need_no_mark(
    kind: Any, options: dict[str, Any], keys: list[str]
) -> None:
    weights = kind(3, 4, **options).state_dict()
    assert list(weights) == [*kind(3, 4).state_dict(), *keys]


def test_the_mark_given_out_is_not_the_mark_itself() -> None:
    before().state_dict()["_extra_state"].zero_()
    assert bytes(before().state_dict()["_extra_state"].tolist()) == b"reset_before"


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_copy_computes_the_same_and_stands_alone(reset_after: bool) -> None:
    layer = elman.GRU(3, 4, reset_after=reset_after)
    twin = copy.deepcopy(layer)
    x = torch.randn(5, 2, 3)
    expected = layer(x)[0]
    assert torch.equal(twin(x)[0], expected)
    twin.load_state_dict(layer.state_dict())
    with torch.no_grad():
        next(twin.parameters()).add_(1)
    assert torch.equal(layer(x)[0], expected)
    assert not torch.equal(twin(x)[0], expected)


def test_safetensors_keep_the_mark(tmp_path: Path) -> None:
    layer, path = before(num_layers=2), tmp_path / "weights.safetensors"
    save_file(layer.state_dict(), path)
    loaded = load_file(path)
    other = before(num_layers=2)
    other.load_state_dict(loaded)
    x = torch.randn(5, 2, 3)
    assert torch.equal(other(x)[0], layer(x)[0])
    with pytest.raises(RuntimeError, match="Unexpected key"):
        elman.GRU(3, 4, num_layers=2).load_state_dict(loaded)
    with pytest.raises(RuntimeError, match="Unexpected key"):
        nn.GRU(3, 4, num_layers=2).load_state_dict(loaded)


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(RuntimeError, match="size mismatch for weight_hh_l0"):
        elman.LSTM(3, 4).load_state_dict(nn.LSTM(3, 5).state_dict())
