"""Many to one: the same scores as plain torch.nn, sequence by sequence."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.models.description import ManyToOneDescription, Pooling
from elman.models.many_to_one import ManyToOne
from tests.tolerances import BATCH_MATES, OUTPUT
from tests.training_samples import gap

CELLS = {
    "tanh": CellSpec("rnn"),
    "relu": CellSpec("rnn", "relu"),
    "lstm": CellSpec("lstm"),
    "gru": CellSpec("gru"),
}
TEXTS = [[3, 1, 4, 1, 5], [2], [6, 0], [1, 5, 0, 2, 6, 5, 3]]

every_pooling = pytest.mark.parametrize("pooling", get_args(Pooling))


def model_of(cell: str = "gru", **options: Any) -> ManyToOne:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"vocabulary_size": 7, "embedding_size": 3, "hidden_size": 4}
    description = ManyToOneDescription(cell=CELLS[cell], classes=3, **(sizes | options))
    return ManyToOne(description).double()


def plain_layer(model: ManyToOne) -> nn.RNNBase:
    """A layer of torch.nn with the model's recurrent weights."""
    about = model.description
    options: dict[str, Any] = {
        "num_layers": about.num_layers,
        "bidirectional": about.bidirectional,
        "dtype": torch.float64,
    }
    if about.cell.kind == "rnn":
        options["nonlinearity"] = about.cell.nonlinearity
    kind = getattr(nn, about.cell.kind.upper())
    assert isinstance(about, ManyToOneDescription)
    layer: nn.RNNBase = kind(about.embedding_size, about.hidden_size, **options)
    layer.load_state_dict(model.recurrent.state_dict())
    return layer


def pooled(model: ManyToOne, output: Tensor, h_n: Tensor) -> Tensor:
    """[D·H] of one sequence: output [T, D·H], h_n [L·D, H]."""
    pooling = model.description.pooling
    if pooling == "last":
        return torch.cat([h_n[-2], h_n[-1]]) if model.description.bidirectional else h_n[-1]
    if pooling == "max":
        return output.amax(0)
    if pooling == "mean":
        return output.mean(0)
    assert model.pool.score is not None
    scores = [model.pool.score(step).squeeze() for step in output]
    weights = torch.softmax(torch.stack(scores), 0)
    return torch.stack([weight * step for weight, step in zip(weights, output, strict=True)]).sum(0)


def scored_one_by_one(model: ManyToOne, texts: list[list[int]]) -> Tensor:
    """Scores [B, classes], each text cut out of a padded batch and run by itself."""
    padded = pad_sequence([torch.tensor(text) for text in texts], padding_value=6)
    layer, rows = plain_layer(model), []
    for number, text in enumerate(texts):
        embedded = model.encoding.table()[padded[: len(text), number]]
        output, final = layer(embedded)
        h_n = final[0] if isinstance(final, tuple) else final
        weight, bias = model.output.weight, model.output.bias
        rows.append(weight @ pooled(model, output, h_n) + bias)
    return torch.stack(rows)


@every_pooling
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2])
def test_scores_are_those_of_torch_one_by_one(
    pooling: Pooling, cell: str, bidirectional: bool, num_layers: int
) -> None:
    model = model_of(cell, pooling=pooling, bidirectional=bidirectional, num_layers=num_layers)
    scores, expected = model(ragged(TEXTS)), scored_one_by_one(model, TEXTS)
    assert scores.shape == (4, 3)
    assert gap(scores, expected) < OUTPUT[torch.float64]
    assert len({f"{score:.6f}" for score in scores[:, 0].tolist()}) == 4


@every_pooling
def test_batch_mates_change_a_text_by_rounding_only(pooling: Pooling) -> None:
    model = model_of(pooling=pooling, num_layers=2).float()
    together = model(ragged(TEXTS))
    for text, scores in zip(TEXTS, together, strict=True):
        alone = model(ragged([text]))[0]
        assert gap(alone, scores) <= BATCH_MATES * float(alone.detach().abs().max())


@every_pooling
def test_a_text_without_tokens_is_scored_by_the_bias_alone(pooling: Pooling) -> None:
    model = model_of(pooling=pooling)
    scores = model(ragged([[2, 3], [], [4]]))
    assert torch.equal(scores[1], model.output.bias)
    assert not torch.equal(scores[0], model.output.bias)
    assert torch.equal(model(ragged([[]]))[0], model.output.bias)


@every_pooling
def test_every_weight_has_a_gradient(pooling: Pooling) -> None:
    model = model_of("lstm", pooling=pooling, num_layers=2)
    model(ragged(TEXTS)).square().sum().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert bool(weight.grad.any()) or name == "pool.score.bias", name  # softmax knows no shift


def test_only_attention_has_a_score_of_its_own() -> None:
    with_score = [
        pooling
        for pooling in get_args(Pooling)
        if any("score" in name for name, _ in model_of(pooling=pooling).named_parameters())
    ]
    assert with_score == ["attention"]


def test_dropout_draws_in_training_and_is_off_in_evaluation() -> None:
    model = model_of(dropout=0.5, num_layers=2)
    torch.manual_seed(1)
    drawn = [model(ragged(TEXTS)) for _ in range(2)]
    assert not torch.equal(*drawn)
    model.eval()
    assert torch.equal(model(ragged(TEXTS)), model(ragged(TEXTS)))
    assert torch.equal(model(ragged(TEXTS)), model_of(num_layers=2)(ragged(TEXTS)))


def test_dropout_acts_on_embedded_tokens_and_on_the_pooled_vector() -> None:
    model, seen = model_of(dropout=0.5), []
    model.dropout.register_forward_hook(lambda _, args, out: seen.append((args[0], out)))
    model(ragged(TEXTS))
    assert [values.shape for values, _ in seen] == [(15, 3), (4, 8)]
    assert all(bool((out == 0).any()) for _, out in seen)
