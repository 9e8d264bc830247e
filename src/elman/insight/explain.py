"""Everything that there is to say about one answer of a model, put together."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Explanation:
    """What was measured of one input of a model.

    Attributes:
        example: the input, and what it was asked.
        answers: every answer with its probability, the likeliest first.
        attribution: what each step did for the answer.
        recording: every gate and state.
        terms: the gradient, term by term.
        jacobians: what becomes of a state on its way to the last step.
        fading: for each layer and direction how the gradient fades with the age of a step.
        behaviour: how far back the answer depends on the input.
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
    behaviour: BehaviouralHorizon
    saturation: tuple[Saturation, ...]
    dead: tuple[DeadUnits, ...]
    optimisation: Optimisation | None
    advice: tuple[str, ...]


def explain(example: Example, optimisation: Optimisation | None = None) -> Explanation:
    """Measure everything for one input.

    Args:
        example: the input.
        optimisation: how the model was trained, if it is known.
    """
    recording = record(example.run, example.steps, example.calls)
    terms = gradient_terms(example.run, example.at).of_calls(example.calls)
    jacobians = state_jacobians(example.run, example.calls)
    stuck, dead = saturation(recording), dead_units(recording)
    return Explanation(
        example,
        tuple(example.ranked()),
        attribution(example.score, example.inputs, example.neutral),
        recording,
        terms,
        jacobians,
        tuple(_fading(one, terms.at) for one in terms.states),
        behavioural_horizon(example.answers, [example.inputs], example.others),
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
