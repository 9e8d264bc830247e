"""A trained forecaster, ready to use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman.data.examples import Series
from elman.data.files.delimited import delimited
from elman.data.files.formats import read_table
from elman.data.files.source import STANDARD_INPUT, check_file, decoded_lines
from elman.data.files.tables import Table
from elman.data.series.columns import choose_series_columns
from elman.data.series.scaling import SeriesScaling, require_transform
from elman.data.series.table import series_of
from elman.data.series.windows import WindowBatch, windows_of, with_future
from elman.data.wording import counted, quoted
from elman.errors import DataError, UsageError
from elman.models.description import QUANTILES, ForecasterDescription
from elman.models.forecaster import Forecaster
from elman.training.config import SettledConfig
from elman.training.shapes.contract import Metrics
from elman.training.shapes.forecaster.memory import Memory
from elman.training.shapes.forecaster.metrics import coverage, forecast_metrics
from elman.training.shapes.forecaster.task import Backtest, backtest
from elman.training.shapes.model_file import content_of, require_sizes, restored


@dataclass(frozen=True, eq=False)
class Past:
    """A series to forecast, and what it comes from, for messages; `str` gives its name."""

    series: Series
    source: str

    def __str__(self) -> str:
        return self.series.name


@dataclass(frozen=True)
class Window:
    """What a forecast of a series is made from.

    Attributes:
        batch: the one window, in scaled units.
        number: of the series, as the model counts; 0 for one that it never saw.
        scaling: of this series alone.
        spread: its deviation in the training part, in the units of the file.
        behind: the times of the L steps looked back on, as a file has them.
        ahead: those of the H steps to come.
    """

    batch: WindowBatch
    number: int
    scaling: SeriesScaling
    spread: float
    behind: tuple[str, ...]
    ahead: tuple[str, ...]


@dataclass(frozen=True)
class SeriesForecast:
    """What is to come in a series.

    Attributes:
        stamps: of the steps to come, as a file has them.
        bands: for each step the values at the levels of `QUANTILES`; one value where the model
            says no more.
    """

    stamps: Sequence[str]
    bands: Sequence[Sequence[float]]

    def line(self, top: int, item: str | None) -> str:
        """A line a step: the time, the value, and where it says so the ends of the 80 % interval.

        Separated by tabs, the name of the series at the end.
        """
        lines = []
        for stamp, levels in zip(self.stamps, self.bands, strict=True):
            shown = [
                levels[len(levels) // 2],
                *([levels[0], levels[-1]] if len(levels) > 1 else []),
            ]
            cells = [stamp, *(f"{value:.6g}" for value in shown)]
            lines.append("\t".join(cells if item is None else [*cells, item]))
        return "\n".join(lines)

    def facts(self, top: int) -> dict[str, Any]:
        """Time, value and quantiles of each step."""
        steps = []
        for stamp, levels in zip(self.stamps, self.bands, strict=True):
            step: dict[str, Any] = {"time": stamp, "value": levels[len(levels) // 2]}
            if len(levels) > 1:
                step["quantiles"] = dict(zip(map(str, QUANTILES), levels, strict=True))
            steps.append(step)
        return {"forecast": steps}


class SeriesPredictor:
    """A trained forecaster.

    Args:
        model: with its weights, in evaluation mode.
        memory: of the data that it learned from.
    """

    def __init__(self, model: Forecaster, memory: Memory) -> None:
        self.model = model
        self.memory = memory

    def read(self, words: Sequence[str], file: Path | None, column: str | None) -> list[Past]:
        """The series of a file, of standard input as CSV for the word "-", or else the run's own.

        Raises:
            UsageError: texts were given.
            DataError: the file cannot be used.
        """
        if list(words) == ["-"]:
            lines = decoded_lines(sys.stdin.buffer, STANDARD_INPUT, _undigested)
            return self._of_table(delimited(STANDARD_INPUT, lines))
        if words or column is not None:
            raise UsageError(
                "A forecaster takes no texts.",
                where=" ".join(words) or f"--text {column}",
                expected="a table by --file, - for a table from standard input, or nothing: then"
                " the series go on where they ended in training",
                next_step="elman predict RUN --file FILE",
            )
        if file is not None:
            return self._of_file(file)
        return [Past(one.series(), "the data of the run") for one in self.memory.series]

    def predict(self, items: Sequence[Past]) -> list[SeriesForecast]:
        """The next steps of each series, in their order."""
        return [self._forecast(item) for item in items]

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many forecasts a file allows, one from each step, and what they are worth.

        Raises:
            DataError: the file cannot be used, or is too short.
        """
        series = [one.series for one in self._of_file(path)]
        test = self._backtest(series, [(0, len(one)) for one in series])
        if not len(test.origins):
            description = self.model.description
            needed = description.look_back + description.horizon
            raise _too_short(str(path), max(map(len, series)), needed)
        _, yardsticks = self.memory.scaling_and_yardsticks(series)
        metrics = forecast_metrics(test.middle, test.truth, test.series, yardsticks)
        if self.model.description.output != "point":
            metrics["coverage"] = coverage(test.bands, test.truth)
        return len(test.origins), metrics | {"loss": test.loss}

    def _of_file(self, path: Path) -> list[Past]:
        check_file(path)
        return self._of_table(read_table(path, _undigested))

    def _of_table(self, table: Table) -> list[Past]:
        read = series_of(table, choose_series_columns(table, self.memory.columns))
        require_transform(read.series, self.memory.transform, table.path)
        return [Past(one, table.path) for one in read.series]

    def window(self, past: Past) -> Window:
        """What the next steps of a series are forecast from.

        Raises:
            DataError: it is too short, or what is known ahead of time is missing.
        """
        whole, description = self._with_future(past), self.model.description
        scaling, yardsticks = self.memory.scaling_and_yardsticks([whole])
        here = [(len(past.series), len(whole))]
        look_back, horizon = description.look_back, description.horizon
        windows = windows_of([whole], here, scaling, look_back, horizon, gaps=True)
        stamps = [self.memory.clock.write(int(stamp)) for stamp in whole.stamps]
        return Window(
            windows.take([0]),
            self._numbers().get(whole.name, 0),
            scaling,
            float(yardsticks.deviation[0]),
            tuple(stamps[-look_back - horizon : -horizon]),
            tuple(stamps[-horizon:]),
        )

    def _forecast(self, past: Past) -> SeriesForecast:
        description, clock = self.model.description, self.memory.clock
        whole = self._with_future(past)
        test = self._backtest([whole], [(len(past.series), len(whole))], gaps=True)
        levels = test.bands[0] if description.output != "point" else test.bands[0, :, :1]
        stamps = whole.stamps[-description.horizon :].tolist()
        return SeriesForecast([clock.write(stamp) for stamp in stamps], levels.tolist())

    def _with_future(self, past: Past) -> Series:
        """The series with the steps to come at its end."""
        description, clock = self.model.description, self.memory.clock
        horizon, series = description.horizon, past.series
        if len(series) < description.look_back:
            raise _too_short(past.source, len(series), description.look_back)
        beyond = len(series.known) - len(series)
        if description.known and beyond < horizon:
            raise _unknown_future(past, beyond, horizon, self.memory.known)
        last = int(series.stamps[-1])
        stamps = [clock.after(last, step) for step in range(1, horizon + 1)]
        return with_future(series, stamps, horizon)

    def _numbers(self) -> dict[str, int]:
        """The numbers of the series that the model saw, by their names, from 1."""
        return {one.name: number for number, one in enumerate(self.memory.series, start=1)}

    def _backtest(
        self, series: Sequence[Series], ranges: Sequence[tuple[int, int]], *, gaps: bool = False
    ) -> Backtest:
        scaling, _ = self.memory.scaling_and_yardsticks(series)
        description = self.model.description
        windows = windows_of(
            series, ranges, scaling, description.look_back, description.horizon, gaps=gaps
        )
        numbers = self._numbers()
        return backtest(self.model, windows, scaling, [numbers.get(one.name, 0) for one in series])


