"""An infinity is planted at a known place, and exactly that place must be named."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

import pytest
import torch
from torch import Tensor, nn

import elman
from elman.errors import DivergedError
from elman.kernels import dispatch, reference
from elman.kernels.contract import Kernel, SequenceCall, SequenceResult
from elman.layers.recurrent import Recurrent
from elman.sequences import Ragged
from elman.training.bptt import Carried
from elman.training.divergence import (
    diagnose,
    has_broken_weights,
    refuse_metrics,
    refuse_weights,
)
from elman.training.gradient import Place
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Check, Metric
from tests.training_samples import language_model_task, many_to_one_task

Change = Callable[[Tensor], Tensor]
LENGTHS = [6, 4, 4, 1]


class Model(nn.Module):
    """A recurrent layer and a scale on its outputs, on which a loss is easy to read."""

    def __init__(self, recurrent: Recurrent) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.scale = nn.Parameter(torch.ones(1))


class OneBatch:
    """A task with one batch, whose loss is the mean of all outputs times `weight`."""

    metric = Metric("accuracy", higher_is_better=True)
    summary, steps = "one layer", "numbers"

    def __init__(self, recurrent: Recurrent, weight: float = 1.0) -> None:
        self.model = Model(recurrent)
        self.weight = weight
        values = torch.ones(sum(LENGTHS), recurrent.input_size, requires_grad=True)
        self.batch = Ragged(values, LENGTHS)

    def batches(self, epoch: int) -> int:
        return 1

    def sequences(self, epoch: int, batch: int) -> int:
        return len(LENGTHS)

    def carried_shapes(self, epoch: int, batch: int) -> list[tuple[int, ...]]:
        return []

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        output, _ = self.model.recurrent.run(self.batch)
        values = self.model.scale * self.weight * output.values
        return BatchLoss(values.mean(), len(LENGTHS), sum(LENGTHS))

    def evaluate(self, part: str, check: Check) -> Mapping[str, float]:
        return {}

    def places(self, epoch: int, batch: int) -> str:
        return "data.csv, rows 2, 3, 4, 5"


@contextmanager
def planted(
    number: int, change: Callable[[SequenceCall, SequenceResult], Tensor]
) -> Iterator[None]:
    """Inside this context the output of the call with this number is changed."""
    calls = 0

    class Changed:
        NAME = "changed"

        @staticmethod
        def why_not(call: SequenceCall) -> str | None:
            return None

        @staticmethod
        def run(call: SequenceCall) -> SequenceResult:
            nonlocal calls
            result = reference.run(call)
            calls += 1
            return replace(result, output=change(call, result)) if calls == number + 1 else result

    kernel: Kernel = Changed()
    with mock.patch.object(dispatch, "KERNELS", (kernel,)):
        yield
    assert calls > number


def rows_of(call: SequenceCall, step: int) -> slice:
    first = sum(call.batch_sizes[:step])
    return slice(first, first + call.batch_sizes[step])


def in_output(step: int, part: int = 0) -> Callable[[SequenceCall, SequenceResult], Tensor]:
    """Make the last row of a time step infinite, in the part of one direction."""

    def change(call: SequenceCall, result: SequenceResult) -> Tensor:
        output = result.output.clone()
        width = output.shape[1] // len(call.directions)
        output[rows_of(call, step)][-1, part * width] = math.inf
        return output

    return change


def in_gradient(
    step: int, part: int = 0, *, inside: bool = False
) -> Callable[[SequenceCall, SequenceResult], Tensor]:
    """Make the gradient at a time step infinite, in the part of one direction.

    It is the gradient that comes from above, or one inside of the layer.
    """

    def change(call: SequenceCall, result: SequenceResult) -> Tensor:
        output = result.output.clone()

        def spoil(gradient: Tensor) -> Tensor:
            spoilt = gradient.clone()
            width = spoilt.shape[1] // len(call.directions)
            spoilt[rows_of(call, step)][-1, part * width] = -math.inf
            return spoilt

        (result.output if inside else output).register_hook(spoil)
        return output

    return change


def place(task: OneBatch) -> str:
    error = diagnose(task, Place(2, 6, (), seed=1))
    assert error.exit_code == 6
    assert error.what.endswith("The weights were not touched.")
    before, _, where = error.where.partition("; began in ")
    assert before == "epoch 3, batch 7 (data.csv, rows 2, 3, 4, 5)"
    assert all(weight.grad is None for weight in task.model.parameters())
    return where


def stack(layers: int, bidirectional: bool = False) -> Recurrent:
    return elman.LSTM(2, 3, layers, bidirectional=bidirectional)


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("step", range(6))
def test_an_infinity_in_a_forward_pass(layer: int, step: int) -> None:
    with planted(layer, in_output(step)):
        found = place(OneBatch(stack(3)))
    assert found == f"the output of recurrent layer {layer}, time step {step}"


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("step", range(6))
def test_an_infinity_in_a_backward_pass(layer: int, step: int) -> None:
    with planted(layer, in_gradient(step, inside=True)):
        found = place(OneBatch(stack(3)))
    assert found == f"the gradient of the input of recurrent layer {layer}, time step {step}"


@pytest.mark.parametrize("step", range(6))
def test_an_infinity_that_comes_from_above_the_layers(step: int) -> None:
    with planted(2, in_gradient(step)):
        found = place(OneBatch(stack(3)))
    assert found == f"the gradient of the output of recurrent layer 2, time step {step}"


@pytest.mark.parametrize(("part", "name"), [(0, "output"), (1, "reverse output")])
def test_each_direction_is_told_apart(part: int, name: str) -> None:
    for layer in (0, 1):
        with planted(layer, in_output(2, part)):
            found = place(OneBatch(stack(2, bidirectional=True)))
        assert found == f"the {name} of recurrent layer {layer}, time step 2"
    with planted(1, in_gradient(3, part)):
        found = place(OneBatch(stack(2, bidirectional=True)))
    assert found == f"the gradient of the {name} of recurrent layer 1, time step 3"


def growing(bidirectional: bool = False, first: float = 1.0) -> Recurrent:
    """h_t = 10^10 h_{t-1} + first: each state 10^10 times the one before."""
    layer = elman.RNN(1, 1, nonlinearity="relu", bidirectional=bidirectional)
    with torch.no_grad():
        for name, weight in layer.named_parameters():
            weight.fill_({"weight_hh": 1e10, "weight_ih": first}.get(name[:9], 0.0))
    return layer


def test_states_that_grow_until_they_overflow() -> None:
    """10^40 is the first beyond the largest float32, 3·10^38."""
    found = place(OneBatch(growing()))
    assert found == "the output of recurrent layer 0, time step 4, first in the sum (a)"
    task = OneBatch(growing(bidirectional=True))
    with torch.no_grad():
        task.model.recurrent.get_parameter("weight_hh_l0").zero_()
    assert place(task) == (
        "the reverse output of recurrent layer 0, time step 1, first in the sum (a)"
    )


def test_gradients_that_grow_until_they_overflow() -> None:
    """The loss weighs each state with 10^19 / 15, and each step back multiplies by 10^10."""
    found = place(OneBatch(growing(first=1e-35), weight=1e19))
    assert found == "the gradient of the hidden state (h) of recurrent layer 0, time step 2"


LETTERS = {
    ("rnn", ""): "the sum (a)",
    ("lstm", "i"): "the sum of the input gate (a_i)",
    ("lstm", "f"): "the sum of the forget gate (a_f)",
    ("lstm", "g"): "the sum of the candidate (a_g)",
    ("lstm", "o"): "the sum of the output gate (a_o)",
    ("gru", "r"): "the sum of the reset gate (a_r)",
    ("gru", "z"): "the sum of the update gate (a_z)",
    ("gru", "n"): "the sum of the candidate (a_n)",
}
LAYERS: dict[str, tuple[Callable[[], Recurrent], str, list[float]]] = {
    "rnn": (lambda: elman.RNN(1, 3), "", [9.0]),
    "lstm": (lambda: elman.LSTM(1, 3), "ifgo", [9.0, 9.0, 9.0, 9.0]),
    "gru": (lambda: elman.GRU(1, 3), "rzn", [9.0, -9.0, 9.0]),
}
"""A layer, its gates, and biases with which each hidden state is about 0.7 or more after a step."""


@pytest.mark.parametrize(("cell", "letter"), LETTERS)
def test_the_gate_that_was_first_is_named(cell: str, letter: str) -> None:
    """In step 1 the input drives the sum of one gate to ∞ and the state to -∞: together NaN."""
    make, gates, biases = LAYERS[cell]
    layer, first = make(), 3 * gates.index(letter)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
        layer.get_parameter("bias_ih_l0").copy_(torch.tensor(biases).repeat_interleave(3))
        layer.get_parameter("weight_ih_l0")[first : first + 3] = 3e38
        layer.get_parameter("weight_hh_l0")[first : first + 3] = -3e38
    task = OneBatch(layer)
    task.batch.values.data.zero_()
    task.batch.values.data[1] = 2.0
    with mock.patch.object(dispatch, "KERNELS", (reference,)):
        found = place(task)
    assert found == (
        f"the output of recurrent layer 0, time step 1, first in {LETTERS[cell, letter]}"
    )


def test_what_is_not_of_a_recurrent_layer() -> None:
    task = OneBatch(stack(1))
    task.batch.values.data[1, 0] = math.nan
    assert place(task) == "the input of recurrent layer 0, time step 1"
    task = OneBatch(stack(1), weight=math.inf)
    assert place(task) == "the layers after the last recurrent one"
    task = OneBatch(stack(1))
    task.model.scale.register_hook(lambda gradient: gradient * math.nan)
    assert place(task) == "the gradient of scale"


def test_weights_that_an_update_broke_are_named() -> None:
    task = OneBatch(stack(1))
    refuse_weights(task.model, 5)
    task.model.scale.data.fill_(math.inf)
    error = diagnose(task, Place(0, 1, (), seed=1))
    assert error.what == "The update before this batch made the weights scale NaN or infinite."
    with pytest.raises(DivergedError, match="scale") as caught:
        refuse_weights(task.model, 5)
    assert caught.value.where == "update 5, or one before"


def test_large_weights_are_not_broken_ones() -> None:
    model = OneBatch(stack(1)).model
    assert not has_broken_weights(model)
    with torch.no_grad():
        model.scale.fill_(3e38)
        model.get_parameter("recurrent.weight_hh_l0")[0] = 3e38  # the norm of both is infinite
    assert not has_broken_weights(model)
    model.get_parameter("recurrent.weight_hh_l0").data[0, 0] = math.nan
    assert has_broken_weights(model)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_measurements_that_are_no_numbers(value: float) -> None:
    refuse_metrics({"loss": 1e300, "accuracy": 0.0}, "test", 3)
    with pytest.raises(DivergedError, match="bits per character of the test part"):
        refuse_metrics({"loss": 1.0, "bits_per_character": value}, "test", 3)


@pytest.mark.parametrize(("call", "layer", "step"), [(0, 0, 1), (1, 1, 1), (2, 0, 4), (3, 1, 4)])
def test_truncated_bptt_runs_its_layers_in_two_pieces(call: int, layer: int, step: int) -> None:
    """With k1 = 3 and k2 = 5 the second batch is run as steps 1 to 3, then 4 and 5."""
    task = language_model_task(num_layers=2)
    carried = task.loss(0, 0, ()).carried
    with planted(call, in_output(1)):
        error = diagnose(task, Place(0, 1, carried, seed=1))
    assert error.where.endswith(f"the output of recurrent layer {layer}, time step {step}")
    assert "(letters.txt, steps 3 to 5 of its 3 columns of text, read from step 1)" in error.where


def test_the_rows_of_a_batch_are_named() -> None:
    task = many_to_one_task()
    with planted(0, in_output(0)):
        error = diagnose(task, Place(0, 0, (), seed=1))
    assert "batch 1 (letters.csv, rows " in error.where
    assert error.next_step
