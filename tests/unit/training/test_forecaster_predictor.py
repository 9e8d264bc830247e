"""A forecaster taken from its files: what it forecasts, what it measures, what it refuses."""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elman.data.series.columns import SeriesWishes
from elman.data.series.dataset import series_dataset
from elman.data.series.table import SeriesTable
from elman.data.series.time_split import SeriesDataset
from elman.errors import CorruptRunError, DataError, UsageError
from elman.training.checkpoint import model_files
from elman.training.predictor import predictor_of
from elman.training.shapes.forecaster.memory import remembered
from elman.training.shapes.forecaster.predictor import SeriesPredictor
from elman.training.shapes.forecaster.task import ForecasterTask
from tests.series_samples import COUNTER, forecaster_config, forecaster_task, series_of, wave, waves


def files_of(task: ForecasterTask, data: SeriesDataset) -> dict[str, bytes]:
    memory = remembered(task.series, task.scaling, task.yardsticks, data, task.config.look_back)
    return model_files(task.model.description, memory, task.model)


def predictor_for(data: SeriesDataset | None = None, **changes: Any) -> SeriesPredictor:
    data = data or waves()
    found = predictor_of(files_of(forecaster_task(data, **changes), data))
    assert isinstance(found, SeriesPredictor)
    return found


def with_covariate(steps_known: int) -> SeriesDataset:
    known = [[math.sin(step)] for step in range(60 + steps_known)]
    table = SeriesTable((series_of(wave(60), "y", known=known),), COUNTER, ("tide",), ())
    wishes = SeriesWishes(("y",), None, "t", ("tide",))
    return series_dataset("tides.csv", table, "a wave", "60/20/20", wishes)


def csv(folder: Path, *lines: str) -> Path:
    path = folder / "new.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows(values: list[float], start: int = 100) -> list[str]:
    return ["t,a", *(f"{start + step},{value}" for step, value in enumerate(values))]


def test_without_a_file_the_series_go_on_where_they_ended() -> None:
    predictor = predictor_for()
    items = predictor.read((), None, None)
    assert [str(item) for item in items] == ["a", "b"]
    first, second = predictor.predict(items)
    assert list(first.stamps) == [str(step) for step in range(100, 106)]
    assert all(list(levels) == sorted(levels) for levels in first.bands)
    assert first.bands != second.bands


def test_what_is_remembered_forecasts_as_the_whole_series_would() -> None:
    """From a whole file: the series of the run, gaps included, with its own scaling."""
    data = waves()
    predictor = predictor_for(data)
    remembered_series = [item.series for item in predictor.read((), None, None)]
    whole = ForecasterTask(forecaster_config(), data).series
    for short, long in zip(remembered_series, whole, strict=True):
        kept = long.values[-len(short) :]
        np.testing.assert_array_equal(short.values, kept)
        assert len(short) >= 12


@pytest.mark.parametrize("transform", ["none", "log"])
def test_a_file_of_the_same_series_gets_the_same_forecast(tmp_path: Path, transform: str) -> None:
    predictor = predictor_for(transform=transform)
    own = predictor.predict(predictor.read((), None, None))[0]
    path = csv(tmp_path, *rows(wave(100)[-20:], start=80))
    items = predictor.read((), path, None)
    (answer,) = predictor.predict(items)
    assert str(items[0]) == "a"
    assert list(answer.stamps) == list(own.stamps)
    np.testing.assert_allclose(answer.bands, own.bands, rtol=1e-6)  # float32, in another sum


def test_standard_input_is_read_as_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(rows(wave(30)))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    predictor = predictor_for()
    (answer,) = predictor.predict(predictor.read(["-"], None, None))
    assert answer.stamps[0] == "130"


def test_a_series_that_was_never_seen_is_scaled_by_its_own_values(tmp_path: Path) -> None:
    predictor = predictor_for()
    values = [1000 * value for value in wave(40)]
    path = csv(tmp_path, "t,new", *(f"{step},{value}" for step, value in enumerate(values)))
    (answer,) = predictor.predict(predictor.read((), path, None))
    assert all(2000 < levels[2] < 12_000 for levels in answer.bands)


def test_answers_for_people_and_for_programs() -> None:
    (answer, _) = (predictor := predictor_for()).predict(predictor.read((), None, None))
    lines = answer.line(1, "a").splitlines()
    assert len(lines) == 6
    time, value, low, high, name = lines[0].split("\t")
    assert (time, name) == ("100", "a")
    assert float(low) <= float(value) <= float(high)
    assert answer.line(1, None).splitlines()[0] == "\t".join([time, value, low, high])
    step = answer.facts(1)["forecast"][0]
    assert step["time"] == "100"
    assert list(step["quantiles"]) == ["0.1", "0.25", "0.5", "0.75", "0.9"]
    point = (predictor := predictor_for(forecast="point")).predict(predictor.read((), None, None))[
        0
    ]
    assert len(point.line(1, None).splitlines()[0].split("\t")) == 2
    assert set(point.facts(1)["forecast"][0]) == {"time", "value"}