def predictor(
    description: ForecasterDescription, vocabulary: bytes, weights: bytes
) -> SeriesPredictor:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    memory = content_of(Memory, vocabulary, "vocabulary.json")
    require_sizes(
        {"series": len(memory.series), "covariates": len(memory.known)},
        {"series": description.series, "covariates": description.known},
    )
    return SeriesPredictor(restored(lambda: Forecaster(description), weights), memory)


def _undigested(content: bytes) -> None:
    """Predictions leave no record of the bytes they were made from."""


def _too_short(source: str, steps: int, needed: int) -> DataError:
    return DataError(
        f"The series has {counted(steps, 'step')}, too few for a forecast.",
        where=source,
        expected=f"at least {needed} steps",
        next_step="add earlier rows, or train with a smaller --look-back",
    )


def _unknown_future(past: Past, known: int, horizon: int, names: Sequence[str]) -> DataError:
    last = int(past.series.rows[-1])
    return DataError(
        f"What is known ahead of time ({', '.join(names)}) is missing in the future of"
        f" {past.series.name!r}: {counted(known, 'step')} of {horizon}.",
        where=f"{past.source}:{last + 1}" if last else past.source,
        expected=f"{horizon} rows after the last value, with the known columns filled in and the"
        " values left empty",
        next_step=f"elman predict RUN --file {quoted(past.source)}, with these rows added"
        if last
        else "elman predict RUN --file FILE, with these rows in it",
    )
