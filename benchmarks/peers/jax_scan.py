"""JAX: the step under `jax.lax.scan` under `jax.jit`, the projection of all steps before it.

`scan` keeps its default of one step a turn of its loop. JAX takes as many threads as the process
has cores, which the benchmark sets for everybody.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.cases import Cell
from benchmarks.problem import Answers, Contender, Problem

_NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def contenders(problem: Problem) -> list[Contender]:
    """One compiled function: the output, or the gradients with `jax.grad` through the scan."""
    jax: Any = importlib.import_module("jax")
    weights = tuple(jax.device_put(problem.weights[name].numpy()) for name in _NAMES)
    batch = jax.device_put(problem.batch.numpy())
    d_output = jax.device_put(problem.d_output.numpy())
    layer = _layer(jax, problem.case.cell)

    def weighted(weights: Any, batch: Any) -> tuple[Any, Any]:
        output = layer(weights, batch)
        return jax.numpy.vdot(output, d_output), output

    learned = jax.jit(jax.grad(weighted, argnums=(0, 1), has_aux=True))
    function = learned if problem.case.learns else jax.jit(layer)

    def answers() -> Answers:
        found = function(weights, batch)
        if not problem.case.learns:
            return {"output": _tensor(found)}
        (d_weights, d_batch), output = found
        gradients = dict(zip(_NAMES, d_weights, strict=True)) | {"batch": d_batch}
        return {"output": problem.without_padding(_tensor(output))} | {
            f"gradient of {name}": _tensor(gradient) for name, gradient in gradients.items()
        }

    return [Contender("JAX", lambda: jax.block_until_ready(function(weights, batch)), answers)]


def _tensor(array: Any) -> Tensor:
    numpy: Any = importlib.import_module("numpy")
    return torch.from_numpy(numpy.array(array))


def _layer(jax: Any, cell: Cell) -> Callable[[Any, Any], Any]:
    """From the weights and the batch [T, B, I] to the output [T, B, H], from a state of zeros."""
    step = _STEPS[cell]

    def layer(weights: Any, batch: Any) -> Any:
        input_weights, recurrent, bias, recurrent_bias = weights
        zeros = jax.numpy.zeros((batch.shape[1], recurrent.shape[1]), batch.dtype)
        start = (zeros, zeros) if cell == "lstm" else (zeros,)

        def one(state: Any, projected: Any) -> tuple[Any, Any]:
            state = step(jax, projected, recurrent, recurrent_bias, *state)
            return state, state[0]

        return jax.lax.scan(one, start, batch @ input_weights.T + bias)[1]

    return layer


# The equations stand in src/elman/cells; `projected` is W x + b, `recurrent` R, `bias` that of R h.


def _rnn(jax: Any, projected: Any, recurrent: Any, bias: Any, h: Any) -> tuple[Any, ...]:
    return (jax.numpy.tanh(projected + h @ recurrent.T + bias),)


def _lstm(jax: Any, projected: Any, recurrent: Any, bias: Any, h: Any, c: Any) -> tuple[Any, ...]:
    i, f, g, o = jax.numpy.split(projected + h @ recurrent.T + bias, 4, axis=1)
    sigmoid, tanh = jax.nn.sigmoid, jax.numpy.tanh
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def _gru(jax: Any, projected: Any, recurrent: Any, bias: Any, h: Any) -> tuple[Any, ...]:
    x_r, x_z, x_n = jax.numpy.split(projected, 3, axis=1)
    q_r, q_z, q_n = jax.numpy.split(h @ recurrent.T + bias, 3, axis=1)
    r, z = jax.nn.sigmoid(x_r + q_r), jax.nn.sigmoid(x_z + q_z)
    n = jax.numpy.tanh(x_n + r * q_n)
    return ((1 - z) * n + z * h,)


def _gru_reset_before(
    jax: Any, projected: Any, recurrent: Any, bias: Any, h: Any
) -> tuple[Any, ...]:
    x_r, x_z, x_n = jax.numpy.split(projected, 3, axis=1)
    of_gates, of_candidate = recurrent[: 2 * h.shape[1]], recurrent[2 * h.shape[1] :]
    b_r, b_z, b_n = jax.numpy.split(bias, 3)
    q_r, q_z = jax.numpy.split(h @ of_gates.T, 2, axis=1)
    r, z = jax.nn.sigmoid(x_r + q_r + b_r), jax.nn.sigmoid(x_z + q_z + b_z)
    n = jax.numpy.tanh(x_n + (r * h) @ of_candidate.T + b_n)
    return ((1 - z) * n + z * h,)


_STEPS: dict[Cell, Any] = {
    "rnn": _rnn,
    "lstm": _lstm,
    "gru": _gru,
    "gru_reset_before": _gru_reset_before,
}
