"""Streams of text, and truncated backpropagation against its definition, one step at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.models.description import LanguageModelDescription
from elman.models.language_model import LanguageModel
from elman.sequences import Ragged
from elman.training.bptt import Carried, Stream
from tests.tolerances import GRADIENT, OUTPUT
from tests.training_samples import gap

V = 6
COLUMNS = [
    [1, 2, 3, 4, 5, 0, 1, 3, 5, 2, 4, 0, 2],
    [3, 3, 1, 0, 2, 5, 4, 4],
    [2],
    [5, 4, 3, 2, 1, 0, 0, 1, 2, 3],
    [0, 5],
]
TRUNCATIONS = [(1, 1), (2, 2), (2, 5), (3, 4), (4, 9)]
CELLS = {"tanh": CellSpec("rnn"), "lstm": CellSpec("lstm"), "gru": CellSpec("gru")}

examples = settings(max_examples=60, deadline=None, derandomize=True)
every_truncation = pytest.mark.parametrize(("k1", "k2"), TRUNCATIONS)
every_cell = pytest.mark.parametrize("cell", CELLS)


def model_of(cell: str = "lstm", num_layers: int = 2) -> LanguageModel:
    torch.manual_seed(0)
    description = LanguageModelDescription(
        cell=CELLS[cell],
        vocabulary_size=V,
        embedding_size=4,
        hidden_size=4,
        num_layers=num_layers,
        tied=True,
    )
    model = LanguageModel(description).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.5)  # so that distant steps have a gradient to speak of
    return model


class Plain(nn.Module):
    """The same model in torch.nn, one column and one step at a time."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        about = model.description
        self.embedding = nn.Embedding(V, 4, dtype=torch.float64)
        kind = getattr(nn, about.cell.kind.upper())
        self.recurrent = kind(4, 4, about.num_layers, dtype=torch.float64)
        self.output = nn.Linear(4, V, dtype=torch.float64)
        self.output.weight = self.embedding.weight
        self.load_state_dict(model.state_dict())

    def step(self, token: int, state: Any) -> tuple[Tensor, Any]:
        hidden, state = self.recurrent(self.embedding(torch.tensor([token])), state)
        return self.output(hidden)[0], state


def detached(state: Any) -> Any:
    if state is None:
        return None
    return state.detach() if isinstance(state, Tensor) else tuple(part.detach() for part in state)


@dataclass
class Definition:
    """Truncated BPTT as its definition says: a loop over time that cuts the state's history."""

    model: Plain
    k1: int
    k2: int
    states: list[dict[int, Any]] = field(default_factory=lambda: [{0: None} for _ in COLUMNS])

    def loss(self, window: int) -> Tensor:
        """The window's losses; its gradient reaches back to k2 steps before its end."""
        start, end = window * self.k1, (window + 1) * self.k1
        back = max(0, end - self.k2)
        losses = []
        for column, states in zip(COLUMNS, self.states, strict=True):
            state = detached(states.get(back))
            for t in range(back, min(end, len(column) - 1)):
                scores, state = self.model.step(column[t], state)
                states[t + 1] = detached(state)
                if t >= start:
                    losses.append(cross_entropy(scores, torch.tensor(column[t + 1])))
        return torch.stack(losses)


def gradients(model: nn.Module, loss: Tensor) -> list[Tensor]:
    """Of the weights in the order of their names; the model's gradients are cleared before."""
    model.zero_grad()
    loss.backward()
    named = sorted(model.named_parameters())
    return [torch.zeros_like(one) if one.grad is None else one.grad.clone() for _, one in named]


def assert_same(ours: list[Tensor], theirs: list[Tensor]) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert gap(one, other) <= GRADIENT[torch.float64] * max(float(other.abs().max()), 1.0)


def descend(model: nn.Module, rate: float) -> None:
    with torch.no_grad():
        for weight in model.parameters():
            if weight.grad is not None:
                weight.sub_(rate * weight.grad)


# --- the stream


@examples
@given(st.lists(st.integers(0, 9), min_size=2, max_size=60), st.integers(1, 12))
def test_every_token_but_the_first_is_predicted_exactly_once(
    tokens: list[int], columns: int
) -> None:
    stream = Stream.of_text(tokens, columns, 4, 4)
    predicted = [column[1:].tolist() for column in stream.columns]
    assert [token for column in predicted for token in column] == tokens[1:]
    assert len(predicted) == min(columns, len(tokens) - 1)
    assert max(map(len, predicted)) - min(map(len, predicted)) <= 1
    ends = [int(column[-1]) for column in stream.columns]
    assert [int(column[0]) for column in stream.columns] == [tokens[0], *ends[:-1]]


class Echo:
    """Stands for a model: writes down the tokens it is given, scores nothing."""

    def __init__(self) -> None:
        self.seen: list[list[list[int]]] = []

    def __call__(self, tokens: Ragged, state: Carried | None) -> tuple[Tensor, Carried]:
        self.seen.append([column.tolist() for column in tokens.to_list()])
        return torch.zeros(len(tokens.values), 10), (torch.zeros(1, len(tokens), 1),)


