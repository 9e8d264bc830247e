"""One case's tensors, which every contender gets, and what a contender is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from benchmarks.cases import GATES, Case, Cell

Answers = dict[str, Tensor]
"""The output [T, B, H], 0 at padding; in training the gradients, by the names of `torch.nn`'s
weights, and that of the batch [T, B, I]."""

TORCH_LAYERS: dict[Cell, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@dataclass(frozen=True)
class Contender:
    """Somebody who does a case's task.

    Attributes:
        name: as it stands in the results.
        turn: does the task once; this is what is timed.
        answers: does the task once and tells what came out; None where something else is computed,
            which is there to be compared with in time only.
        rounding: what its answers may differ by from ours in float32: outputs absolutely, gradients
            as a share of the tensor's largest magnitude.
    """

    name: str
    turn: Callable[[], object]
    answers: Callable[[], Answers] | None
    rounding: float = 1e-5


@dataclass(frozen=True)
class Problem:
    """What every contender of a case is given.

    Attributes:
        case: the case.
        weights: as `torch.nn` names, stacks and draws them.
        batch: [T, B, I], padded after the end of each sequence.
        lengths: [B].
        d_output: [T, B, H] the gradient that comes from above, 0 at padding.
        state: the parts of the state before the step, [B, H] each, in streaming; else empty.
    """

    case: Case
    weights: dict[str, Tensor]
    batch: Tensor
    lengths: Tensor
    d_output: Tensor
    state: tuple[Tensor, ...]

    @classmethod
    def of(cls, case: Case) -> Self:
        """The same tensors in every process."""
        torch.manual_seed(0)
        kind = TORCH_LAYERS.get(case.cell, nn.GRU)
        weights = {
            name: weight.clone()
            for name, weight in kind(case.inputs, case.hidden).state_dict().items()
        }
        if case.task == "norm training":
            weights |= _norm_weights(case)
        batch = torch.randn(case.steps, case.batch, case.inputs)
        lengths = torch.tensor(case.lengths())
        real = torch.arange(case.steps).unsqueeze(1) < lengths
        d_output = torch.randn(case.steps, case.batch, case.hidden) * real.unsqueeze(2)
        parts = 0 if case.task != "streaming" else 2 if case.cell == "lstm" else 1
        state = tuple(torch.randn(case.batch, case.hidden).tanh() for _ in range(parts))
        return cls(case, weights, batch, lengths, d_output, state)

    def without_padding(self, output: Tensor) -> Tensor:
        """An output [T, B, H] with 0 at padding."""
        real = torch.arange(self.case.steps).unsqueeze(1) < self.lengths
        return output.detach().float() * real.unsqueeze(2)


def _norm_weights(case: Case) -> dict[str, Tensor]:
    """Gains and shifts of layer normalisation, as `elman.LSTM` names them.

    The gains are below 1: at 1 a recurrent network makes a difference by rounding grow with each
    step, and no two ways to compute it agree after a hundred.
    """
    wide, narrow = GATES[case.cell] * case.hidden, case.hidden
    return {
        "norm_ih_l0": torch.empty(wide).uniform_(0.2, 0.4),
        "norm_hh_l0": torch.empty(wide).uniform_(0.2, 0.4),
        "norm_c_l0": torch.empty(narrow).uniform_(0.2, 0.4),
        "norm_c_bias_l0": torch.empty(narrow).uniform_(-0.1, 0.1),
    }


@dataclass(frozen=True)
class ModuleRun:
    """A torch module and its input, to be run forward, or forward and backward.

    Attributes:
        module: the layer.
        source: the leaf that the input is made of, in the contender's own layout.
        forward: from the leaf to the output, in that layout.
        d_output: the gradient from above, in that layout.
        padded: from that layout to [T, B, width].
    """

    module: nn.Module
    source: Tensor
    forward: Callable[[], Tensor]
    d_output: Tensor
    padded: Callable[[Tensor], Tensor]

    def contender(
        self, name: str, problem: Problem, rounding: float = Contender.rounding
    ) -> Contender:
        """Training or inference, as the case asks."""
        turn = self.training_step if problem.case.learns else self.forward
        return Contender(name, turn, lambda: self._answers(problem), rounding)

    def training_step(self) -> Tensor:
        """Forward and backward, to the weights and to the input."""
        self.source.grad = None
        for weight in self.module.parameters():
            weight.grad = None
        output = self.forward()
        output.backward(self.d_output)
        return output

    def _answers(self, problem: Problem) -> Answers:
        if not problem.case.learns:
            return {"output": problem.without_padding(self.padded(self.forward()))}
        answers = {"output": problem.without_padding(self.padded(self.training_step()))}
        leaves = dict(self.module.named_parameters())
        gradients = {name: leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}
        if self.source.grad is not None:
            gradients["batch"] = self.padded(self.source.grad)
        return answers | {
            f"gradient of {name}": gradient.float() for name, gradient in gradients.items()
        }


def with_weights(module: nn.Module, problem: Problem) -> None:
    """Copy the problem's weights into a layer, or into a cell, whose names lack the ending."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(problem.weights[name if name.endswith("_l0") else name + "_l0"])
