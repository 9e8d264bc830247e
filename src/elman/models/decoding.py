"""Drawing from a language model: tokens of a text, or keys of a piece of music."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.errors import ConfigurationError
from elman.layers.states import State
from elman.models.language_model import LanguageModel
from elman.models.piano_roll import PianoRoll
from elman.sequences import Ragged


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn.

    Args:
        temperature: divides the scores; 0 takes the likeliest token, 1 the model as it is, more
            flattens.
        top_k: only so many of the likeliest tokens stay; 0 for all.
        top_p: only the likeliest tokens that together reach this probability stay
            (Holtzman et al., 2020, arXiv:1904.09751); 1 for all.
        seed: of the draw, 0 or more; the same seed gives the same text.

    Raises:
        ConfigurationError: a value out of its range.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        faults = [
            (not 0 <= self.temperature < float("inf"), "temperature", "0 or more"),
            (self.top_k < 0, "top_k", "a whole number, 0 for all tokens"),
            (not 0 < self.top_p <= 1, "top_p", "more than 0, at most 1"),
            (not 0 <= self.seed < 2**63, "seed", "a whole number from 0 to 2^63 - 1"),
        ]
        for wrong, key, expected in faults:
            if wrong:
                raise ConfigurationError(
                    "Text cannot be drawn with this option.",
                    where=f"{key} = {getattr(self, key)}",
                    expected=expected,
                )


@torch.no_grad()
def generate(
    model: LanguageModel, prompt: Sequence[int], length: int, sampling: Sampling, banned: int
) -> Iterator[int]:
    """Draw up to `length` tokens that continue a prompt, one after the other.

    Args:
        model: in evaluation mode.
        prompt: at least one token.
        length: how many tokens to draw.
        sampling: how to draw them.
        banned: a token that is never drawn (the unknown one: it cannot be written).
    """
    generator = torch.Generator().manual_seed(sampling.seed)
    scores, state = model(Ragged(torch.tensor(prompt), [len(prompt)]))
    for _ in range(length):
        scores[-1, banned] = -torch.inf
        token = draw(scores[-1], sampling, generator)
        yield token
        scores, state = model(Ragged(torch.tensor([token]), [1]), state)


def draw(scores: Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    """One token from scores [V] (before softmax)."""
    if sampling.temperature == 0:
        return int(scores.argmax())
    # Below 0 and in double precision, so that no temperature makes an infinity of a score.
    cooled = (scores.double() - scores.max()) / sampling.temperature
    ordered, tokens = torch.sort(cooled, descending=True, stable=True)
    if sampling.top_k:
        ordered, tokens = ordered[: sampling.top_k], tokens[: sampling.top_k]
    probabilities = torch.softmax(ordered, 0)
    # A token stays when those above it have not yet reached top_p; the likeliest always stays.
    above = torch.cumsum(probabilities, 0) - probabilities
    probabilities[above >= sampling.top_p] = 0
    return int(tokens[torch.multinomial(probabilities, 1, generator=generator)])


@torch.no_grad()
def compose(
    model: PianoRoll,
    frames: Tensor,
    steps: int,
    sampling: Sampling,
    state: State | None = None,
    end: int | None = None,
) -> Tensor:
    """Draw the steps [S, K] that go on from a piece, each key of a step by itself.

    Args:
        model: in evaluation mode.
        frames: [T, K] 1 where a key is down and 0 elsewhere, at least one step.
        steps: how many steps to draw, at most.
        sampling: its temperature, with 0 for the keys that are likelier down than up, and seed;
            keys do not exclude each other as tokens do, so there are no likeliest few.
        state: before the first of the frames, of one row; zeros when missing.
        end: the key that is down at the step after a piece, where there is one; that step is not
            part of what is drawn.
    """
    generator = torch.Generator().manual_seed(sampling.seed)
    drawn = frames.new_zeros(steps, frames.shape[1])
    for step in range(steps):
        scores, state = model.carried(Ragged.from_list([frames]), state)
        last = scores[-1].double()
        if sampling.temperature == 0:
            pressed = last > 0
        else:
            chances = torch.sigmoid(last / sampling.temperature)
            pressed = torch.rand(chances.shape, generator=generator, dtype=last.dtype) < chances
        if end is not None and pressed[end]:
            return drawn[:step]
        drawn[step] = pressed
        frames = drawn[step : step + 1]
    return drawn
