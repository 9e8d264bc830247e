"""Models that read numbers: vectors, images, frames and piano rolls."""

from __future__ import annotations

import pytest
import torch

from elman.cells.spec import CellSpec
from elman.errors import ConfigurationError
from elman.models.decoding import Sampling, compose
from elman.models.description import (
    FramesToOneDescription,
    OneToOneDescription,
    PianoRollDescription,
    Pooling,
)
from elman.models.many_to_one import ManyToOne
from elman.models.one_to_one import OneToOne
from elman.models.piano_roll import PianoRoll
from elman.sequences import Ragged
from tests.tolerances import BATCH_MATES


def frames_model(pooling: Pooling = "attention") -> ManyToOne:
    torch.manual_seed(0)
    description = FramesToOneDescription(
        cell=CellSpec("lstm"), frame_size=3, outputs=4, hidden_size=5, pooling=pooling,
    )  # fmt: skip
    return ManyToOne(description).eval()


@pytest.mark.parametrize(("features", "layers"), [((3,), 1), ((3,), 2), ((1, 8, 8), 1)])
def test_one_to_one_answers_with_its_outputs(features: tuple[int, ...], layers: int) -> None:
    description = OneToOneDescription(
        features=features, outputs=4, hidden_size=6, num_layers=layers, dropout=0.5
    )
    model = OneToOne(description).eval()
    values = torch.randn(7, *features)
    model.scaling.fit(values)
    with torch.no_grad():
        together = model(values)
        alone = torch.cat([model(one[None]) for one in values])
    assert together.shape == (7, 4)
    assert torch.allclose(together, alone, rtol=BATCH_MATES, atol=1e-6)


def test_a_matrix_is_neither_a_vector_nor_an_image() -> None:
    description = OneToOneDescription(features=(3, 4), outputs=2, hidden_size=6)
    with pytest.raises(ConfigurationError, match="vectors or images"):
        OneToOne(description)


@pytest.mark.parametrize("pooling", ["attention", "last", "max", "mean"])
def test_padding_does_not_exist_and_batch_mates_change_nothing(pooling: Pooling) -> None:
    model = frames_model(pooling)
    sequences = [torch.randn(steps, 3) for steps in (5, 1, 9)]
    with torch.no_grad():
        together = model(Ragged.from_list(sequences))
        alone = torch.cat([model(Ragged.from_list([one])) for one in sequences])
    assert torch.allclose(together, alone, rtol=BATCH_MATES, atol=1e-6)


def test_frames_in_another_unit_are_the_same_frames() -> None:
    model, frames = frames_model(), torch.randn(50, 3)
    factor, offset = torch.tensor([10.0, 0.1, 3.0]), torch.tensor([5.0, -2.0, 100.0])
    with torch.no_grad():
        model.scaling.fit(frames)
        plain = model(Ragged(frames, [30, 20]))
        model.scaling.fit(frames * factor + offset)
        scaled = model(Ragged(frames * factor + offset, [30, 20]))
    assert torch.allclose(plain, scaled, atol=1e-4)


def test_a_piano_roll_is_foretold_from_the_past_alone() -> None:
    torch.manual_seed(0)
    description = PianoRollDescription(cell=CellSpec("gru"), keys=6, hidden_size=5)
    model = PianoRoll(description).eval()
    roll = (torch.rand(8, 6) < 0.3).float()
    other = roll.clone()
    other[5:] = 1 - other[5:]
    with torch.no_grad():
        scores = model(Ragged.from_list([roll]))
        changed = model(Ragged.from_list([other]))
    assert scores.shape == (8, 6)
    assert torch.equal(scores[:5], changed[:5])
    assert not torch.allclose(scores[5:], changed[5:])


def test_keys_reach_their_scores_by_a_direct_path_that_begins_at_zero() -> None:
    torch.manual_seed(0)
    description = PianoRollDescription(cell=CellSpec("lstm"), keys=6, hidden_size=5)
    model = PianoRoll(description).eval()
    roll = Ragged.from_list([(torch.rand(8, 6) < 0.3).float()])
    with torch.no_grad():
        before = model(roll)
        model.direct.weight.copy_(2 * torch.eye(6))
        assert torch.allclose(model(roll), before + 2 * roll.values)


def composer() -> PianoRoll:
    torch.manual_seed(0)
    model = PianoRoll(PianoRollDescription(cell=CellSpec("lstm"), keys=6, hidden_size=5)).eval()
    torch.nn.init.normal_(model.direct.weight)
    return model


def test_a_piece_is_continued_as_if_it_were_read_again_at_each_step() -> None:
    model, frames = composer(), (torch.rand(7, 6) < 0.4).float()
    drawn = compose(model, frames, 9, Sampling(temperature=0))
    whole = torch.cat([frames, drawn])
    scores = model(Ragged.from_list([whole]))
    assert torch.equal(drawn, (scores[6:-1] > 0).float())
    assert 0 < drawn.mean() < 1


def test_keys_are_drawn_with_their_chances_and_by_the_seed() -> None:
    model, frames = composer(), (torch.rand(7, 6) < 0.4).float()
    first = torch.stack([compose(model, frames, 1, Sampling(seed=seed))[0] for seed in range(2000)])
    chances = torch.sigmoid(model(Ragged.from_list([frames]))[-1]).detach()
    assert torch.allclose(first.mean(0), chances, atol=0.05)
    again, once = (compose(model, frames, 5, Sampling(seed=3)) for _ in range(2))
    assert torch.equal(again, once)
