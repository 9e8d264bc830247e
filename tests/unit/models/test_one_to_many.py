"""One to many: what is seen is where the decoder starts, and what it looks at."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.errors import ConfigurationError
from elman.models.description import OneToManyDescription
from elman.models.one_to_many import OneToMany
from elman.models.search import Limits, Search, best
from tests.tolerances import OUTPUT
from tests.training_samples import gap

VECTORS = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
IMAGES = torch.rand(3, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
TOKENS = [[1, 2, 4], [1], [1, 3, 3, 0, 2]]


def model_of(features: tuple[int, ...], **options: Any) -> OneToMany:
    torch.manual_seed(0)
    about: dict[str, Any] = {
        "cell": CellSpec("lstm"), "features": features, "target_size": 6, "embedding_size": 4,
        "hidden_size": 3,
    }  # fmt: skip
    return OneToMany(OneToManyDescription(**(about | options))).double().eval()


def scores_of(model: OneToMany, inputs: Tensor, tokens: list[list[int]]) -> Tensor:
    scores: Tensor = model.decoder(ragged(tokens), model.encode(inputs))[0]
    return scores


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_a_vector_is_scaled_and_becomes_the_state(kind: Any) -> None:
    model = model_of((5,), cell=CellSpec(kind), num_layers=2)
    model.fit(VECTORS)
    scaled = (VECTORS - VECTORS.mean(0)) / VECTORS.std(0, correction=0)
    wanted = torch.tanh(scaled @ model.start.weight.T + model.start.bias)
    state = model.encode(VECTORS).state
    assert len(state) == len(model.description.cell.state_names)
    for number, part in enumerate(state):
        assert part.shape == (2, 3, 3)
        for layer in range(2):
            first = (2 * number + layer) * 3
            assert gap(part[layer], wanted[:, first : first + 3]) < OUTPUT[torch.float64]
    assert model.encode(VECTORS).memory is None


def test_an_image_is_looked_at_place_by_place() -> None:
    model = model_of((1, 8, 8), attention="general")
    assert model.image is not None
    seen = model.image(IMAGES)
    memory = model.encode(IMAGES).memory
    assert memory is not None
    assert memory.values.shape == (3, 16, 32)
    channels = seen.view(3, 32, 4, 4)
    for place in range(16):
        assert torch.equal(memory.values[:, place], channels[:, :, place // 4, place % 4])


@pytest.mark.parametrize(
    ("features", "options"),
    [((5,), {}), ((1, 8, 8), {}), ((1, 8, 8), {"attention": "general", "input_feeding": True})],
    ids=str,
)
def test_inputs_are_answered_as_each_is_alone(
    features: tuple[int, ...], options: dict[str, Any]
) -> None:
    model, inputs = model_of(features, **options), VECTORS if features == (5,) else IMAGES
    scores = scores_of(model, inputs, TOKENS).split([len(one) for one in TOKENS])
    limits = Limits(1, 7, {0})
    together = best(model.decoder, model.encode(inputs), Search(3), limits)
    for row, (tokens, found) in enumerate(zip(TOKENS, together, strict=True)):
        one = inputs[row : row + 1]
        assert gap(scores[row], scores_of(model, one, [tokens])) < OUTPUT[torch.float64]
        (alone,) = best(model.decoder, model.encode(one), Search(3), limits)
        assert [each.tokens for each in alone] == [each.tokens for each in found]


def test_every_weight_learns() -> None:
    model = model_of((1, 8, 8), attention="additive")
    scores_of(model, IMAGES, TOKENS).square().sum().backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_a_vector_has_no_places() -> None:
    with pytest.raises(ConfigurationError, match="no places to attend to") as caught:
        model_of((5,), attention="dot")
    assert caught.value.where == "attention = dot"
