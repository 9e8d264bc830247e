"""A run from its first step to its report: `train`, and `resume` after an interruption."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch

from elman.errors import Interrupted
from elman.models.description import Description
from elman.training.bptt import Carried
from elman.training.checkpoint import (
    Progress,
    load_state,
    load_weights,
    model_files,
    not_a_state,
    state_files,
)
from elman.training.config import TrainingConfig
from elman.training.loop import Loop
from elman.training.optim import make_optimizer
from elman.training.preparation import Prepared, RunListener, announce, prepare, prepare_again
from elman.training.results import Outcome, conclude, outcome_of
from elman.training.run_folder import RunFolder, check_free
from elman.training.stop import StopRequest, StopRequested


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
    try:
        with stop.at_once():
            prepared = prepare(config, command)
    except StopRequested:
        raise _interrupted(
            "Stopped before training began; nothing has been written.", stop
        ) from None
    announce(prepared, listener)
    optimizer = make_optimizer(prepared.task.model, prepared.config)
    files = _files(prepared, optimizer, (), Progress())
    folder = RunFolder.create(out, prepared.training, files, overwrite)
    return _run(prepared, folder, optimizer, (), Progress(), listener, stop)


def resume(path: Path, data: str | None, listener: RunListener, stop: StopRequest) -> Outcome:
    """Go on with a run from its last checkpoint; a finished run only says its results again.

    Where files of the last checkpoint are damaged, the one before it takes its place.

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
    damage = folder.step_back()
    if damage is not None:
        listener.warn(f"{damage.what} ({damage.where}) Going on from the checkpoint before it.")
    go_on = f"elman resume {shlex.quote(str(path))}"
    try:
        with stop.at_once():
            prepared = prepare_again(folder, data)
    except StopRequested:
        raise _interrupted("Stopped; the last checkpoint stands.", stop, go_on) from None
    optimizer = make_optimizer(prepared.task.model, prepared.config)
    files = folder.read(folder.manifest.last)
    load_weights(prepared.task.model, files["weights.safetensors"])
    carried, progress = load_state(files, prepared.task.model, optimizer)
    _check_position(prepared, carried, progress)
    if folder.manifest.results is not None:
        listener.announce("The run is finished; nothing is left to train.")
        return outcome_of(folder, prepared.config.shape)
    folder.drop_unfinished()
    listener.announce(f"Resuming after update {progress.step}, epoch {progress.epoch + 1}.")
    return _run(prepared, folder, optimizer, carried, progress, listener, stop)


def _check_position(prepared: Prepared, carried: Carried, progress: Progress) -> None:
    """Refuse a position that the data does not have, or a carried state that is not of it.

    Raises:
        CorruptRunError: the state is not one that this run can have been in.
    """
    task, epoch = prepared.task, progress.epoch
    if epoch + (not progress.done) <= prepared.config.epochs:
        shapes = [tuple(part.shape) for part in carried]
        batches = 0 if progress.done else task.batches(epoch)
        if progress.batch <= batches and shapes == task.carried_shapes(epoch, progress.batch):
            return
    raise not_a_state("state.json, carried.safetensors")


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
        return conclude(prepared, folder, progress, listener, stop)
    except StopRequested:
        go_on = f"elman resume {shlex.quote(str(folder.path))}"
        what = f"Stopped after update {progress.step}; a checkpoint has been written."
        raise _interrupted(what, stop, go_on) from None


def _interrupted(what: str, stop: StopRequest, next_step: str = "") -> Interrupted:
    return Interrupted(what, stop.signal_number or signal.SIGINT, next_step=next_step)


def _files(
    prepared: Prepared, optimizer: torch.optim.Optimizer, carried: Carried, progress: Progress
) -> dict[str, bytes]:
    model = prepared.task.model
    description = cast(Description, model.description)
    files = model_files(description, prepared.vocabulary, model)
    return files | state_files(model, optimizer, carried, progress)
