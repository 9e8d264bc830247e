"""Attention over ragged memories equals a loop over each query and each step."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import Tensor

from elman.errors import ConfigurationError
from elman.models.attention import Attention
from elman.models.description import Score
from elman.sequences import Ragged
from tests.tolerances import OUTPUT
from tests.training_samples import gap

LENGTHS = [4, 1, 0, 6]
WIDTH = 3


def attention_of(kind: Score) -> Attention:
    torch.manual_seed(0)
    return Attention(kind, WIDTH, WIDTH).double()


def steps_of(lengths: list[int] = LENGTHS) -> Ragged:
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(sum(lengths), WIDTH, dtype=torch.float64, generator=generator)
    return Ragged(values.requires_grad_(), lengths)


QUERIES = torch.randn(
    len(LENGTHS), 5, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(2)
)


def looped(attention: Attention, query: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """What one query [H] reads of one sequence [S, M], one step after the other."""
    scores = []
    for step in steps:
        if attention.kind == "dot":
            scores.append(query @ step)
        elif attention.kind == "general":
            scores.append(query @ (attention.key.weight @ step))
        else:
            key = attention.key.weight @ step + attention.key.bias
            total = torch.tanh(key + attention.query.weight @ query)
            scores.append(attention.score.weight[0] @ total)
    if not scores:
        return torch.zeros(WIDTH, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
    powers = torch.stack(scores).exp()
    weights = powers / powers.sum()
    return weights @ steps, weights


@pytest.mark.parametrize("kind", get_args(Score))
def test_it_equals_a_plain_loop_over_ragged_sequences(kind: Score) -> None:
    attention, steps = attention_of(kind), steps_of()
    context, weights = attention(QUERIES, attention.memory(steps))
    expected = []
    for row, sequence in enumerate(steps.to_list()):
        for place, query in enumerate(QUERIES[row]):
            read, shares = looped(attention, query, sequence)
            expected.append(read)
            assert gap(context[row, place], read) < OUTPUT[torch.float64]
            assert gap(weights[row, place, : len(shares)], shares) < OUTPUT[torch.float64]
    found = torch.autograd.grad(context.square().sum(), [steps.values, *attention.parameters()])
    total = torch.stack(expected).square().sum()
    wanted = torch.autograd.grad(total, [steps.values, *attention.parameters()])
    for one, other in zip(found, wanted, strict=True):
        assert gap(one, other) < OUTPUT[torch.float64]


@pytest.mark.parametrize("kind", get_args(Score))
def test_what_is_not_there_has_no_weight_and_an_empty_sequence_gives_0(kind: Score) -> None:
    attention, steps = attention_of(kind), steps_of()
    context, weights = attention(QUERIES, attention.memory(steps))
    for row, length in enumerate(LENGTHS):
        assert not weights[row, :, length:].any()
        assert gap(weights[row].sum(1), torch.full((5,), float(length > 0)).double()) < 1e-12
    assert not context[2].any()
    (gradient,) = torch.autograd.grad(context.sum(), steps.values)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("kind", get_args(Score))
def test_padding_of_any_content_changes_nothing(kind: Score) -> None:
    attention = attention_of(kind)
    steps = steps_of()
    memory = attention.memory(steps)
    context, _ = attention(QUERIES, memory)
    memory.values.data[~memory.real] = 1e6
    memory.keys.data[~memory.real] = 1e6
    assert torch.equal(attention(QUERIES, memory)[0], context)


def test_chosen_sequences_are_read_as_before() -> None:
    attention, steps = attention_of("general"), steps_of()
    memory, rows = attention.memory(steps), torch.tensor([3, 0])
    whole, part = attention(QUERIES, memory)[0], memory.select(rows)
    assert torch.equal(attention(QUERIES[rows], part)[0], whole[rows])


def test_dot_needs_equal_widths() -> None:
    with pytest.raises(ConfigurationError, match="as wide as the memory") as caught:
        Attention("dot", 3, 4)
    assert caught.value.where == "query_size = 3, memory_size = 4"
    assert Attention("general", 3, 4).kind == "general"
