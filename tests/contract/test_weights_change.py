"""Weights that change between calls, and between the passes of one call.

Nothing that a kernel keeps may outlive a change, however it was made: fused optimisers, `.data` and
NumPy change neither a tensor's address nor the version that autograd counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

import elman
from elman.kernels.engine import engine_status
from tests.tolerances import GRADIENT, OUTPUT

pytestmark = pytest.mark.skipif(not engine_status().built, reason=engine_status().reason)

LAYERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rnn": (elman.RNN, {}),
    "lstm": (elman.LSTM, {"proj_size": 3}),
    "lstm_peephole": (elman.LSTM, {"peephole": True}),
    "gru": (elman.GRU, {}),
    "gru_reset_before": (elman.GRU, {"reset_after": False}),
    "gru_joint": (elman.GRU, {"norm": "joint"}),
}
every_layer = pytest.mark.parametrize("name", LAYERS)

Change = Callable[[torch.nn.Module], None]


def _by(kind: type[torch.optim.Optimizer], **options: Any) -> Change:
    def step(layer: torch.nn.Module) -> None:
        for number, weight in enumerate(layer.parameters()):
            weight.grad = torch.full_like(weight, 1.0 + number)
        kind(layer.parameters(), **options).step()
        layer.zero_grad()

    return step


def _through_data(layer: torch.nn.Module) -> None:
    for weight in layer.parameters():
        weight.data.mul_(1.5)


def _through_numpy(layer: torch.nn.Module) -> None:
    for weight in layer.parameters():
        array = weight.detach().numpy()
        array *= 1.5


def _from_a_vector(layer: torch.nn.Module) -> None:
    vector_to_parameters(
        parameters_to_vector(layer.parameters()).detach() * 1.5, layer.parameters()
    )


def _copied(layer: torch.nn.Module) -> None:
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(weight * 1.5)


def _one_number(layer: torch.nn.Module) -> None:
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0")[0, 1] += 0.5


UNSEEN: dict[str, Change] = {
    "fused AdamW": _by(torch.optim.AdamW, lr=0.1, fused=True),
    "fused SGD": _by(torch.optim.SGD, lr=0.1, momentum=0.9, fused=True),
    "data": _through_data,
    "NumPy": _through_numpy,
    "vector_to_parameters": _from_a_vector,
}
IN_PLACE_UNSEEN = [way for way in UNSEEN if way != "vector_to_parameters"]
SEEN: dict[str, Change] = {
    "AdamW": _by(torch.optim.AdamW, lr=0.1),
    "SGD": _by(torch.optim.SGD, lr=0.1),
    "copy_": _copied,
    "one number": _one_number,
}
ways = pytest.mark.parametrize("way", [*UNSEEN, *SEEN])


def pair(name: str) -> tuple[Any, Any]:
    """The same layer on the native core and on the reference kernel."""
    kind, options = LAYERS[name]
    torch.manual_seed(0)
    layers = [
        kind(3, 4, 2, bidirectional=True, dtype=torch.float64, kernel=kernel, **options)
        for kernel in ("cpu", "reference")
    ]
    layers[1].load_state_dict(layers[0].state_dict())
    return layers[0], layers[1]


def an_input() -> Tensor:
    return torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def gradients(layer: Any, output: Tensor) -> list[Tensor]:
    weights = torch.linspace(-1, 2, output.numel(), dtype=output.dtype)
    return list(torch.autograd.grad(torch.dot(output.flatten(), weights), [*layer.parameters()]))


def assert_same_gradients(found: list[Tensor], expected: list[Tensor]) -> None:
    scale = max(float(one.abs().max()) for one in expected)
    for mine, true in zip(found, expected, strict=True):
        assert float((mine - true).abs().max()) <= GRADIENT[torch.float64] * scale


@every_layer
@ways
def test_the_next_call_sees_the_change(name: str, way: str) -> None:
    ours, reference = pair(name)
    x = an_input()
    before = gradients(ours, ours(x)[0])
    for layer in (ours, reference):
        (UNSEEN | SEEN)[way](layer)
    found, expected = ours(x)[0], reference(x)[0]
    assert float((found - expected).detach().abs().max()) <= OUTPUT[torch.float64]
    after = gradients(ours, found)
    assert_same_gradients(after, gradients(reference, expected))
    assert not all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    with torch.no_grad():
        assert torch.equal(ours(x)[0], found)


@every_layer
@pytest.mark.parametrize("way", SEEN)
def test_a_change_between_the_passes_is_refused(name: str, way: str) -> None:
    ours, _ = pair(name)
    output = ours(an_input())[0]
    SEEN[way](ours)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


@every_layer
@pytest.mark.parametrize("way", IN_PLACE_UNSEEN)
def test_a_change_that_torch_cannot_see_between_the_passes_does_what_it_does_to_the_reference(
    name: str, way: str
) -> None:
    """Autograd cannot see such changes, and refuses them in no operation of torch either."""
    ours, reference = pair(name)
    outputs = [layer(an_input())[0] for layer in (ours, reference)]
    for layer in (ours, reference):
        UNSEEN[way](layer)
    assert_same_gradients(gradients(ours, outputs[0]), gradients(reference, outputs[1]))


@every_layer
def test_an_input_that_changes_between_the_passes_is_refused(name: str) -> None:
    ours, _ = pair(name)
    x = an_input()
    output = ours(x)[0]
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


@every_layer
def test_an_output_that_changes_between_the_passes_is_refused(name: str) -> None:
    ours, _ = pair(name)
    output = ours(an_input())[0]
    output.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()
