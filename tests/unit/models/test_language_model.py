"""The language model: the same scores as plain torch.nn, and what tied weights are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.errors import ConfigurationError
from elman.models.description import LanguageModelDescription
from elman.models.language_model import LanguageModel
from tests.tolerances import BATCH_MATES, OUTPUT
from tests.training_samples import gap

TEXTS = [[3, 1, 4, 1, 5], [2], [1, 5, 0, 2, 6, 5, 3]]
CELLS = [CellSpec("rnn", "relu"), CellSpec("lstm"), CellSpec("gru")]


def model_of(cell: CellSpec = CELLS[1], **options: Any) -> LanguageModel:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"vocabulary_size": 7, "embedding_size": 4, "hidden_size": 4}
    return LanguageModel(LanguageModelDescription(cell=cell, **(sizes | options))).double()


def table_of(model: LanguageModel) -> Tensor:
    """[V, width] the learned vectors of the tokens."""
    assert model.embedding.weight is not None
    return model.embedding.weight


def scored_one_by_one(model: LanguageModel, text: list[int]) -> Tensor:
    """Scores [T, V] by a layer of torch.nn."""
    about = model.description
    options = {"nonlinearity": about.cell.nonlinearity} if about.cell.kind == "rnn" else {}
    layer = getattr(nn, about.cell.kind.upper())(
        about.embedding_size, about.hidden_size, about.num_layers, dtype=torch.float64, **options
    )
    layer.load_state_dict(model.recurrent.state_dict())
    vectors = table_of(model)
    hidden, _ = layer(vectors[torch.tensor(text)])
    matrix = vectors if about.tied else model.output.weight
    scores: Tensor = hidden @ matrix.T + model.output.bias
    return scores


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("options", [{}, {"num_layers": 2}, {"tied": False, "embedding_size": 3}])
def test_scores_are_those_of_torch_one_by_one(cell: CellSpec, options: dict[str, Any]) -> None:
    model = model_of(cell, **options)
    with torch.no_grad():
        model.output.bias.uniform_()
    scores, state = model(ragged(TEXTS))
    expected = torch.cat([scored_one_by_one(model, text) for text in TEXTS])
    assert scores.shape == (13, 7)
    assert gap(scores, expected) < OUTPUT[torch.float64]
    assert [part.shape for part in state] == [
        (model.description.num_layers, 3, 4) for _ in cell.state_names
    ]


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_two_halves_with_the_state_handed_over_are_the_whole(cell: CellSpec) -> None:
    model = model_of(cell, num_layers=2)
    whole, final = model(ragged(TEXTS))
    first, state = model(ragged([text[:2] for text in TEXTS]))
    second, ended = model(ragged([text[2:] for text in TEXTS]), state)
    halves = zip(first.split([2, 1, 2]), second.split([3, 0, 5]), strict=True)
    joined = torch.cat([part for pair in halves for part in pair])
    assert gap(joined, whole) < OUTPUT[torch.float64]
    for mine, other in zip(ended, final, strict=True):
        assert gap(mine, other) < OUTPUT[torch.float64]


def test_batch_mates_change_a_text_by_rounding_only() -> None:
    model = model_of(num_layers=2).float()
    together = model(ragged(TEXTS))[0].split([5, 1, 7])
    for text, scores in zip(TEXTS, together, strict=True):
        alone = model(ragged([text]))[0]
        assert gap(alone, scores) <= BATCH_MATES * float(alone.detach().abs().max())


def test_a_text_without_tokens_has_no_scores_and_keeps_its_state() -> None:
    model = model_of()
    state = tuple(torch.randn(1, 2, 4, dtype=torch.float64) for _ in range(2))
    scores, ended = model(ragged([[], [2, 3]]), state)
    assert scores.shape == (2, 7)
    for before, after in zip(state, ended, strict=True):
        assert torch.equal(before[:, 0], after[:, 0])
        assert not torch.equal(before[:, 1], after[:, 1])


def test_tied_weights_are_one_tensor_with_both_gradients() -> None:
    tied, untied = model_of(), model_of(tied=False)
    assert tied.output.weight is tied.embedding.weight
    assert len(list(tied.parameters())) == len(list(untied.parameters())) - 1
    with torch.no_grad():
        table_of(tied).copy_(table_of(untied))
        untied.output.weight.copy_(table_of(untied))
    untied.recurrent.load_state_dict(tied.recurrent.state_dict())
    for model in (tied, untied):
        model(ragged(TEXTS))[0].square().sum().backward()
    both = table_of(tied).grad
    parts = [
        part for part in (table_of(untied).grad, untied.output.weight.grad) if part is not None
    ]
    assert both is not None
    assert len(parts) == 2
    assert gap(both, parts[0] + parts[1]) < 1e-10
    assert all(bool(part.abs().max() > 1e-3) for part in parts)


def test_tied_weights_of_two_sizes_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="embedding_size = 3, hidden_size = 4"):
        model_of(embedding_size=3)


def test_dropout_is_off_in_evaluation() -> None:
    model = model_of(dropout=0.5, num_layers=2)
    assert not torch.equal(model(ragged(TEXTS))[0], model(ragged(TEXTS))[0])
    model.eval()
    assert torch.equal(model(ragged(TEXTS))[0], model_of(num_layers=2)(ragged(TEXTS))[0])


def test_dropout_acts_on_embedded_tokens_and_before_the_output() -> None:
    model, seen = model_of(dropout=0.5, tied=False, embedding_size=3), []
    model.dropout.register_forward_hook(lambda _, args, out: seen.append((args[0], out)))
    model(ragged(TEXTS))
    assert [values.shape for values, _ in seen] == [(13, 3), (13, 4)]
    assert all(bool((out == 0).any()) for _, out in seen)
