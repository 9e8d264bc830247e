"""The built-in source `sunspots`: how many spots the sun had in each year from 1700 to 2008.

The numbers are those that the library statsmodels ships, of the National Geophysical Data Center.
"""

from __future__ import annotations

import numpy as np

from elman.data.examples import Series
from elman.data.series.clock import Clock
from elman.data.series.dataset import series_dataset
from elman.data.series.table import SeriesTable
from elman.data.series.time_split import USUAL_PARTS, SeriesDataset
from elman.errors import MissingExtra


def load(seed: int) -> SeriesDataset:
    """309 yearly numbers.

    Args:
        seed: the run's; nothing is drawn.

    Raises:
        MissingExtra: when statsmodels is not installed.

    Example:
        >>> dataset = load(seed=0)
        >>> dataset.train[0].name, dataset.train[0].values[:3].tolist()
        ('sunspots', [5.0, 11.0, 16.0])
    """
    try:
        import statsmodels
        from statsmodels.datasets import sunspots
    except ImportError as error:
        raise MissingExtra("statsmodels", "demo", "The built-in source 'sunspots'") from error
    frame = sunspots.load_pandas().data
    years = frame["YEAR"].to_numpy().astype(np.int64)
    values = frame["SUNACTIVITY"].to_numpy().astype(np.float64)
    rows = np.arange(1, len(years) + 1)
    series = Series("sunspots", years, values, np.empty((len(years), 0)), rows)
    note = f"yearly numbers of sunspots, {years[0]} to {years[-1]}, as statsmodels"
    notes = (f"{note} {statsmodels.__version__} ships them",)
    table = SeriesTable((series,), Clock("numbers", 1, "numbers"), (), notes)
    return series_dataset("sunspots", table, "one number a year", USUAL_PARTS)
