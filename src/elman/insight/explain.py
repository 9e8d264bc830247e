"""Everything that there is to say about one answer of a model, put together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from elman.insight.advice import advice
from elman.insight.attribution import Attribution, attribution
from elman.insight.example import Example
from elman.insight.health import DeadUnits, Saturation, dead_units, saturation
from elman.insight.horizon import (
    BehaviouralHorizon,
    GradientHorizon,
    behavioural_horizon,
    gradient_horizon,
)
from elman.insight.jacobians import StateJacobians, state_jacobians
from elman.insight.optimisation import Optimisation
from elman.insight.recording import Recording, record
from elman.insight.terms import GradientTerms, StateGradient, gradient_terms
from elman.insight.writing import WritingFound, writing

NO_TERMS = GradientTerms(torch.empty(0), torch.empty(0, dtype=torch.int64), (), (), {}, None)
"""Of a model without recurrent layers."""


@dataclass(frozen=True)
class Explanation:
    """What was measured of one input of a model.

    Attributes:
        example: the input, and what it was asked.
        answers: every answer as it is told: with its probability, the likeliest first, or numbers.
        attribution: what each step did for the answer.
        recording: every gate and state of the layers that read the input.
        terms: the gradient, term by term, of these layers; the errors of all.
        jacobians: what becomes of a state on its way to the last step.
        fading: for each layer and direction how the gradient fades with the age of a step.
        behaviour: how far back the answer depends on the input; None where that has no order.
        writing: the half that writes, where there is one.
        saturation: the gates that are stuck.
        dead: the relu units that are 0 throughout.
        optimisation: how the run was trained, if there is a run.
        advice: what the numbers suggest.
    """

    example: Example
    answers: tuple[tuple[str, float], ...]
    attribution: Attribution
    recording: Recording
    terms: GradientTerms
    jacobians: tuple[StateJacobians, ...]
    fading: tuple[GradientHorizon, ...]
    behaviour: BehaviouralHorizon | None
    writing: WritingFound | None
    saturation: tuple[Saturation, ...]
    dead: tuple[DeadUnits, ...]
    optimisation: Optimisation | None
    advice: tuple[str, ...]

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """Of the layers that read, and of those that write, where there are any."""
        every = (self.recording, *([self.writing.recording] if self.writing else []))
        return tuple(one for one in every if one.directions)


def explain(example: Example, optimisation: Optimisation | None = None) -> Explanation:
    """Measure everything for one input.

    Args:
        example: the input.
        optimisation: how the model was trained, if it is known.
    """
    calls = example.calls
    every = gradient_terms(example.run, example.at) if example.at else NO_TERMS
    terms = every.of_calls(calls)
    if calls == 0:  # what a shorter window would drop is told of steps that are read
        terms = replace(terms, truncation=None)
    recording, behaviour = Recording(example.steps, ()), None
    jacobians: tuple[StateJacobians, ...] = ()
    if calls != 0:
        recording = record(example.run, example.steps, calls)
        jacobians = state_jacobians(example.run, calls)
        behaviour = behavioural_horizon(
            example.answers, [example.inputs], example.others, moved=example.moved
        )
    written = None
    if example.decoding is not None:
        written = writing(example.decoding, example.run, every, calls or 0)
    recordings = [recording, *([written.recording] if written else [])]
    stuck = tuple(one for found in recordings for one in saturation(found))
    dead = tuple(one for found in recordings for one in dead_units(found))
    return Explanation(
        example,
        tuple(example.ranked()),
        attribution(example.score, example.inputs, example.neutral),
        recording,
        terms,
        jacobians,
        tuple(_fading(one, terms.at) for one in terms.states),
        behaviour,
        written,
        stuck,
        dead,
        optimisation,
        advice(jacobians, stuck, dead, terms.truncation, optimisation),
    )


def _fading(state: StateGradient, at: torch.Tensor) -> GradientHorizon:
    """Ages are counted from the loss, or in a direction from the end from the first step."""
    if not state.place.reverse:
        return gradient_horizon(state.norms, at)
    return gradient_horizon(state.norms.flip(1), state.norms.shape[1] - 1 - 0 * at)