@examples
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=15), min_size=1, max_size=5),
    st.integers(1, 6),
)
def test_windows_cover_every_step_once_and_pad_nothing(columns: list[list[int]], k1: int) -> None:
    stream, echo = Stream(columns, k1, k1), Echo()
    predicted = [0] * len(columns)
    for window in range(len(stream)):
        loss = stream.loss(cast(LanguageModel, echo), window, ())
        assert int(loss.lengths.sum()) == len(loss.losses) > 0
        predicted = [sum(pair) for pair in zip(predicted, loss.lengths.tolist(), strict=True)]
    inputs = [[t for part in parts for t in part] for parts in zip(*echo.seen, strict=True)]
    assert predicted == [len(column) - 1 for column in columns]
    if len(stream):
        assert inputs == [column[:-1] for column in columns]
    assert all(len(part) <= k1 for parts in echo.seen for part in parts)


def test_the_number_of_windows() -> None:
    assert [len(Stream([[0] * length], 4, 4)) for length in (1, 2, 5, 6, 9, 10)] == [
        0, 1, 1, 2, 2, 3,
    ]  # fmt: skip


# --- gradients


@every_cell
def test_a_window_as_long_as_the_text_is_full_bptt(cell: str) -> None:
    model, plain = model_of(cell), Plain(model_of(cell))
    longest = max(map(len, COLUMNS)) - 1
    window = Stream(COLUMNS, longest, longest).loss(model, 0, ())
    ours = gradients(model, window.losses.mean())

    scores, _ = model(ragged([column[:-1] for column in COLUMNS]))
    targets = torch.tensor([token for column in COLUMNS for token in column[1:]])
    whole = gradients(model, cross_entropy(scores, targets))
    assert all(torch.equal(one, other) for one, other in zip(ours, whole, strict=True))

    assert_same(ours, gradients(plain, Definition(plain, longest, longest).loss(0).mean()))


@every_cell
@every_truncation
def test_truncated_gradients_are_those_of_the_definition(cell: str, k1: int, k2: int) -> None:
    model = model_of(cell)
    plain = Plain(model)
    definition, stream = Definition(plain, k1, k2), Stream(COLUMNS, k1, k2)
    carried: Carried = ()
    for number in range(len(stream)):
        window = stream.loss(model, number, carried)
        losses = definition.loss(number)
        assert gap(window.losses, losses) < OUTPUT[torch.float64]
        ours = gradients(model, window.losses.sum())
        theirs = gradients(plain, losses.sum())
        assert_same(ours, theirs)
        carried = window.carried
        assert not any(part.requires_grad for part in carried)
        for one in (model, plain):  # the weights change under the carried state, as in training
            descend(one, 0.1)
    assert len(stream) == -(-12 // k1)


@every_truncation
def test_truncation_matters_here(k1: int, k2: int) -> None:
    """Unless the full gradient differs, the test above could not fail."""
    model = model_of("gru")
    stream, full = Stream(COLUMNS, k1, k2), Stream(COLUMNS, k1, 100)
    carried: Carried = ()
    zeros: Carried = ()
    for number in range(len(stream)):
        window, whole = stream.loss(model, number, carried), full.loss(model, number, zeros)
        ours, theirs = gradients(model, window.losses.sum()), gradients(model, whole.losses.sum())
        truncated = k1 * (number + 1) > k2
        assert any(gap(*pair) > 1e-6 for pair in zip(ours, theirs, strict=True)) == truncated
        carried, zeros = window.carried, whole.carried


def losses_by_column(model: LanguageModel, k1: int, k2: int) -> list[Tensor]:
    stream = Stream(COLUMNS, k1, k2)
    columns: list[list[Tensor]] = [[] for _ in COLUMNS]
    carried: Carried = ()
    for number in range(len(stream)):
        window = stream.loss(model, number, carried)
        carried = window.carried
        for parts, piece in zip(columns, window.losses.split(window.lengths.tolist()), strict=True):
            parts.append(piece.detach())
    return [torch.cat(parts) for parts in columns]


@every_truncation
def test_losses_do_not_depend_on_where_the_text_is_cut(k1: int, k2: int) -> None:
    model = model_of()
    whole = losses_by_column(model, 12, 12)
    assert [len(losses) for losses in whole] == [12, 7, 0, 9, 1]
    for one, other in zip(losses_by_column(model, k1, k2), whole, strict=True):
        assert gap(one, other) < OUTPUT[torch.float64]


def test_one_text_in_columns_carries_no_state_from_column_to_column() -> None:
    model, tokens = model_of(), [1, 2, 3, 4, 5, 0, 1, 3, 5]
    window = Stream.of_text(tokens, 2, 4, 4).loss(model, 0, ())
    alone = Stream([tokens[4:]], 4, 4).loss(model, 0, ())
    assert gap(window.losses[4:], alone.losses) < OUTPUT[torch.float64]
