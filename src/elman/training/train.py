"""A run from its first step to its report: `train`, and `resume` after an interruption."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any, cast

import torch

from elman.data.wording import counted
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
from elman.training.data_parallel import Team, team
from elman.training.loop import Loop, Nobody
from elman.training.memory import shortage
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
) -> Outcome | None:
    """Train a model and measure it.

    Args:
        config: what to do; what it leaves open is chosen from the data.
        out: the run folder to make.
        command: the words that were typed, for the report.
        listener: shows the progress.
        stop: lets the user stop.
        overwrite: whether an older run folder may be replaced.

    Returns:
        What the run has to say; of several processes that torchrun started, the first one's.

    Raises:
        DataError: the data cannot be used. Nothing has been written.
        ConfigurationError: an option is wrong, or the place cannot be written to.
        DivergedError: training diverged; the last good checkpoint stands.
        Interrupted: the user stopped the run; a checkpoint stands.
    """
    with team() as members:
        listener = listener if members.first else Nobody()
        if members.first:
            check_free(out, overwrite)
        nothing = "Stopped before training began; nothing has been written."
        prepared = _unless_stopped(lambda: prepare(config, command), stop, nothing)
        optimizer = make_optimizer(prepared.task.model, prepared.config)
        progress = Progress(processes=members.size)
        announce(prepared, listener)
        short = shortage(prepared.task, optimizer)
        if short:
            listener.warn(short)
        if members.first:
            files = _files(prepared, optimizer, (), progress)
            RunFolder.create(out, prepared.training, files, overwrite)
        members.wait()
        folder = RunFolder.open(out)
        return _run(prepared, folder, optimizer, (), progress, listener, stop, members)


def resume(
    path: Path,
    data: str | None,
    listener: RunListener,
    stop: StopRequest,
    *,
    threads: int | None = None,
) -> Outcome | None:
    """Go on with a run from its last checkpoint; a finished run only says its results again.

    Where files of the last checkpoint are damaged, the one before it takes its place.

    Args:
        path: the run folder.
        data: where the data is now, if it was moved.
        listener: shows the progress.
        stop: lets the user stop.
        threads: of the processor, if others than the run began with.

    Returns:
        As `train`.

    Raises:
        CorruptRunError: a file of the run is missing or altered.
        DataError: the data is not there, or is not what the run began with.
        DivergedError, Interrupted: as for `train`.
    """
    with team() as members:
        listener = listener if members.first else Nobody()
        folder = RunFolder.open(path)
        damage = folder.step_back()
        if damage is not None:
            listener.warn(f"{damage.what} ({damage.where}) Going on from the checkpoint before it.")
        stands, go_on = "Stopped; the last checkpoint stands.", f"elman resume {quote(str(path))}"
        prepared = _unless_stopped(lambda: prepare_again(folder, data), stop, stands, go_on)
        optimizer = make_optimizer(prepared.task.model, prepared.config)
        files = folder.read(folder.manifest.last)
        load_weights(prepared.task.model, files["weights.safetensors"])
        carried, progress = load_state(files, prepared.task.model, optimizer)
        _check_position(prepared, carried, progress)
        if folder.manifest.results is not None:
            listener.announce("The run is finished; nothing is left to train.")
            return outcome_of(folder, prepared.config.shape) if members.first else None
        _other_machinery(prepared, progress, members, threads, listener)
        members.wait()
        if members.first:
            folder.drop_unfinished()
        listener.announce(f"Resuming after update {progress.step}, epoch {progress.epoch + 1}.")
        return _run(prepared, folder, optimizer, carried, progress, listener, stop, members)


def _other_machinery(
    prepared: Prepared,
    progress: Progress,
    members: Team,
    threads: int | None,
    listener: RunListener,
) -> None:
    """Go on with so many threads and processes, and say so where it makes a difference."""
    began = (prepared.config.threads, progress.processes)
    now = (threads or began[0], members.size)
    if now != began:
        torch.set_num_threads(now[0])
        progress.processes = now[1]
        listener.warn(
            f"The run goes on with {_machinery(*now)} instead of {_machinery(*began)}. Sums are"
            " rounded in another order, so that from here on it is no longer equal, bit for bit,"
            " to a run that was never interrupted."
        )


def _machinery(threads: int, processes: int) -> str:
    text = counted(threads, "thread")
    return text if processes == 1 else f"{text} in each of {processes} processes"


def _unless_stopped(
    make: Callable[[], Prepared], stop: StopRequest, what: str, next_step: str = ""
) -> Prepared:
    """What stands before the first step, unless the user stops at once while it is made."""
    try:
        with stop.at_once():
            return make()
    except StopRequested:
        raise _interrupted(what, stop, next_step) from None


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
    members: Team,
) -> Outcome | None:
    """The loop, then the results; only the first of several processes writes."""

    def save(carried: Carried, best: bool, line: Mapping[str, Any] | None) -> None:
        if members.first:
            folder.save(_files(prepared, optimizer, carried, progress), best=best, line=line)

    loop = Loop(prepared.task, prepared.config, optimizer, progress, save, listener, stop, members)
    try:
        loop.run(carried)
        return conclude(prepared, folder, progress, listener, stop) if members.first else None
    except StopRequested:
        go_on = f"elman resume {quote(str(folder.path))}"
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
