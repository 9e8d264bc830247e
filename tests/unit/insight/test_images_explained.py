"""An image is explained square by square, and a text for it by the places that were looked at."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.data.files.images import ImageForm
from elman.data.texts.vocabulary import Vocabulary
from elman.insight.explain import Explanation, explain
from elman.insight.facts import facts
from elman.insight.pictures import chapters
from elman.insight.pictures.attention import MOST_OPEN
from elman.insight.pictures.kinds import Map
from elman.insight.plots import save_pictures
from elman.insight.subjects.registry import example_of
from elman.insight.subjects.still import MOST_PATCHES, still_of
from elman.models.description import AttentionKind, OneToManyDescription, OneToOneDescription
from elman.models.one_to_many import OneToMany
from elman.models.one_to_one import OneToOne
from elman.models.scaling import Scaling
from elman.models.search import Search
from elman.sequences import Ragged
from elman.training.shapes.arrays.goals import ClassGoal
from elman.training.shapes.arrays.predictor import ArrayPredictor
from elman.training.shapes.arrays.task import VALUES
from elman.training.shapes.one_to_many.predictor import Captioner
from elman.training.shapes.one_to_many.task import stacked
from elman.training.shapes.writing.writer import Writer
from tests.number_samples import image

WORDS = Vocabulary.build(["dark over light and light over dark"], "words")


def form(height: int = 6, width: int = 6) -> ImageForm:
    return ImageForm(height=height, width=width, channels=1)


def captioner(attention: AttentionKind = "general", *, input_feeding: bool = False) -> Captioner:
    torch.manual_seed(2)
    about = OneToManyDescription(
        cell=CellSpec("lstm"), target_size=len(WORDS), embedding_size=3, hidden_size=5,
        num_layers=2, features=(1, 6, 6), attention=attention, input_feeding=input_feeding,
    )  # fmt: skip
    model = OneToMany(about).eval()
    model.fit(torch.tensor([[[[0.0]]], [[[200.0]]]]))
    with torch.no_grad():
        for weight in model.decoder.parameters():
            weight.add_(torch.randn_like(weight) / 4)
    return Captioner(Writer(model, stacked, WORDS, 9), form(), Search(2, 0.6))


def written(
    folder: Path, attention: AttentionKind = "general", *, input_feeding: bool = False
) -> Explanation:
    image(folder / "one.png", 0, upper=True)
    model = captioner(attention, input_feeding=input_feeding)
    return explain(example_of(model, str(folder / "one.png")))


@pytest.mark.parametrize(
    ("channels", "height", "width", "grid"),
    [(1, 6, 6, (6, 6)), (3, 20, 33, (7, 11)), (1, 17, 9, (9, 5)), (1, 16, 16, (16, 16))],
)
def test_squares_make_the_image_again(
    channels: int, height: int, width: int, grid: tuple[int, int]
) -> None:
    draw = torch.Generator().manual_seed(0)
    pixels = torch.rand(channels, height, width, generator=draw)
    scaling = Scaling([channels, 1, 1])
    scaling.fit(pixels[None])
    found = still_of(pixels, form(height, width), scaling)
    assert found.grid == grid
    assert max(grid) <= MOST_PATCHES
    assert len(found.names) == len(found.parts) == grid[0] * grid[1]
    batch = Ragged.from_list([found.parts, found.neutral])
    assert torch.equal(found.whole(batch), torch.stack([pixels, scaling.mean.expand_as(pixels)]))


def test_an_image_is_told_square_by_square(tmp_path: Path) -> None:
    torch.manual_seed(0)
    image(tmp_path / "one.png", 0, upper=True)
    about = OneToOneDescription(features=(1, 6, 6), outputs=2, hidden_size=4)
    model = ArrayPredictor(OneToOne(about).eval(), ClassGoal(("down", "up")), form(), VALUES)
    found = explain(example_of(model, str(tmp_path / "one.png")))
    (said,) = model.predict(model.read([str(tmp_path / "one.png")], None, None))
    assert dict(found.answers) == pytest.approx(said.facts(2)["top"])
    assert found.example.grid == (6, 6)
    assert found.attribution.gap < 0.02
    chapter = chapters(found)[0]
    seen, shares, hidden = chapter.pictures
    for one in (seen, shares, hidden):
        assert isinstance(one, Map)
        assert one.square
        assert len(one.values) == len(one.values[0]) == 6
    assert isinstance(shares, Map)
    total = sum(map(sum, shares.values))
    assert total == pytest.approx(found.attribution.score - found.attribution.neutral, abs=1e-2)
    # a square that is hidden is one whose pixels are the mean
    hidden_one = found.example.inputs.clone()
    hidden_one[8] = found.example.neutral[8]
    fall = found.attribution.score - float(
        found.example.score(Ragged.from_list([hidden_one])).detach()
    )
    assert isinstance(hidden, Map)
    assert hidden.values[1][2] == pytest.approx(fall, abs=1e-5)


@pytest.mark.parametrize("input_feeding", [False, True])
def test_a_text_is_told_by_the_places_looked_at(input_feeding: bool, tmp_path: Path) -> None:
    found = written(tmp_path, input_feeding=input_feeding)
    decoding = found.example.decoding
    assert decoding is not None
    assert decoding.attention is not None
    assert decoding.grid == (3, 3)
    count = len(found.example.written)
    assert decoding.attention.shape == (count, 9)
    torch.testing.assert_close(decoding.attention.sum(1), torch.ones(count))
    chapter = chapters(found)[1]
    maps = [*chapter.pictures, *chapter.more]
    assert len(maps) == count
    assert len(chapter.pictures) == min(MOST_OPEN, count)
    first = maps[0]
    assert isinstance(first, Map)
    assert first.values == tuple(map(tuple, decoding.attention[0].view(3, 3).double().tolist()))
    assert found.terms.error < 1e-5
    told = facts(found)["decoder"]
    assert told["grid"] == [3, 3]
    assert told["attention"] == decoding.attention.tolist()
    assert told["blocks"][0]["place"] == "decoder layer 0"


def test_its_pictures_are_for_slides_too(tmp_path: Path) -> None:
    drawn = chapters(written(tmp_path))[:2]
    paths = save_pictures(drawn, tmp_path / "pictures")
    assert {"input.png", "integrated-gradients.png", "attention-1.png"} <= {
        path.name for path in paths
    }
    assert all(path.stat().st_size > 5000 for path in paths)


def test_without_attention_there_is_no_map_of_it(tmp_path: Path) -> None:
    found = written(tmp_path, "none")
    assert found.writing is not None
    assert [chapter.anchor for chapter in chapters(found)] == [
        "input", "gradient", "states", "health",
    ]  # fmt: skip


@pytest.mark.parametrize("input_feeding", [False, True])
def test_the_decoder_s_states_are_those_of_its_steps(input_feeding: bool, tmp_path: Path) -> None:
    """Step after step by hand, with the gradient of the last loss by the last state."""
    found = written(tmp_path, input_feeding=input_feeding)
    model = captioner(input_feeding=input_feeding)
    decoder, wrote, example = model.model.decoder, found.writing, found.example
    assert wrote is not None
    assert wrote.recording.steps == tuple(example.decoding.given)  # type: ignore[union-attr]
    pixels = torch.tensor(model.read([str(tmp_path / "one.png")], None, None)[0].values)
    reading, losses = model.model.encode(pixels[None]), []
    states: list[Tensor] = []
    numbers = [WORDS.tokens.index(one) for one in (*wrote.recording.steps, example.written[-1])]
    for given, wanted in pairwise(numbers):
        scores, _, reading = decoder.step(torch.tensor([given]), reading)
        states.append(reading.state[0])  # [2, 1, H]
        losses.append(-torch.log_softmax(scores[0], 0)[wanted])
    torch.testing.assert_close(torch.stack(losses), found.terms.losses)
    for layer, direction in enumerate(wrote.recording.directions):
        h = torch.stack([state[layer, 0] for state in states]).detach()
        torch.testing.assert_close(direction.quantities["h"], h)
        assert direction.place.name == f"decoder layer {layer}"
    # of the last loss by its own step's top state: no later step passes it on
    top, own = wrote.states[1].norms, states[-1][1].detach().requires_grad_()  # own: [1, H]
    assert decoder.attention is not None
    assert reading.memory is not None
    context, _ = decoder.attention(own[None], reading.memory)
    scores = decoder.output(torch.tanh(decoder.combine(torch.cat([context[0], own], 1))))
    (slope,) = torch.autograd.grad(torch.log_softmax(scores[0], 0)[numbers[-1]], own)
    assert float(top[-1, -1]) == pytest.approx(float(slope.norm()), rel=1e-4)
    assert top.shape == (len(losses), len(losses)) == (9, 9)
    assert not top.triu(1).any()
    assert top[-1, 0] > 0
