"""The figures that are promised, and whether they were met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import geometric_mean
from typing import Any

from benchmarks.cases import CASES, LARGE, MIDDLE, SHAPES, SMALL, Case, Cell, Sizes, Task
from benchmarks.results import LIMIT, LIMIT_SIZE, Results, Row

_Ratio = Callable[[Row], float]


@dataclass(frozen=True)
class Finding:
    """One promise: a figure of this run, and what it should be at least, or at most."""

    what: str
    figure: float | None
    least: float | None = None
    most: float | None = None

    @property
    def verdict(self) -> str:
        """Met, falls short, or not measured."""
        if self.figure is None:
            return "not measured"
        short = self.least is not None and self.figure < self.least
        long = self.most is not None and self.figure > self.most
        return "falls short" if short or long else "met"

    def to_json(self) -> dict[str, Any]:
        """With the verdict."""
        goal = {"at_least": self.least} if self.most is None else {"at_most": self.most}
        figure = None if self.figure is None else round(self.figure, 3)
        return {"what": self.what, "figure": figure, **goal, "verdict": self.verdict}

    def line(self) -> str:
        """For people."""
        goal = f"at least {self.least}" if self.most is None else f"at most {self.most}"
        figure = "-" if self.figure is None else f"{self.figure:.2f}"
        return f"{self.verdict:12} {figure:>7}  {goal:14} {self.what}"


def findings(results: Results, *, one_thread: bool) -> list[Finding]:
    """The promises for one thread, or the one for all threads."""
    figures = _Figures(results)
    simple = figures.mean("training", ("rnn", "gru"), _over("torch padded"))
    if not one_thread:
        what = "all threads, GRU and RNN training against torch.nn, geometric mean"
        return [Finding(what, simple, least=3.5)]
    return [
        *_padded_training(figures, simple),
        *_ragged_training(figures),
        *_inference(figures),
        *_limits(figures),
        *_variants(figures),
    ]


def geometric_means(results: Results) -> dict[str, float | None]:
    """How often faster than the peers over the shapes, by what is done."""
    figures = _Figures(results)
    return {
        "RNN and GRU training, beside `torch.nn`": figures.mean(
            "training", ("rnn", "gru"), _over("torch padded")
        ),
        "LSTM training, beside `torch.nn`": figures.mean(
            "training", ("lstm",), _over("torch padded")
        ),
        "inference, beside the faster of `torch.nn` and ONNX Runtime": figures.mean(
            "inference", (), _over_runtimes
        ),
    }


def _padded_training(figures: _Figures, simple: float | None) -> list[Finding]:
    beside_torch = _over("torch padded")
    floors = [
        Finding(
            f"GRU and RNN training against torch.nn, {Case('training', 'gru', *sizes).sizes}",
            figures.least("training", ("rnn", "gru"), beside_torch, sizes),
            least=floor,
        )
        for sizes, floor in zip(SHAPES, (5.0, 1.5, 1.15, 4.0), strict=True)
    ]
    return [
        *floors,
        Finding("GRU and RNN training against torch.nn, geometric mean", simple, least=2.4),
        Finding(
            "time of a GRU that resets before, over that of our other, training, slowest shape",
            _inverse(figures.least("training", ("gru_reset_before",), _over("elman reset after"))),
            most=1.25,
        ),
        Finding(
            "LSTM training against torch.nn, slowest shape",
            figures.least("training", ("lstm",), beside_torch),
            least=0.92,
        ),
        Finding(
            "LSTM training against torch.nn, geometric mean",
            figures.mean("training", ("lstm",), beside_torch),
            least=1.05,
        ),
    ]


def _ragged_training(figures: _Figures) -> list[Finding]:
    def of_padded_share(row: Row) -> float:
        """How often faster than the padded time would be, if it shrank with the real steps."""
        return row.times_faster("elman padded") * row.case.share_of_real_steps()

    packed = _over("torch packed")
    floors: dict[Cell, float] = {"lstm": 25.0, "gru": 8.0}
    return [
        *(
            Finding(
                f"ragged training against PackedSequence, {cell.upper()}",
                figures.least("ragged training", (cell,), packed),
                least=floor,
            )
            for cell, floor in floors.items()
        ),
        Finding(
            "ragged time over our padded time × share of real steps, slower of LSTM and GRU",
            _inverse(figures.least("ragged training", (), of_padded_share)),
            most=1.15,
        ),
    ]


def _inference(figures: _Figures) -> list[Finding]:
    what = "inference against the faster of torch.nn and ONNX Runtime"
    return [
        Finding(
            f"{what}, slowest",
            figures.least("inference", (), _over_runtimes),
            least=0.97,
        ),
        Finding(
            f"{what}, geometric mean",
            figures.mean("inference", (), _over_runtimes),
            least=1.25,
        ),
        Finding(
            "one streaming step against torch.nn's cells, slower of LSTM and GRU",
            figures.least("streaming", ("lstm", "gru"), _over("torch cell")),
            least=1.0,
        ),
    ]


def _limits(figures: _Figures) -> list[Finding]:
    return [
        Finding(
            "share of torch.mm's rate, training, H >= 256 and B >= 32, slowest cell",
            figures.least("training", (), _share_of_limit, LARGE),
            least=0.8,
        ),
        Finding(
            "bf16 training against our float32, slowest cell",
            figures.least("bf16 training", (), _over("elman")),
            least=1.6,
        ),
        Finding(
            "peak memory of LSTM training, 32×1000×128×128, over that of torch.nn",
            figures.memory("lstm"),
            most=1.0,
        ),
        Finding(
            "peak memory of GRU training, 32×1000×128×128, over that of torch.nn's LSTM",
            figures.memory("gru"),
            most=1.0,
        ),
    ]


def _variants(figures: _Figures) -> list[Finding]:
    def over_plain(task: Task) -> float | None:
        return _inverse(figures.least(task, ("lstm",), _over("elman"), MIDDLE))

    return [
        *(
            Finding(
                "layer-norm LSTM training against a loop over torch operations,"
                f" {Case('norm training', 'lstm', *sizes).sizes}",
                figures.least("norm training", ("lstm",), _over("torch loop"), sizes),
                least=floor,
            )
            for sizes, floor in ((SMALL, 5.0), (MIDDLE, 1.8))
        ),
        Finding(
            "time of LSTM training with layer norm over that without, 32×100×128×128",
            over_plain("norm training"),
            most=1.6,
        ),
        Finding(
            "time of LSTM training with resets over that without, 32×100×128×128",
            over_plain("reset training"),
            most=1.1,
        ),
        Finding(
            "time of LSTM training with recurrent dropout over that without, 32×100×128×128",
            over_plain("recurrent dropout training"),
            most=1.2,
        ),
    ]


def _over(contender: str) -> _Ratio:
    return lambda row: row.times_faster(contender)


def _over_runtimes(row: Row) -> float:
    """Beside the faster of those two of torch.nn and ONNX Runtime that have the cell."""
    names = {"torch padded", "ONNX Runtime"} & row.milliseconds.keys() | {"ONNX Runtime"}
    return min(row.times_faster(name) for name in names)


def _share_of_limit(row: Row) -> float:
    """Our operations a second over those of a large matrix product."""
    return row.times_faster(LIMIT) * row.case.training_operations() / (2 * LIMIT_SIZE**3)


def _inverse(ratio: float | None) -> float | None:
    return None if ratio is None else 1 / ratio


class _Figures:
    """Ratios of the rows; None where a row or a contender of those asked for is not there."""

    def __init__(self, results: Results) -> None:
        self.rows = {row.case: row for row in results.rows}
        self.peaks = {(one.case.cell, one.peer): one.mebibytes for one in results.memory}

    def least(
        self, task: Task, cells: Sequence[Cell], ratio: _Ratio, sizes: Sizes | None = None
    ) -> float | None:
        """The least ratio over the cases of a task, of all cells when none is named."""
        found = self._ratios(task, cells, ratio, sizes)
        return min(found) if found else None

    def mean(self, task: Task, cells: Sequence[Cell], ratio: _Ratio) -> float | None:
        """Their geometric mean."""
        found = self._ratios(task, cells, ratio, None)
        return geometric_mean(found) if found else None

    def memory(self, cell: Cell) -> float | None:
        """Our peak over that of the LSTM of torch.nn."""
        ours, theirs = self.peaks.get((cell, "elman")), self.peaks.get(("lstm", "torch.nn"))
        return None if ours is None or theirs is None else ours / theirs

    def _ratios(
        self, task: Task, cells: Sequence[Cell], ratio: _Ratio, sizes: Sizes | None
    ) -> list[float]:
        cases = [
            case
            for case in CASES
            if case.task == task
            and (not cells or case.cell in cells)
            and (sizes is None or case == Case(task, case.cell, *sizes))
        ]
        try:
            return [ratio(self.rows[case]) for case in cases]
        except KeyError:
            return []
