"""Every way of differentiating a layer: once, twice, forward, for each example by itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, jvp, vmap

from tests.layer_kinds import every_layer, make_layer, parts, whole
from tests.tolerances import GRADIENT, OUTPUT

DOUBLE = torch.float64


def made(name: str, **options: Any) -> Any:
    torch.manual_seed(0)
    return make_layer(name, 3, 4, **options)


def results(found: Any) -> list[Tensor]:
    output, state = found
    return [output, *parts(state)]


@every_layer
def test_backward_in_evaluation_mode(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True, dropout=0.5).eval()
    x = torch.randn(5, 2, 3, requires_grad=True)
    layer(x, lengths=[5, 3])[0].sum().backward()
    assert x.grad is not None
    assert x.grad[:3].ne(0).any()
    assert all(weight.grad is not None for weight in layer.parameters())


@every_layer
def test_two_halves_with_the_state_handed_over_equal_the_whole(name: str) -> None:
    layer = made(name, num_layers=2, dtype=DOUBLE)
    x = torch.randn(6, 3, 3, dtype=DOUBLE, requires_grad=True)
    start = [part.detach().requires_grad_() for part in parts(layer(x)[1])]
    leaves = [x, *start, *layer.parameters()]

    def gradients(output: Tensor, state: Any) -> tuple[Tensor, ...]:
        total = (output * torch.linspace(-1, 1, 6, dtype=DOUBLE)[:, None, None]).sum()
        return torch.autograd.grad(
            total + sum(part.square().sum() for part in parts(state)), leaves
        )

    output, end = layer(x, whole(start), lengths=[6, 2, 0])
    first, middle = layer(x[:3], whole(start), lengths=[3, 2, 0])
    second, last = layer(x[3:], middle, lengths=[3, 0, 0])
    halves = torch.cat([first, second])
    for mine, other in zip([halves, *parts(last)], [output, *parts(end)], strict=True):
        assert torch.allclose(mine, other, rtol=0, atol=OUTPUT[DOUBLE])
    for mine, other in zip(gradients(halves, last), gradients(output, end), strict=True):
        scale = float(other.abs().max())
        assert float((mine - other).abs().max()) <= GRADIENT[DOUBLE] * scale


@every_layer
def test_once_and_twice_through_a_whole_layer(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True, dtype=DOUBLE)
    x = torch.randn(3, 2, 3, dtype=DOUBLE, requires_grad=True)
    weights = dict(layer.named_parameters())

    def run(x: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(weights, values, strict=True))
        return tuple(results(functional_call(layer, named, (x,), {"lengths": [3, 2]})))

    assert torch.autograd.gradcheck(run, (x, *weights.values()), fast_mode=True)
    assert torch.autograd.gradgradcheck(run, (x, *weights.values()), fast_mode=True)


@every_layer
def test_a_penalty_on_the_gradient_reaches_the_weights(name: str) -> None:
    layer = made(name)
    x = torch.randn(5, 2, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x)[0].square().sum(), x, create_graph=True)
    gradient.square().sum().backward()
    assert bool(layer.weight_ih_l0.grad.ne(0).any())


@every_layer
@pytest.mark.parametrize("unbatched", [False, True])
def test_gradients_of_each_example_by_vmap(name: str, unbatched: bool) -> None:
    layer = made(name, num_layers=2, bidirectional=True, dtype=DOUBLE)
    weights = {key: value.detach() for key, value in layer.named_parameters()}
    examples = torch.randn(4, 5, 3, dtype=DOUBLE)  # [examples, T, I]

    def loss(weights: dict[str, Tensor], example: Tensor) -> Tensor:
        x = example if unbatched else example.unsqueeze(1)
        output, state = functional_call(layer, weights, (x,))
        return torch.cat([output.square().flatten(), *(p.flatten() for p in parts(state))]).sum()

    found = vmap(grad(loss), in_dims=(None, 0))(weights, examples)
    for n, example in enumerate(examples):
        layer.zero_grad()
        loss(dict(layer.named_parameters()), example).backward()
        for key, weight in layer.named_parameters():
            scale = float(weight.grad.abs().max())
            difference = float((found[key][n] - weight.grad).abs().max())
            assert difference <= GRADIENT[DOUBLE] * scale, key


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@every_layer
def test_forward_mode_agrees_with_backward(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True, dtype=DOUBLE)
    x, tangent = torch.randn(2, 5, 2, 3, dtype=DOUBLE).unbind()

    def run(x: Tensor) -> Tensor:
        output: Tensor = layer(x, lengths=[5, 2])[0]
        return output

    found = jvp(run, (x,), (tangent,))
    output, pushed = found[0], found[1]
    cotangent = torch.randn_like(output)
    inner = x.clone().requires_grad_()
    (pulled,) = torch.autograd.grad(run(inner), inner, cotangent)
    assert bool(pushed.ne(0).any())
    assert torch.allclose((pushed * cotangent).sum(), (pulled * tangent).sum(), rtol=1e-10)


@every_layer
def test_a_batch_without_a_step_still_trains(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True)
    layer(torch.randn(4, 2, 3), lengths=[0, 0])[0].sum().backward()
    assert all(w.grad is not None and not w.grad.any() for w in layer.parameters())
