"""Encoder and decoder: scores as plain torch.nn gives them, and step by step the same."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.errors import ConfigurationError
from elman.models.attention import Attention
from elman.models.description import AttentionKind
from elman.models.encoder_decoder import EncoderDecoder
from tests.tolerances import BATCH_MATES, OUTPUT
from tests.training_samples import gap
from tests.translation_samples import SOURCES, TARGETS, reading_of, shifted, translator

CELLS = [CellSpec("rnn"), CellSpec("lstm"), CellSpec("gru")]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"attention": "dot", "num_layers": 2},
    {"attention": "additive", "bidirectional": False},
    {"attention": "none"},
    {"input_feeding": True, "num_layers": 2},
]


def by_torch(model: EncoderDecoder, source: list[int], target: list[int]) -> Tensor:
    """Scores [T, V] of one pair with layers of torch.nn, the decoder's steps one by one."""
    about, decoder = model.description, model.decoder
    kind = getattr(nn, about.cell.kind.upper())
    both = {"num_layers": about.num_layers, "dtype": torch.float64}
    encoder = kind(about.embedding_size, about.hidden_size, bidirectional=about.bidirectional,
                   **both)  # fmt: skip
    encoder.load_state_dict(model.recurrent.state_dict())
    memory, final = encoder(model.embedding.table()[torch.tensor(source)])
    parts = final if isinstance(final, tuple) else (final,)
    width = memory.shape[1]
    state = tuple(part.reshape(about.num_layers, width) for part in parts)
    cell = kind(decoder.recurrent.input_size, width, **both)
    cell.load_state_dict(decoder.recurrent.state_dict())
    fed, scores = torch.zeros(width, dtype=torch.float64), []
    for token in target:
        x = decoder.embedding.weight[token]
        x = torch.cat([x, fed]) if about.input_feeding else x
        h, state = cell(x[None], state if len(state) > 1 else state[0])
        state, vector = state if isinstance(state, tuple) else (state,), h[0]
        if decoder.attention is not None:
            attention: Attention = decoder.attention
            keys = memory if attention.kind == "dot" else attention.key(memory)
            raw = keys @ vector
            if attention.kind == "additive":
                raw = attention.score(torch.tanh(keys + attention.query(vector))).squeeze(1)
            context = raw.softmax(0) @ memory
            vector = fed = torch.tanh(decoder.combine(torch.cat([context, vector])))
        scores.append(decoder.output(vector))
    return torch.stack(scores)


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_scores_are_those_of_torch_one_by_one(cell: CellSpec, options: dict[str, Any]) -> None:
    model = translator(cell=cell, sharpness=1.0, **options)
    scores = model(ragged(SOURCES), ragged(shifted(TARGETS)))
    pairs = zip(SOURCES, shifted(TARGETS), strict=True)
    expected = torch.cat([by_torch(model, *pair) for pair in pairs])
    assert scores.shape == (12, 6)
    assert gap(scores, expected) < OUTPUT[torch.float64]


@pytest.mark.parametrize("attention", get_args(AttentionKind))
def test_one_call_is_step_after_step(attention: AttentionKind) -> None:
    model = translator(attention=attention)
    tokens, reading = ragged(shifted(TARGETS)), reading_of(model, SOURCES)
    together, weights = model.decoder(tokens, reading)
    stepped, their_weights = model.decoder._by_steps(tokens, reading, 0.0)
    assert gap(together, stepped) < OUTPUT[torch.float64]
    if attention == "none":
        assert weights is None
        assert their_weights is None
    else:
        assert weights is not None
        assert their_weights is not None
        assert weights.shape == (12, 7)
        assert gap(weights, their_weights) < OUTPUT[torch.float64]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_gradients_of_a_batch_are_the_sum_of_its_pairs(options: dict[str, Any]) -> None:
    model = translator(**options)

    def gradients(sources: list[list[int]], targets: list[list[int]]) -> list[Tensor]:
        model.zero_grad()
        model(ragged(sources), ragged(shifted(targets))).square().sum().backward()
        return [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]

    whole = gradients(SOURCES, TARGETS)
    pieces = [
        gradients([source], [target]) for source, target in zip(SOURCES, TARGETS, strict=True)
    ]
    for found, *parts in zip(whole, *pieces, strict=True):
        wanted = torch.stack(parts).sum(0)
        assert gap(found, wanted) <= 1e-11 * max(1.0, float(wanted.abs().max()))


def test_scheduled_sampling_reads_the_models_own_tokens() -> None:
    model = translator()
    tokens, reading = ragged(shifted(TARGETS)), reading_of(model, SOURCES)
    torch.manual_seed(0)
    given, own = model.decoder(tokens, reading)[0], model.decoder(tokens, reading, 1.0)[0]
    firsts = [0, 3, 10]  # the first step of each target reads the end, whoever writes
    assert gap(given[firsts], own[firsts]) < OUTPUT[torch.float64]
    assert gap(given, own) > BATCH_MATES
    # What is drawn does not depend on what is given.
    torch.manual_seed(0)
    other = ragged(shifted([[0, 0], [0] * 6, [0]]))
    model.decoder(tokens, reading)
    assert torch.equal(model.decoder(other, reading, 1.0)[0], own)


def test_without_sampling_nothing_is_drawn() -> None:
    model = translator(input_feeding=True)
    before = torch.get_rng_state()
    model(ragged(SOURCES), ragged(shifted(TARGETS)))
    assert torch.equal(torch.get_rng_state(), before)


def test_input_feeding_needs_attention() -> None:
    with pytest.raises(ConfigurationError, match="has nothing to feed") as caught:
        translator(input_feeding=True, attention="none")
    assert caught.value.where == "input_feeding = True, attention = none"


def test_dropout_acts_in_training_only() -> None:
    model = translator(dropout=0.5)
    batch = ragged(SOURCES), ragged(shifted(TARGETS))
    assert torch.equal(model(*batch), model(*batch))
    model.train()
    assert not torch.equal(model(*batch), model(*batch))
