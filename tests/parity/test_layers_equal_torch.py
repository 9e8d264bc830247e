"""Elman's layers against `torch.nn`'s: outputs, final states and every gradient."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import elman
from tests.tolerances import GRADIENT, OUTPUT

# torch says so of its own projected LSTM, which is only the oracle here.
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported:UserWarning")

KINDS = ["rnn_tanh", "rnn_relu", "lstm", "lstm_projected", "gru"]


def pair(kind: str, **options: Any) -> tuple[Any, Any]:
    """A torch layer and an Elman layer with the same weights."""
    if kind.startswith("rnn"):
        options["nonlinearity"] = kind.removeprefix("rnn_")
    if kind == "lstm_projected":
        options["proj_size"] = max(1, options["hidden_size"] // 2)
        options["hidden_size"] = max(2, options["hidden_size"])
    name = kind.split("_")[0].upper()
    theirs, ours = getattr(torch.nn, name)(**options), getattr(elman, name)(**options)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    return theirs, ours


def nested(state: Any, of: Callable[[Tensor], Tensor]) -> Any:
    return of(state) if isinstance(state, Tensor) else tuple(map(of, state))


def parts(state: Tensor | tuple[Tensor, ...]) -> list[Tensor]:
    return [state] if isinstance(state, Tensor) else list(state)


def assert_close(ours: Tensor, theirs: Tensor, tolerance: float, what: str) -> None:
    assert ours.shape == theirs.shape, what
    difference = float((ours - theirs).detach().abs().max()) if ours.numel() else 0.0
    assert difference <= tolerance, f"{what} differs by {difference:.2e}"


def assert_gradients_equal(
    ours: list[Tensor], theirs: list[Tensor], exact: list[Tensor], dtype: torch.dtype
) -> None:
    """Ours are as near to a float64 run as is asked, or nearer than those of `torch.nn`.

    A gradient may be what is left of larger ones that cancel, of which either of two float32 runs
    has lost more than the tolerance; then the better one is in the right.
    """
    for number, (our_grad, their_grad, truth) in enumerate(zip(ours, theirs, exact, strict=True)):
        asked = GRADIENT[dtype] * max(float(truth.abs().max()), 1e-30)
        their_error = float((their_grad - truth).abs().max())
        assert_close(our_grad, truth, max(asked, their_error), f"gradient {number}")


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    longest = draw(st.integers(1, 12))
    return {
        "kind": draw(st.sampled_from(KINDS)),
        "input_size": draw(st.integers(1, 9)),
        "hidden_size": draw(st.integers(2, 17)),
        "num_layers": draw(st.integers(1, 3)),
        "bidirectional": draw(st.booleans()),
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "dtype": draw(st.sampled_from([torch.float32, torch.float64])),
        "lengths": draw(st.lists(st.integers(1, longest), min_size=1, max_size=6)),
        "with_state": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**31)),
    }


def compare_on_lengths(case: dict[str, Any], kernel: str = "auto") -> None:
    case = dict(case)  # hypothesis replays the case it gave
    torch.manual_seed(case.pop("seed"))
    kind, lengths = case.pop("kind"), case.pop("lengths")
    with_state, batch_first = case.pop("with_state"), case["batch_first"]
    theirs, ours = pair(kind, **case)
    ours.kernel = kernel
    dtype = case["dtype"]
    shape = (len(lengths), max(lengths)) if batch_first else (max(lengths), len(lengths))
    x = torch.randn(*shape, case["input_size"], dtype=dtype)
    state = None
    if with_state:
        layers = case["num_layers"] * (2 if case["bidirectional"] else 1)
        widths = [theirs.proj_size or theirs.hidden_size, theirs.hidden_size]
        draws = [torch.randn(layers, len(lengths), width, dtype=dtype) for width in widths]
        state = (draws[0], draws[1]) if kind.startswith("lstm") else draws[0]

    def by_torch(layer: Any, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        packed = pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
        output, final = layer(packed, state)
        return pad_packed_sequence(output, batch_first)[0], final

    def by_us(layer: Any, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        return layer(x, state, lengths=lengths)  # type: ignore[no-any-return]

    weight = torch.randn_like(by_torch(theirs, x, state)[0])

    def run(
        way: Callable[..., tuple[Tensor, Any]], layer: Any, x: Tensor, state: Any
    ) -> tuple[list[Tensor], list[Tensor]]:
        leaf = x.clone().requires_grad_()
        output, final = way(layer, leaf, state)
        loss = (output * weight.to(x.dtype)).sum()
        loss = loss + sum(part.square().sum() for part in parts(final))
        return [output, *parts(final)], list(torch.autograd.grad(loss, [leaf, *layer.parameters()]))

    exact_state = None if state is None else nested(state, Tensor.double)
    their_results, their_gradients = run(by_torch, theirs, x, state)
    our_results, our_gradients = run(by_us, ours, x, state)
    _, exact = run(by_torch, deepcopy(theirs).double(), x.double(), exact_state)
    for number, (mine, other) in enumerate(zip(our_results, their_results, strict=True)):
        assert_close(mine, other, OUTPUT[dtype], f"result {number}")
    assert_gradients_equal(our_gradients, their_gradients, exact, dtype)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cases())
def test_random_shapes_layers_directions_and_lengths(case: dict[str, Any]) -> None:
    compare_on_lengths(case)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cases())
def test_the_reference_on_random_cases(case: dict[str, Any]) -> None:
    compare_on_lengths(case, "reference")


@pytest.mark.slow
@settings(max_examples=500, deadline=None, derandomize=True)
@given(cases())
def test_five_hundred_random_cases(case: dict[str, Any]) -> None:
    compare_on_lengths(case)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_longer_padded_batch(kind: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    theirs, ours = pair(
        kind, input_size=24, hidden_size=32, num_layers=2, bidirectional=True, dtype=dtype
    )
    x = torch.randn(50, 8, 24, dtype=dtype)
    (output, state), (expected, expected_state) = ours(x), theirs(x)
    assert_close(output, expected, OUTPUT[dtype], "output")
    for mine, other in zip(parts(state), parts(expected_state), strict=True):
        assert_close(mine, other, OUTPUT[dtype], "final state")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_packed_sequences_go_in_and_come_out(kind: str, enforce_sorted: bool) -> None:
    torch.manual_seed(1)
    theirs, ours = pair(kind, input_size=4, hidden_size=6, num_layers=2, bidirectional=True)
    lengths = [5, 5, 3, 1] if enforce_sorted else [3, 5, 1, 5]
    packed = pack_padded_sequence(torch.randn(5, 4, 4), lengths, enforce_sorted=enforce_sorted)
    (expected, expected_state), (output, state) = theirs(packed), ours(packed)
    assert isinstance(output, PackedSequence)
    assert_close(output.data, expected.data, OUTPUT[torch.float32], "packed output")
    assert torch.equal(output.batch_sizes, expected.batch_sizes)
    for name in ["sorted_indices", "unsorted_indices"]:
        mine, other = getattr(output, name), getattr(expected, name)
        assert (mine is None and other is None) or torch.equal(mine, other)
    for mine, other in zip(parts(state), parts(expected_state), strict=True):
        assert_close(mine, other, OUTPUT[torch.float32], "final state")


@pytest.mark.parametrize("kind", KINDS)
def test_unbatched_input(kind: str) -> None:
    torch.manual_seed(2)
    theirs, ours = pair(kind, input_size=3, hidden_size=4, num_layers=2, bidirectional=True)
    x = torch.randn(7, 3)
    _, final = theirs(x)
    (expected, expected_state), (output, state) = theirs(x, final), ours(x, final)
    assert_close(output, expected, OUTPUT[torch.float32], "output")
    for mine, other in zip(parts(state), parts(expected_state), strict=True):
        assert_close(mine, other, OUTPUT[torch.float32], "final state")


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_draws_the_same_weights(kind: str) -> None:
    options: dict[str, Any] = {"input_size": 5, "hidden_size": 8, "num_layers": 2}
    torch.manual_seed(3)
    theirs, _ = pair(kind, **options)
    torch.manual_seed(3)
    if kind.startswith("rnn"):
        options["nonlinearity"] = kind.removeprefix("rnn_")
    if kind == "lstm_projected":
        options["proj_size"] = 4
    ours = getattr(elman, kind.split("_")[0].upper())(**options)
    expected, found = theirs.state_dict(), ours.state_dict()
    assert list(expected) == list(found)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
