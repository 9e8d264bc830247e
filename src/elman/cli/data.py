"""`elman data check` and `elman data stats`: a look at data before anything is trained on it."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.options import Debug, Json, Quiet, with_options
from elman.data.options import DataOptions
from elman.training.config import TrainingConfig

if TYPE_CHECKING:
    from elman.data.examples import AnyDataset
    from elman.data.statistics import Statistics

_Data = Annotated[str, typer.Argument(help="A file or a folder, or a built-in.")]


def check(
    data: _Data, *, json: Json = False, quiet: Quiet = False, debug: Debug = False, **options: Any
) -> None:
    """Read data as `elman train` would, and tell what is suspicious in it.

    Exit code 3 where it cannot be used: the first fault is told, with file and row.
    """
    from elman.data.findings import findings

    dataset = _dataset(data, options)
    found = findings(dataset)
    if json:
        facts = {
            "data": dataset.name,
            "usable": True,
            "shape": dataset.shape,
            "shape_reason": dataset.shape_reason,
            "split_reason": dataset.split_reason,
            "sizes": dataset.sizes(),
            "notes": list(dataset.notes),
            "findings": [asdict(one) for one in found],
        }
        print(json_format.dumps(facts, ensure_ascii=False))
        return
    told = [*dataset.notes, *(one.sentence() for one in found)]
    if not quiet:
        sizes = ", ".join(f"{size:,} {part}" for part, size in dataset.sizes().items())
        print(f"{dataset.name}: {dataset.shape_reason}")
        print(f"split: {sizes}; {dataset.split_reason}")
    for note in told:
        print(f"note: {note}")
    if not quiet:
        print("It can be used." if told else "It can be used, and nothing in it is suspicious.")


def stats(
    data: _Data, *, json: Json = False, quiet: Quiet = False, debug: Debug = False, **options: Any
) -> None:
    """Lengths, padding, vocabulary, classes, and what the parts share."""
    from elman.data.statistics import statistics_of

    told = statistics_of(_dataset(data, options))
    if json:
        print(json_format.dumps(told.facts(), ensure_ascii=False))
        return
    if not quiet:
        print(f"{told.name}: {told.shape_reason}")
    _print_lengths(told)
    _print_counts(told)


def _dataset(data: str, options: dict[str, Any]) -> AnyDataset:
    from elman.data.load import load_dataset

    values = {key: value for key, value in options.items() if value is not None}
    return load_dataset(TrainingConfig.checked(values | {"data": data}).data_options())


def _print_lengths(told: Statistics) -> None:
    heads = ("examples", "steps", "shortest", "middle", "longest", "padding", "unknown")
    for name, parts in told.lengths.items():
        print(f"{name}, in {told.units[name]}".ljust(24) + "".join(f"{one:>11}" for one in heads))
        for part, one in parts.items():
            unknown = "-" if one.unknown is None else f"{one.unknown:.1%}"
            cells = (f"{one.examples:,}", f"{one.steps:,}", f"{one.shortest:,}", f"{one.middle:,g}",
                     f"{one.longest:,}", f"{one.padding:.1%}", unknown)  # fmt: skip
            print(f"  {part}".ljust(24) + "".join(f"{cell:>11}" for cell in cells))


def _print_counts(told: Statistics) -> None:
    for name, facts in told.vocabulary.items():
        print(f"{name}: {facts['tokens']:,} different {told.units[name]} in train,"
              f" {facts['once']:,} of them once only")  # fmt: skip
    for part, counts in told.classes.items():
        total = sum(counts.values())
        shares = [f"{label} {count / total:.1%}" for label, count in list(counts.items())[:8]]
        more = f", and {len(counts) - 8} more" if len(counts) > 8 else ""
        print(f"classes in {part}: {', '.join(shares)}{more}")
    shared = [f"{count:,} {where}" for where, count in told.repeated.items() if count]
    print("repeated examples: " + (", ".join(shared) or "none"))


def register(app: typer.Typer) -> None:
    """Add the verbs, with an option for each key that says how data is read."""
    verbs = typer.Typer(help="Look at data before training on it.", no_args_is_help=True)
    read = {field.name for field in fields(DataOptions)} - {"data"}
    other = set(TrainingConfig.model_fields) - read
    for verb in (check, stats):
        verbs.command()(with_options(verb, TrainingConfig, other))
    app.add_typer(verbs, name="data")
