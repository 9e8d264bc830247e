"""The terms of the gradient, in pictures."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from elman.insight.explain import Explanation
from elman.insight.pictures.kinds import Chapter, Columns, Map, Picture, file_name, numbers, visible
from elman.insight.terms import Block
from elman.pages.matrix import Axis
from elman.pages.text import number

FAR_APART = 20.0
"""Numbers whose ratio is larger are drawn on a logarithmic scale."""


def gradient_chapter(found: Explanation) -> Chapter:
    """The terms of the gradient."""
    terms, example, wrote = found.terms, found.example, found.writing
    places = [(one.place, terms.blocks, example.steps) for one in terms.states]
    if wrote is not None:
        given = wrote.recording.steps
        places += [(one.place, wrote.blocks, given) for one in wrote.states]
    pictures: list[Picture] = []
    more: list[Picture] = []
    for which, (place, every, steps) in enumerate(places):
        shown = pictures if which == 0 else more
        blocks = [block for block in every if block.place == place]
        shown += [_sums(blocks, steps), _columns(blocks, steps)]
        if len(terms.at) > 1:
            losses = example.of_losses
            shown += [_triangle(blocks, losses, steps, weight) for weight in ("recurrent", "input")]
            more += [
                _triangle([block], losses, steps, block.weight, block.gate) for block in blocks
            ]
    told = (
        f"What is taken apart is {example.loss}. The sum of all"
        f" {len(terms.at) * len(places[0][2]):,} terms of each weight equals autograd's"
        f" gradient: the largest relative error is {number(terms.error, 2)}.",
    )
    return Chapter("gradient", "Where the gradient comes from", told, tuple(pictures), tuple(more))


def _sums(blocks: Sequence[Block], steps: Sequence[str]) -> Map:
    place = blocks[0].place.name
    return Map(
        file_name("terms", place),
        f"Norm of each step's term of the gradient, {place}",
        "Read a row from right to left: where its colour fades, the steps before teach this weight"
        " next to nothing.",
        tuple(numbers(block.sums) for block in blocks),
        Axis("weight and gate", tuple(_of_gate(block) for block in blocks)),
        Axis("step", visible(steps)),
        logarithmic=True,
    )


def _columns(blocks: Sequence[Block], steps: Sequence[str]) -> Columns:
    place = blocks[0].place.name
    total = torch.stack([block.sums for block in blocks]).square().sum(0).sqrt()
    return Columns(
        file_name("steps", place),
        f"All weights' terms together, {place}",
        "Each column is what one step adds to the gradient: look whether the early ones are of a"
        " size with the late ones.",
        visible(steps),
        numbers(total),
        logarithmic=bool(total.max() > FAR_APART * total.min()),
    )


def _triangle(
    blocks: Sequence[Block],
    losses: Sequence[str],
    steps: Sequence[str],
    weight: str,
    gate: str = "",
) -> Map:
    """The M x T square of a weight's terms, over all its gates or of one."""
    place = blocks[0].place.name
    mine = [block.norms for block in blocks if block.weight == weight]
    what = f"{weight}, gate {gate}" if gate else f"{weight} weights"
    return Map(
        file_name("triangle", place, weight, gate),
        f"Terms of the {what}, {place}",
        "Each row is a loss, each column a step that its gradient passes through: look how far back"
        " the colour reaches.",
        tuple(map(numbers, torch.stack(mine).square().sum(0).sqrt())),
        Axis("what the loss is of", visible(losses)),
        Axis("step of the term", visible(steps)),
        logarithmic=True,
    )


def _of_gate(block: Block) -> str:
    short = {"input": "W", "recurrent": "R", "input bias": "b", "recurrent bias": "b'"}
    return f"{short.get(block.weight, block.weight)} {block.gate}"
