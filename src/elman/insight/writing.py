"""The half of a model that writes: its gates and states, and its gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from elman.insight.example import Decoding
from elman.insight.place import DECODER, Place
from elman.insight.recording import Recording, record_decoder
from elman.insight.terms import Block, GradientTerms, StateGradient


@dataclass(frozen=True)
class WritingFound:
    """What was measured of a decoder.

    Attributes:
        recording: every gate and state, the steps being the tokens that it read.
        blocks: the terms of the gradient of its weights, [M, M] each: the loss of a token written,
            through a step of the decoder.
        states: how much each loss asks of its hidden states.
    """

    recording: Recording
    blocks: tuple[Block, ...]
    states: tuple[StateGradient, ...]


def writing(
    decoding: Decoding, run: Callable[[], object], terms: GradientTerms, calls: int
) -> WritingFound:
    """Measure the half that writes.

    Args:
        decoding: how it wrote.
        run: runs the model on one input.
        terms: the gradient of that run, of all calls.
        calls: how many calls of recurrent layers read the input, before the decoder's.
    """
    layers = decoding.layers
    return WritingFound(
        record_decoder(run, decoding.given, layers, calls),
        _blocks([one for one in terms.blocks if one.place.layer >= calls], layers, calls),
        _states([one for one in terms.states if one.place.layer >= calls], layers, calls),
    )


def _blocks(found: Sequence[Block], layers: int, calls: int) -> tuple[Block, ...]:
    """Each layer's blocks, those of its calls side by side."""
    kinds: dict[tuple[int, str, str], list[Block]] = {}
    for one in found:
        layer = (one.place.layer - calls) % layers
        kinds.setdefault((layer, one.weight, one.gate), []).append(one)
    return tuple(
        replace(
            every[0],
            place=Place(layer, False, DECODER),
            norms=torch.cat([one.norms for one in every], dim=1),
            sums=torch.cat([one.sums for one in every]),
        )
        for (layer, _, _), every in sorted(kinds.items(), key=lambda pair: pair[0][0])
    )


def _states(found: Sequence[StateGradient], layers: int, calls: int) -> tuple[StateGradient, ...]:
    kinds: dict[int, list[Tensor]] = {}
    for one in found:
        kinds.setdefault((one.place.layer - calls) % layers, []).append(one.norms)
    return tuple(
        StateGradient(Place(layer, False, DECODER), torch.cat(norms, dim=1))
        for layer, norms in sorted(kinds.items())
    )
