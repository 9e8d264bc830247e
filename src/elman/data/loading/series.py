"""From the options of a run to a dataset of series."""

from __future__ import annotations

from collections.abc import Mapping

from elman.data.files.tables import Table
from elman.data.options import DataOptions
from elman.data.series.columns import SeriesWishes, looks_like_series, names_in
from elman.data.series.dataset import table_dataset
from elman.data.series.time_split import USUAL_PARTS, SeriesDataset
from elman.data.splits import Part
from elman.data.wording import command
from elman.errors import UsageError


def recognises_series(table: Table, options: DataOptions) -> bool:
    """Whether a table holds series, as far as its columns and the options tell."""
    if options.text or options.label:
        return False
    return bool(options.known or options.parts) or looks_like_series(table)


def load_series(tables: Mapping[Part, Table], options: DataOptions, sha256: str) -> SeriesDataset:
    """The series of a table, divided in time.

    Raises:
        DataError: the table cannot be used; the message names file and row.
        UsageError: the parts are asked for in another way than by time.
    """
    for name in ("split", "validation", "test"):
        if (value := getattr(options, name)) is not None:
            raise UsageError(
                "Series are divided in time, each part after the one before.",
                where=f"--{name} {value}",
                expected="one file, and shares or numbers of steps by --parts",
                next_step=command(options.data, "--parts", USUAL_PARTS),
            )
    wishes = SeriesWishes(
        names_in(options.columns), options.id, options.time, names_in(options.known)
    )
    return table_dataset(tables["train"], wishes, options.parts or USUAL_PARTS, sha256)
