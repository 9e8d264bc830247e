"""One-hot, integer and pre-trained vectors, in every shape that reads text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from elman.data.examples import AnyDataset
from elman.errors import ConfigurationError, DataError
from elman.models.description import LanguageModelDescription
from elman.models.embedding import MAX_ONE_HOT, TokenEncoding
from elman.models.language_model import LanguageModel
from elman.training.choices import embedding_size
from elman.training.config import TrainingConfig
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.registry import SHAPES, settle
from tests.tagged_samples import aligned_config, tagged_data
from tests.training_samples import (
    labelled_data,
    language_model_config,
    many_to_one_config,
    running_data,
)
from tests.translation_samples import pair_config, pair_data

Making = tuple[ShapeParts, Callable[..., Any], Callable[[], AnyDataset]]
READERS: dict[str, Making] = {
    "many_to_one": (SHAPES["many_to_one", None], many_to_one_config, labelled_data),
    "language_model": (SHAPES["language_model", None], language_model_config, running_data),
    "encoder_decoder": (SHAPES["encoder_decoder", None], pair_config, pair_data),
    "aligned": (SHAPES["aligned", None], aligned_config, tagged_data),
}
every_reader = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


def model_of(reader: Making, **changes: Any) -> tuple[Any, list[str]]:
    """A model of the shape, and the tokens that it knows."""
    parts, config, data = reader
    untied = {} if parts.name != "language_model" else {"tied": False}
    torch.manual_seed(0)
    task, content = parts.make_task(config(**untied | changes), data())
    return task, content["text" if "text" in content else "source"]["tokens"]


def vectors(folder: Path, *words: str) -> str:
    path = folder / "vectors.txt"
    lines = (f"{word} {number} {-number} 0.5\n" for number, word in enumerate(words, 1))
    path.write_text("".join(lines))
    return str(path)


@every_reader
@pytest.mark.parametrize("encoding", ["one-hot", "integer"])
def test_an_encoding_is_trained_and_described(reader: Making, encoding: str) -> None:
    task, tokens = model_of(reader, encoding=encoding)
    assert task.model.description.encoding == encoding
    assert task.model.embedding.width == (len(tokens) if encoding == "one-hot" else 1)
    task.loss(0, 0, ()).mean.backward()
    assert bool((task.model.recurrent.weight_ih_l0.grad != 0).any())
    assert "embedding.weight" not in task.model.state_dict()


@every_reader
@pytest.mark.parametrize("frozen", [True, False])
def test_vectors_stand_where_their_tokens_are(reader: Making, frozen: bool, tmp_path: Path) -> None:
    file = vectors(tmp_path, "a", "we", "zebra")
    task, tokens = model_of(reader, vectors=file, embedding_size=3, freeze_vectors=frozen)
    weight = task.model.embedding.weight
    assert weight.shape == (len(tokens), 3)
    assert weight[tokens.index("zebra")].tolist() == [3.0, -3.0, 0.5]
    known = "we" if "we" in tokens and "a" not in tokens else "a"
    assert weight[tokens.index(known)].tolist()[2] == 0.5
    assert ("embedding.weight" in dict(task.model.named_parameters())) is not frozen
    assert "embedding.weight" in task.model.state_dict()


def test_tokens_without_a_vector_begin_at_the_scale_of_those_with_one(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoding = TokenEncoding("embedding", 2_000, 3)
    encoding.begin_with(torch.tensor([7]), torch.tensor([[0.1, 0.1, -0.1]]))
    assert isinstance(encoding.weight, torch.nn.Parameter)
    assert encoding.weight[7].tolist() == pytest.approx([0.1, 0.1, -0.1])
    assert float(encoding.weight.detach().std()) == pytest.approx(0.1, rel=0.05)


def test_a_vocabulary_takes_words_of_the_file_as_long_as_there_is_room(tmp_path: Path) -> None:
    file = vectors(tmp_path, "zebra", "a", "yak", "xerus")
    reader = READERS["language_model"]
    _, plain = model_of(reader)
    _, tokens = model_of(reader, vectors=file, embedding_size=3, max_vocabulary=len(plain) - 2 + 2)
    assert tokens == [*plain, "zebra", "yak"]


def test_a_rare_token_with_a_vector_is_known(tmp_path: Path) -> None:
    file = vectors(tmp_path, "turing")
    changes = {"embedding_size": 3, "min_count": 100}
    _, plain = model_of(READERS["aligned"], **changes)
    assert len(plain) == 2
    _, tokens = model_of(READERS["aligned"], vectors=file, **changes)
    assert tokens == [*plain, "turing"]


def test_vectors_of_other_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No token of the training part has a vector"):
        model_of(READERS["aligned"], vectors=vectors(tmp_path, "zebra"), embedding_size=3)


def test_the_width_is_that_of_the_vectors(tmp_path: Path) -> None:
    file = vectors(tmp_path, "a")
    asked = TrainingConfig.checked({"data": "any", "vectors": file})
    assert embedding_size(asked, 64) == 3
    wrong = asked.model_copy(update={"embedding_size": 4})
    with pytest.raises(ConfigurationError, match="have 3 numbers each"):
        embedding_size(wrong, 64)
    one_hot = TrainingConfig.checked({"data": "any", "encoding": "one-hot", "embedding_size": 4})
    with pytest.raises(ConfigurationError, match="has no embedding"):
        embedding_size(one_hot, 64)


MISFITS: dict[str, dict[str, Any]] = {
    "vectors, encoding": {"vectors": "v.txt", "encoding": "one-hot"},
    "freeze_vectors, vectors": {"freeze_vectors": True},
    "tied, encoding": {"tied": True, "encoding": "integer"},
    "tied, freeze_vectors": {"tied": True, "vectors": "v.txt", "freeze_vectors": True},
}


@pytest.mark.parametrize("where", MISFITS)
def test_options_that_do_not_fit_together(where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TrainingConfig.checked({"data": "any", **MISFITS[where]})
    assert caught.value.where == where


def test_the_output_is_tied_to_learned_vectors_of_its_width_only(tmp_path: Path) -> None:
    def tied(**asked: Any) -> bool:
        config = TrainingConfig.checked({"data": "any", "hidden_size": 3} | asked)
        return bool(settle(config, running_data())[0].tied)

    file = vectors(tmp_path, "a")
    assert tied()
    assert tied(vectors=file)
    assert not tied(vectors=file, hidden_size=4)
    assert not tied(vectors=file, freeze_vectors=True)
    assert not tied(encoding="one-hot")
    for forged in ({"encoding": "integer"}, {"frozen": True}):
        description = LanguageModelDescription.model_validate(
            {"cell": {"kind": "rnn"}, "vocabulary_size": 5, "embedding_size": 4, "hidden_size": 4}
            | {"tied": True}
            | forged,
            strict=False,
        )
        with pytest.raises(ConfigurationError, match="a learned embedding as wide as the state"):
            LanguageModel(description)


def test_one_hot_has_a_limit() -> None:
    with pytest.raises(ConfigurationError, match="too wide") as caught:
        TokenEncoding("one-hot", MAX_ONE_HOT + 1, 8)
    assert "--max-vocabulary" in caught.value.next_step
