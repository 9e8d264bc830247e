"""The forecaster: shapes, what its forecasts may depend on, and how it decodes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.errors import ConfigurationError
from elman.models.description import ForecasterDescription
from elman.models.forecaster import Forecaster, middle, outputs_of
from tests.tolerances import BATCH_MATES

SIZES: dict[str, Any] = {
    "cell": CellSpec("gru"), "hidden_size": 5, "look_back": 6, "horizon": 4, "series": 3,
}  # fmt: skip


def model_of(**changes: Any) -> Forecaster:
    torch.manual_seed(0)
    model = Forecaster(ForecasterDescription(**(SIZES | changes)))
    with torch.no_grad():  # as if trained: nothing is 0 by its initialisation
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) / 3)
        model.series.weight[0] = 0
    return model.eval()


def inputs(batch: int = 3, known: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    past = torch.randn(batch, 6, generator=draw)
    covariates = torch.randn(batch, 10, known, generator=draw)
    return past, covariates, torch.arange(batch) % 4


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("decoding", ["direct", "recursive"])
@pytest.mark.parametrize("segment", [1, 2, 3, 6])
@pytest.mark.parametrize("output", ["point", "quantiles", "gaussian"])
def test_a_forecast_has_the_numbers_of_its_output_for_each_step(
    cell: Any, decoding: str, segment: int, output: Any
) -> None:
    model = model_of(
        cell=CellSpec(cell), decoding=decoding, segment=segment, output=output, known=2
    )
    forecast = model(*inputs(known=2))
    assert forecast.shape == (3, 4, outputs_of(model.description))
    assert middle(forecast, model.description).shape == (3, 4)
    if output == "gaussian":
        assert bool((forecast[..., 1] > 0).all())


@pytest.mark.parametrize("decoding", ["direct", "recursive"])
@pytest.mark.parametrize("highway", [True, False])
def test_the_level_goes_in_and_comes_out(decoding: str, highway: bool) -> None:
    model = model_of(decoding=decoding, highway=highway, output="gaussian")
    past, known, series = inputs()
    low, high = model(past, known, series), model(past + 7, known, series)
    apart = high - low
    torch.testing.assert_close(apart[..., 0], torch.full((3, 4), 7.0))
    torch.testing.assert_close(apart[..., 1], torch.zeros(3, 4), atol=1e-5, rtol=0)
    plain = model_of(decoding=decoding, highway=highway, normalise="none")
    spread = plain(past + 7, known, series) - plain(past, known, series)
    assert bool(((spread - 7).abs() > 0.1).any())


@pytest.mark.parametrize("decoding", ["direct", "recursive"])
def test_batch_mates_change_nothing(decoding: str) -> None:
    model = model_of(decoding=decoding, known=1, segment=2)
    past, known, series = inputs(known=1)
    together = model(past, known, series)
    for row in range(3):
        alone = model(past[row : row + 1], known[row : row + 1], series[row : row + 1])[0]
        assert bool(((together[row] - alone).abs() <= BATCH_MATES * alone.abs().max()).all())


@pytest.mark.parametrize("decoding", ["direct", "recursive"])
@pytest.mark.parametrize("segment", [1, 2])
def test_a_covariate_acts_on_its_own_step_and_recursively_on_later_ones(
    decoding: str, segment: int
) -> None:
    model = model_of(decoding=decoding, known=1, segment=segment)
    past, known, series = inputs(known=1)
    before = model(past, known, series)
    known[:, 6 + 2] += 3  # the third step to come
    changed = (model(past, known, series) != before).any(2).any(0)
    first = 2 // segment * segment
    later = [True] * (4 - first) if decoding == "recursive" else [True] * segment
    assert changed.tolist() == [False] * first + later + [False] * (4 - first - len(later))


def test_recursive_decoding_feeds_each_forecast_back() -> None:
    model = model_of(decoding="recursive", highway=False, output="point", series=0)
    past, known, series = inputs()
    whole = model(past, known, series * 0)[..., 0]
    origin = past[:, -1:]
    again = past - origin
    for step in range(4):
        steps = torch.relu(model.values(again.unsqueeze(2)))
        hidden = model.recurrent(steps.transpose(0, 1))[0][-1]
        value = model.output(hidden)
        torch.testing.assert_close(value + origin, whole[:, step : step + 1])
        again = torch.cat([again, value], 1)


def test_a_series_that_was_never_seen_is_zero_and_stays_zero() -> None:
    model = model_of()
    past, known, _ = inputs()
    unseen, first = torch.zeros(3, dtype=torch.int64), torch.ones(3, dtype=torch.int64)
    assert not torch.equal(model(past, known, unseen), model(past, known, first))
    model(past, known, unseen).sum().backward()
    assert float(model.series.weight.grad.abs().max()) == 0  # type: ignore[union-attr]


def test_the_last_segment_may_reach_beyond_the_horizon() -> None:
    model = model_of(segment=3, known=1)
    past, known, series = inputs(known=1)
    assert model.segments == 2
    assert model(past, known, series).shape[1] == 4


def test_a_new_model_begins_from_the_last_value_alone_on_its_highway() -> None:
    model = Forecaster(ForecasterDescription(**SIZES))
    assert model.highway is not None
    assert not model.highway.weight.any()
    assert model_of(highway=False).highway is None


def test_a_past_that_is_no_whole_number_of_segments_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="whole number of segments") as caught:
        model_of(segment=4)
    assert caught.value.where == "look_back = 6, segment = 4"
    assert caught.value.next_step == "--look-back 8"


@pytest.mark.parametrize(
    "changes",
    [{"horizon": 0}, {"look_back": 100_001}, {"output": "words"}, {"known": -1}, {"more": 1}],
)
def test_a_hostile_description_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ForecasterDescription(**(SIZES | changes))
