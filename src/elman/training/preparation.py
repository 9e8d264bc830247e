"""What stands before a run's first step: data, settled configuration, vocabulary, model."""

from __future__ import annotations

import hashlib
import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import torch
from pydantic import BaseModel, ConfigDict, ValidationError

import elman
from elman.data.built_in.catalogue import is_built_in
from elman.data.examples import AnyDataset
from elman.data.files.source import CHUNK_BYTES, open_source
from elman.data.findings import findings
from elman.data.load import load_dataset
from elman.data.splits import Part
from elman.data.wording import counted
from elman.errors import ConfigurationError, CorruptRunError, DataError
from elman.training.config import SettledConfig, TrainingConfig
from elman.training.loop import Listener
from elman.training.saved_run import SavedRun
from elman.training.seeds import step_seed
from elman.training.shapes.registry import settle, settled, shape_of
from elman.training.task import Task


class RunListener(Listener, Protocol):
    """Whoever shows a run from its beginning to its end."""

    def announce(self, text: str) -> None:
        """A fact or a choice worth saying, before or after training."""


class _DataRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    sha256: str
    vectors_sha256: str = ""
    shape_reason: str
    split_reason: str
    examples: dict[Part, int]
    notes: list[str]


class _Record(BaseModel):
    """The content of training.json."""

    model_config = ConfigDict(extra="forbid", strict=True)

    elman: str
    python: str
    torch: str
    created: str
    command: str
    config: dict[str, Any]
    reasons: dict[str, str]
    data: _DataRecord


@dataclass(frozen=True)
class Prepared:
    """Everything about a run that stands before its first step.

    Attributes:
        config: with nothing left to choose.
        dataset: read and divided.
        task: model and data.
        vocabulary: what vocabulary.json holds.
        training: what training.json holds.
    """

    config: SettledConfig
    dataset: AnyDataset
    task: Task
    vocabulary: Mapping[str, Any]
    training: Mapping[str, Any]


def prepare(config: TrainingConfig, command: Sequence[str]) -> Prepared:
    """Read the data, choose what is left open, and make the model, its weights drawn by the seed.

    Args:
        config: what the user asked for.
        command: the words that were typed, for the report.

    Raises:
        DataError: the data cannot be used.
        ConfigurationError: an option does not fit the data.
    """
    dataset = load_dataset(config.data_options())
    full, reasons = settle(config, dataset)
    torch.set_num_threads(full.threads)
    torch.manual_seed(step_seed(full.seed, 0))
    task, vocabulary = shape_of(full).make_task(full, dataset)
    return Prepared(full, dataset, task, vocabulary, _record(full, dataset, reasons, command))


def prepare_again(run: SavedRun, data: str | None) -> Prepared:
    """A recorded run's configuration, data and model (untrained) once more.

    Raises:
        CorruptRunError: training.json does not record a run.
        DataError: the data is not there, or is not what the run began with.
    """
    training, config = recorded(run)
    if data is not None:
        config = config.model_copy(update={"data": data})
    dataset = load_dataset(config.data_options())
    recorded_data, back = training["data"], "bring the old file back"
    _refuse_changed(
        config.data,
        dataset.sha256,
        recorded_data["sha256"],
        f"{back} (elman resume RUN --data PATH)",
    )
    _refuse_changed(
        str(config.vectors), _vectors_sha256(config), recorded_data["vectors_sha256"], back
    )
    torch.set_num_threads(config.threads)
    task, vocabulary = shape_of(config).make_task(config, dataset)
    return Prepared(config, dataset, task, vocabulary, training)


def _refuse_changed(file: str, found: str, expected: str, back: str) -> None:
    if found != expected:
        raise DataError(
            f"{file} has changed since the run began.",
            where=f"{file}: SHA-256 {found[:12]}…",
            expected=f"SHA-256 {expected[:12]}…, as recorded in training.json",
            next_step=f"{back}, or start anew with elman train",
        )


def _vectors_sha256(config: TrainingConfig) -> str:
    """The digest of the file of pre-trained vectors; empty where there is none."""
    if config.vectors is None:
        return ""
    digest = hashlib.sha256()
    with open_source(Path(config.vectors)) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def recorded(run: SavedRun) -> tuple[dict[str, Any], SettledConfig]:
    """What training.json holds, and the configuration in it.

    Raises:
        CorruptRunError: it does not record a run of this version.
    """
    path, training = run.place.where("training.json"), run.training()
    try:
        _Record.model_validate(training)
        return training, settled(training["config"], path)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors()[:5])
    except ConfigurationError as error:
        wrong = error.where
    raise CorruptRunError(
        "training.json does not record a run of this version.",
        where=f"{path}: {wrong}",
        expected="the record as `elman train` wrote it",
        next_step="copy the run folder again from where it was whole, or train again",
    )


def _record(
    config: SettledConfig, dataset: AnyDataset, reasons: Mapping[str, str], command: Sequence[str]
) -> dict[str, Any]:
    """What training.json holds: all that `resume` and `evaluate` need, and the report says."""
    values = config.model_dump(mode="json", exclude_none=True)
    # Found again from any folder.
    for key in ("data", "target_file", "validation", "test", "vectors"):
        if key in values and not is_built_in(values[key]):
            values[key] = str(Path(values[key]).resolve())
    return {
        "elman": elman.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(command),
        "config": values,
        "reasons": dict(reasons),
        "data": {
            "name": dataset.name,
            "sha256": dataset.sha256,
            "vectors_sha256": _vectors_sha256(config),
            "shape_reason": dataset.shape_reason,
            "split_reason": dataset.split_reason,
            "examples": dataset.sizes(),
            "notes": [*dataset.notes, *(one.sentence() for one in findings(dataset))],
        },
    }


def announce(prepared: Prepared, listener: RunListener) -> None:
    """Say aloud what was found and chosen."""
    config, data = prepared.config, prepared.training["data"]
    examples = data["examples"]
    listener.announce(f"data: {data['name']}, {data['shape_reason']}")
    listener.announce(
        f"split: {examples['train']:,} train, {examples['validation']:,} validation,"
        f" {examples['test']:,} test; {data['split_reason']}"
    )
    for note in data["notes"]:
        listener.announce(f"note: {note}")
    for name, reason in prepared.training["reasons"].items():
        listener.announce(f"{name}: {reason}")
    task = prepared.task
    weights = sum(weight.numel() for weight in task.model.parameters())
    listener.announce(
        f"model: {task.summary}, {weights:,} parameters;"
        f" {counted(config.epochs, 'epoch')} of {task.batches(0):,} updates"
    )
