"""Backpropagation through time, term by term: what each step adds to the gradient of each weight.

    ∂L_t/∂W = Σ_k ∂L_t/∂a_k ⊗ x_k                    over the steps k
    ∂L_t/∂a_k = ∂L_t/∂h_t · ∏ ∂h_j/∂h_(j-1) · ∂h_k/∂a_k

a_k is the result of a product W x_k + b at step k, and x_k what W was multiplied by there: the
input for W, the state (or r ⊙ h) for R. The term of (t, k) is an outer product, so that its norm
is that of its two factors, ‖∂L_t/∂a_k‖ · ‖x_k‖, and it is never made. In a stack, or with two
directions, ∂L_t/∂a_k goes over all paths from the loss to a_k.

Sources: Werbos (1990), "Backpropagation through time: what it does and how to do it"; the terms
over time: Pascanu, Mikolov, Bengio (2013), arXiv:1211.5063, equations 3 to 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from elman.errors import UsageError
from elman.insight.passing import Network
from elman.insight.place import Place
from elman.insight.sums import Sums
from elman.insight.sums import norms as norms_of
from elman.insight.truncation import Truncation, class_of, classes, truncation
from elman.insight.uses import uses_of
from elman.kernels import dispatch

MOST_AT_ONCE = 2**25
"""How many numbers of gradients by steps are in memory at a time."""


@dataclass(frozen=True)
class Block:
    """The terms of one gate's rows of one weight, in one layer and direction.

    Attributes:
        place: layer and direction.
        weight: "input", "recurrent", "input bias", "recurrent bias" or "projection"; "peephole";
            with layer normalisation "input gain", "recurrent gain", "cell gain" and "cell shift",
            or "gain" and "shift".
        gate: its letter; "h" for what has no gates.
        norms: [M, T] the norm of the term of loss m through step k; of the sum of the sequences'
            terms where there are several.
        sums: [T] the norm of the sum of the terms of all losses through step k.
    """

    place: Place
    weight: str
    gate: str
    norms: Tensor
    sums: Tensor


@dataclass(frozen=True)
class StateGradient:
    """How much a loss asks of the hidden state at each step.

    Attributes:
        place: layer and direction.
        norms: [M, T] of ∂L_m/∂h_k, over all paths.
    """

    place: Place
    norms: Tensor


@dataclass(frozen=True)
class GradientTerms:
    """Every term of the gradients of the recurrent layers' weights.

    Attributes:
        losses: [M] their values.
        at: [M] the step that each loss belongs to.
        blocks: layer after layer, direction after direction.
        states: likewise.
        errors: for each layer, direction and weight how far the sum of all terms is from
            autograd's gradient, as a share of that gradient.
        truncation: what truncated BPTT would drop; None with a direction that reads from the end,
            or a layer that reads other steps: by age nothing can be cut off there.
    """

    losses: Tensor
    at: Tensor
    blocks: tuple[Block, ...]
    states: tuple[StateGradient, ...]
    errors: dict[str, float]
    truncation: Truncation | None

    def of_calls(self, calls: int | None) -> GradientTerms:
        """The same of the first calls of layers alone, the errors of all."""
        first = self.blocks[-1].place.layer + 1 if calls is None else calls
        return replace(
            self,
            blocks=tuple(one for one in self.blocks if one.place.layer < first),
            states=tuple(one for one in self.states if one.place.layer < first),
        )

    @property
    def error(self) -> float:
        """The largest of the errors."""
        return max(self.errors.values())


def gradient_terms(losses: Callable[[], Tensor], at: Sequence[int] | None = None) -> GradientTerms:
    """Take the gradient apart into its terms, and check that they add up to autograd's.

    Args:
        losses: runs a model and returns its losses [M], one for a step, or one alone. Its
            recurrent layers are found by their calls.
        at: for each loss its step; the last M steps when missing.

    Raises:
        UsageError: no recurrent layer ran whose weights ask for a gradient, or there is a loss
            whose step no layer took.

    Example:
        >>> import elman
        >>> layer = elman.LSTM(3, 4)
        >>> x = torch.randn(6, 3)
        >>> terms = gradient_terms(lambda: layer(x)[0].square().sum(dim=1))
        >>> terms.blocks[0].weight, terms.blocks[0].gate, terms.blocks[0].norms.shape
        ('input', 'i', torch.Size([6, 6]))
        >>> terms.error < 1e-5
        True
    """
    with _again(), torch.enable_grad(), dispatch.record(apart=True) as records:
        values = losses().reshape(-1)
    uses = [use for use in uses_of(records) if use.weight.requires_grad]
    if not uses or not values.requires_grad:
        raise UsageError(
            "There is no gradient to take apart.",
            where="gradient_terms(losses)",
            expected="losses of a model with RNN, LSTM or GRU layers whose weights ask for a"
            " gradient",
            next_step="weight.requires_grad_()",
        )
    lengths = {len(record.call.batch_sizes) for record in records}
    steps = max(lengths)
    places = torch.arange(steps)[-len(values) :] if at is None else torch.as_tensor(at)
    if len(places) != len(values) or not bool(((places >= 0) & (places < steps)).all()):
        raise UsageError(
            "A loss has no step of its own.",
            where=f"gradient_terms(losses, at={at}), with {len(values)} losses",
            expected=f"for each loss a step from 0 to {steps - 1}",
        )
    one_way = len(lengths) == 1 and not any(use.place.reverse for use in uses)
    ages = class_of(places[:, None] - torch.arange(steps)) * one_way
    count = classes(steps) if one_way else 1
    sums = [
        Sums(use, records[use.place.layer].call.batch_sizes, len(values), count) for use in uses
    ]
    with _tiny_is_zero():
        states = _pass_back(Network(values, places, records, uses), sums, ages)
    return GradientTerms(
        values.detach(),
        places,
        tuple(block for one in sums for block in _blocks(one)),
        states,
        _errors(losses, sums),
        truncation(sums, places, steps) if one_way else None,
    )


def _again() -> AbstractContextManager[None]:
    """After this context the same random numbers come once more: the model is run twice."""
    return torch.random.fork_rng(devices=())


@contextmanager
def _tiny_is_zero() -> Iterator[None]:
    """In this context float32 numbers below 1e-38, in which gradients vanish, are 0.

    Processors take a hundred times as long for each of them.
    """
    tiny = torch.tensor(torch.finfo(torch.float32).tiny)
    already = bool(tiny / 2 == 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(already)


def _pass_back(network: Network, sums: Sequence[Sums], ages: Tensor) -> tuple[StateGradient, ...]:
    """Take the gradients of each loss by every step, a few losses at a time."""
    directions = [
        (Place(layer, one.reverse), torch.repeat_interleave(torch.tensor(record.call.batch_sizes)))
        for layer, record in enumerate(network.records)
        for one in record.call.directions
    ]
    count = len(network.values)
    rows = sum(one.use.rows * len(one.step_of) for one in sums)
    chunk = max(1, MOST_AT_ONCE // (rows + sum(tap.numel() for tap in network.taps)))
    squares = [
        torch.zeros(count, len(network.records[place.layer].call.batch_sizes)).double()
        for place, _ in directions
    ]
    for first in range(0, count, chunk):
        results, states = network.pass_back(first, min(chunk, count - first))
        noted: dict[int, Sums] = {}
        for one, deltas in zip(sums, results, strict=True):
            twin = noted.setdefault(id(deltas), one)
            chosen = ages[first : first + chunk, : len(one.sizes)]
            one.add(first, deltas, chosen, twin if twin is not one else None)
        for kept, (_, step_of), hidden in zip(squares, directions, states, strict=True):
            kept[first : first + chunk].index_add_(1, step_of, norms_of(hidden).square())
    return tuple(
        StateGradient(place, kept.sqrt())
        for kept, (place, _) in zip(squares, directions, strict=True)
    )


def _blocks(sums: Sums) -> Iterator[Block]:
    """The blocks of one product, gate by gate, then those of its bias."""
    use, word, totals = sums.use, sums.use.word, sums.totals()
    parts = [(word, sums.norms)] + [(f"{word} bias", sums.bias_norms)] * (use.bias is not None)
    for which, (name, norms) in enumerate(parts):
        for gate, found, total in zip(use.gates, norms, totals, strict=True):
            yield Block(use.place, name, gate.name, found, total[which])


def _errors(losses: Callable[[], Tensor], sums: Sequence[Sums]) -> dict[str, float]:
    """How far the sums of all terms are from autograd's gradients, weight by weight.

    The model is run once more for it, on the reference kernel and in one graph.
    """
    named: dict[str, tuple[Tensor, Tensor]] = {}  # each weight, and the sum of its terms
    names: dict[int, str] = {}  # a layer that is called more than once has one set of weights
    for one in sums:
        use = one.use
        words = (use.word, f"{use.word} bias")
        pairs = zip((use.weight, use.bias), words, one.gradient(), strict=True)
        for weight, word, gradient in pairs:
            if weight is None:
                continue
            name = names.setdefault(id(weight), f"{use.place.name}: {word}")
            zeros = torch.zeros_like(weight, dtype=torch.float64)
            _, total = named.setdefault(name, (weight, zeros))
            total[use.first : use.first + use.rows] += gradient.view(-1, *weight.shape[1:])
    with torch.enable_grad(), dispatch.record():
        total_loss = losses().sum()
    wanted = torch.autograd.grad(total_loss, [weight for weight, _ in named.values()])
    return {
        name: _gap(total, gradient)
        for (name, (_, total)), gradient in zip(named.items(), wanted, strict=True)
    }


def _gap(found: Tensor, wanted: Tensor) -> float:
    """The norm of the difference, as a share of the norm of what is wanted if that is not 0."""
    difference, size = (found - wanted).norm(), wanted.double().norm()
    return float(difference / size if size > 0 else difference)