def test_another_file_is_measured_from_each_of_its_steps(tmp_path: Path) -> None:
    predictor = predictor_for()
    path = csv(tmp_path, *rows(wave(40)))
    examples, metrics = predictor.evaluate(path, forecaster_config())
    assert examples == 40 - 12 - 6 + 1
    assert {"mase", "scaled_mse", "coverage", "loss"} <= set(metrics)
    assert all(math.isfinite(value) for value in metrics.values())


# --- refusals


def test_texts_are_refused() -> None:
    predictor = predictor_for()
    with pytest.raises(UsageError, match="takes no texts") as caught:
        predictor.read(["tomorrow"], None, None)
    assert "--file" in caught.value.next_step


def test_a_file_that_is_too_short_is_refused(tmp_path: Path) -> None:
    predictor = predictor_for()
    path = csv(tmp_path, *rows(wave(11)))
    with pytest.raises(DataError, match="11 steps, too few") as caught:
        predictor.predict(predictor.read((), path, None))
    assert caught.value.where == str(path)
    with pytest.raises(DataError, match="too few for a forecast") as caught:
        predictor.evaluate(path, forecaster_config())
    assert "18 steps" in caught.value.expected


def test_a_value_without_the_transform_is_refused(tmp_path: Path) -> None:
    predictor = predictor_for(transform="log")
    path = csv(tmp_path, *rows([*wave(20), -1.0]))
    with pytest.raises(DataError, match="-1 of 'a' has no logarithm") as caught:
        predictor.read((), path, None)
    assert caught.value.where == f"{path}:22"


def test_a_covariate_that_ends_with_the_series_is_refused() -> None:
    predictor = predictor_for(with_covariate(2))
    with pytest.raises(DataError, match=r"tide.* is missing in the future of 'y'") as caught:
        predictor.predict(predictor.read((), None, None))
    assert "6 rows after the last value" in caught.value.expected


def test_a_covariate_that_reaches_far_enough_is_used(tmp_path: Path) -> None:
    predictor = predictor_for(with_covariate(6))
    (own,) = predictor.predict(predictor.read((), None, None))
    past = [f"{step},{value},{math.sin(step)}" for step, value in enumerate(wave(60))][30:]
    future = [f"{step},,{math.sin(step)}" for step in range(60, 66)]
    path = csv(tmp_path, "t,y,tide", *past, *future)
    (answer,) = predictor.predict(predictor.read((), path, None))
    np.testing.assert_allclose(answer.bands, own.bands, rtol=1e-5)  # float32
    stormy = csv(tmp_path, "t,y,tide", *past, *(f"{row[:4]}9" for row in future))
    (other,) = predictor.predict(predictor.read((), stormy, None))
    assert other.bands != answer.bands
    short = csv(tmp_path, "t,y,tide", *past, *future[:4])
    with pytest.raises(DataError, match="4 steps of 6") as caught:
        predictor.predict(predictor.read((), short, None))
    assert caught.value.where == f"{short}:32"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda memory: memory["series"][0].update(deviation=0.0), "deviation"),
        (lambda memory: memory["series"][0]["values"].pop(), "not of the same steps"),
        (lambda memory: memory["clock"].update(step=0), "a step goes forward"),
        (lambda memory: memory.update(known=["tide"]), "not the same covariates"),
        (lambda memory: memory["series"].pop(), "do not belong together"),
        (lambda memory: memory.update(more=1), "more"),
        (lambda memory: memory["series"][0]["stamps"].__setitem__(0, 2**60), "stamps"),
    ],
)
def test_a_damaged_memory_is_refused(change: Any, told: str) -> None:
    data = waves()
    files = files_of(forecaster_task(data), data)
    memory = json.loads(files["vocabulary.json"])
    change(memory)
    with pytest.raises(CorruptRunError) as caught:
        predictor_of(files | {"vocabulary.json": json.dumps(memory).encode()})
    assert told in caught.value.render()


def test_a_forged_size_is_refused_before_memory_is_taken() -> None:
    data = waves()
    files = files_of(forecaster_task(data), data)
    description = json.loads(files["model.json"]) | {"hidden_size": 65_536}
    with pytest.raises(CorruptRunError, match="not those of the model"):
        predictor_of(files | {"model.json": json.dumps(description).encode()})
    assert torch.get_default_device().type == "cpu"
