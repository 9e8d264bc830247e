"""A run from its first step to its report: `train`, and `resume` after an interruption."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, cast

import torch

import elman
from elman.data.built_in import is_built_in
from elman.data.examples import AnyDataset, Dataset, Document, LabelledText
from elman.data.load import DataOptions, load_dataset
from elman.data.vocabulary import Vocabulary
from elman.errors import DataError, Interrupted
from elman.training.bptt import Carried
from elman.training.checkpoint import (
    Progress,
    load_state,
    load_weights,
    model_files,
    state_files,
)
from elman.training.config import AnyConfig, LanguageModelConfig, TrainingConfig, settled
from elman.training.defaults import settle
from elman.training.language_model import LanguageModelTask
from elman.training.loop import Listener, Loop, step_seed
from elman.training.many_to_one import ManyToOneTask, label_order
from elman.training.optim import make_optimizer
from elman.training.results import Outcome, conclude, outcome_of
from elman.training.run_folder import RunFolder, check_free
from elman.training.stop import StopRequest, StopRequested

AnyTask = ManyToOneTask | LanguageModelTask


class RunListener(Listener, Protocol):
    """Whoever shows a run from its beginning to its end."""

    def announce(self, text: str) -> None:
        """A fact or a choice worth saying, before or after training."""


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

    config: AnyConfig
    dataset: AnyDataset
    task: AnyTask
    vocabulary: Mapping[str, Any]
    training: Mapping[str, Any]


def train(
    config: TrainingConfig,
    out: Path,
    command: Sequence[str],
    listener: RunListener,
    stop: StopRequest,
    *,
    overwrite: bool = False,
) -> Outcome:
    """Train a model and measure it.

    Args:
        config: what to do; what it leaves open is chosen from the data.
        out: the run folder to make.
        command: the words that were typed, for the report.
        listener: shows the progress.
        stop: lets the user stop.
        overwrite: whether an older run folder may be replaced.

    Raises:
        DataError: the data cannot be used. Nothing has been written.
        ConfigurationError: an option is wrong, or the place cannot be written to.
        DivergedError: training diverged; the last good checkpoint stands.
        Interrupted: the user stopped the run; a checkpoint stands.
    """
    check_free(out, overwrite)
    dataset = load_dataset(_data_options(config))
    full, unit_reason = settle(config, dataset)
    torch.set_num_threads(full.threads)
    torch.manual_seed(step_seed(full.seed, 0))
    task, vocabulary = _make_task(full, dataset)
    training = _record(full, dataset, unit_reason, command)
    prepared = Prepared(full, dataset, task, vocabulary, training)
    _announce(prepared, listener)
    optimizer = make_optimizer(task.model, full)
    files = _files(prepared, optimizer, (), Progress())
    folder = RunFolder.create(out, training, files, overwrite)
    return _run(prepared, folder, optimizer, (), Progress(), listener, stop)


def resume(path: Path, data: str | None, listener: RunListener, stop: StopRequest) -> Outcome:
    """Go on with a run from its last checkpoint; a finished run only says its results again.

    Args:
        path: the run folder.
        data: where the data is now, if it was moved.
        listener: shows the progress.
        stop: lets the user stop.

    Raises:
        CorruptRunError: a file of the run is missing or altered.
        DataError: the data is not there, or is not what the run began with.
        DivergedError, Interrupted: as for `train`.
    """
    folder = RunFolder.open(path)
    prepared = prepare(folder, data)
    torch.set_num_threads(prepared.config.threads)
    optimizer = make_optimizer(prepared.task.model, prepared.config)
    files = folder.read(folder.manifest.last)
    load_weights(prepared.task.model, files["weights.safetensors"])
    carried, progress = load_state(files, prepared.task.model, optimizer)
    folder.drop_unfinished()
    if folder.manifest.results is not None:
        listener.announce("The run is finished; nothing is left to train.")
        return outcome_of(folder, prepared.config.shape)
    listener.announce(f"Resuming after update {progress.step}, epoch {progress.epoch + 1}.")
    return _run(prepared, folder, optimizer, carried, progress, listener, stop)


def prepare(folder: RunFolder, data: str | None) -> Prepared:
    """A recorded run's configuration, data and model (untrained) once more.

    Raises:
        DataError: the data is not there, or is not what the run began with.
    """
    training = folder.training()
    config = settled(training["config"], str(folder.path / "training.json"))
    if data is not None:
        config = config.model_copy(update={"data": data})
    dataset = load_dataset(_data_options(config))
    if dataset.sha256 != training["data"]["sha256"]:
        raise DataError(
            f"{config.data} has changed since the run began.",
            where=f"{config.data}: SHA-256 {dataset.sha256[:12]}…",
            expected=f"SHA-256 {training['data']['sha256'][:12]}…, as recorded in training.json",
            next_step=f"bring the old file back (--data PATH says where it is), or start anew:"
            f" elman train {config.data}",
        )
    task, vocabulary = _make_task(config, dataset)
    return Prepared(config, dataset, task, vocabulary, training)


def _run(
    prepared: Prepared,
    folder: RunFolder,
    optimizer: torch.optim.Optimizer,
    carried: Carried,
    progress: Progress,
    listener: RunListener,
    stop: StopRequest,
) -> Outcome:
    """The loop, then the results."""

    def save(carried: Carried, best: bool, line: Mapping[str, Any] | None) -> None:
        folder.save(_files(prepared, optimizer, carried, progress), best=best, line=line)

    loop = Loop(prepared.task, prepared.config, optimizer, progress, save, listener, stop)
    try:
        loop.run(carried)
        return conclude(prepared, folder, progress, listener, stop.check)
    except StopRequested:
        raise Interrupted(
            f"Stopped after update {progress.step}; a checkpoint has been written.",
            stop.signal_number or 2,
            next_step=f"elman resume {shlex.quote(str(folder.path))}",
        ) from None


def _files(
    prepared: Prepared, optimizer: torch.optim.Optimizer, carried: Carried, progress: Progress
) -> dict[str, bytes]:
    model = prepared.task.model
    files = model_files(model.description, prepared.vocabulary, model)
    return files | state_files(model, optimizer, carried, progress)


def _data_options(config: TrainingConfig) -> DataOptions:
    return DataOptions(
        data=config.data,
        shape=config.shape,
        text=config.text,
        label=config.label,
        split=config.split,
        validation=config.validation,
        test=config.test,
        seed=config.seed,
    )


def _make_task(config: AnyConfig, dataset: AnyDataset) -> tuple[AnyTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    vocabulary = Vocabulary.build(
        [example.text for example in dataset.train],
        config.unit,
        config.lowercase,
        config.min_count,
        config.max_vocabulary,
    )
    if isinstance(config, LanguageModelConfig):
        documents = cast(Dataset[Document], dataset)
        return LanguageModelTask(config, documents, vocabulary), {"text": vocabulary.to_json()}
    texts = cast(Dataset[LabelledText], dataset)
    labels = label_order(texts)
    task = ManyToOneTask(config, texts, vocabulary, labels)
    content = {
        "text": vocabulary.to_json(),
        "labels": labels,
        "target": dataset.target,
        "max_length": config.max_length,
    }
    return task, content


def _record(
    config: AnyConfig, dataset: AnyDataset, unit_reason: str, command: Sequence[str]
) -> dict[str, Any]:
    """What training.json holds: all that `resume` and `evaluate` need, and the report says."""
    values = config.model_dump(mode="json", exclude_none=True)
    for key in ("data", "validation", "test"):  # found again from any folder
        if key in values and not is_built_in(values[key]):
            values[key] = str(Path(values[key]).resolve())
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {
        "elman": elman.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(command),
        "config": values,
        "unit_reason": unit_reason,
        "data": {
            "name": dataset.name,
            "sha256": dataset.sha256,
            "shape_reason": dataset.shape_reason,
            "split_reason": dataset.split_reason,
            "examples": {part: len(examples) for part, examples in parts.items()},
            "notes": list(dataset.notes),
        },
    }


def _announce(prepared: Prepared, listener: RunListener) -> None:
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
    listener.announce(f"unit: {prepared.training['unit_reason']}")
    weights = sum(weight.numel() for weight in prepared.task.model.parameters())
    listener.announce(
        f"model: {config.num_layers} x {config.cell}, {config.hidden_size} units,"
        f" {len(prepared.vocabulary['text']['tokens']):,} tokens, {weights:,} parameters;"
        f" {config.epochs} epochs of {prepared.task.batches(0):,} updates"
    )
