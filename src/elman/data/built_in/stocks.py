"""The built-in source `stocks`: prices of shares and indices, month after month.

The numbers are sample data of the library matplotlib, from Yahoo Finance.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from elman.data.arrays.numbers import number_of
from elman.data.examples import Series
from elman.data.series.clock import Clock, read_stamp
from elman.data.series.dataset import series_dataset
from elman.data.series.table import SeriesTable
from elman.data.series.time_split import USUAL_PARTS, SeriesDataset
from elman.errors import MissingExtra


def load(seed: int) -> SeriesDataset:
    """Ten series, the first months of some later than 1990.

    Args:
        seed: the run's; nothing is drawn.

    Raises:
        MissingExtra: when matplotlib is not installed.

    Example:
        >>> dataset = load(seed=0)
        >>> [series.name for series in dataset.train][:3], dataset.clock.words()
        (['IBM', 'AAPL', 'MSFT'], '1 month')
    """
    version, (names, *rows) = _version_and_rows()
    # Between the months stand days on which a dividend was paid, without prices.
    months = [(line, row) for line, row in enumerate(rows, 3) if row[0].endswith("-01") and row[1]]
    stamps = np.array([stamp[1] for _, row in months if (stamp := read_stamp(row[0]))])
    lines = np.array([line for line, _ in months])
    series = []
    for place, name in enumerate(names[1:], start=1):
        prices = np.array([number_of(row[place]) for _, row in months], dtype=np.float64)
        first = int(np.flatnonzero(~np.isnan(prices))[0])
        known = np.empty((len(prices) - first, 0))
        series.append(Series(name, stamps[first:], prices[first:], known, lines[first:]))
    notes = (
        f"monthly prices of {len(series)} shares and indices, from the sample data of matplotlib"
        f" {version} (Yahoo Finance)",
    )
    table = SeriesTable(tuple(series), Clock("dates", 1, "months"), (), notes)
    return series_dataset("stocks", table, "prices, month after month", USUAL_PARTS)


def _version_and_rows() -> tuple[str, Sequence[list[str]]]:
    """Matplotlib's version; the names of the columns, and below them the rows of cells."""
    try:
        import matplotlib
        from matplotlib.cbook import get_sample_data
    except ImportError as error:
        raise MissingExtra("matplotlib", "demo", "The built-in source 'stocks'") from error
    path = Path(get_sample_data("Stocks.csv", asfileobj=False))
    with path.open(encoding="utf-8", newline="") as stream:
        return matplotlib.__version__, list(csv.reader(stream))[1:]  # the first line: where from
