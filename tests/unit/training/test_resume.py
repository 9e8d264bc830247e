"""A run that is stopped and goes on from its files is the run that never stopped, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
import torch

from elman.training.bptt import Carried
from elman.training.checkpoint import (
    Progress,
    load_state,
    load_weights,
    model_files,
    state_files,
)
from elman.training.loop import Loop, Step
from elman.training.optim import make_optimizer
from elman.training.shapes.aligned.task import AlignedTask
from elman.training.shapes.arrays.task import ArrayTask
from elman.training.shapes.forecaster.task import ForecasterTask
from elman.training.shapes.piano_rolls.task import PianoRollTask
from elman.training.shapes.writing.task import WritingTask
from elman.training.stop import StopRequest, StopRequested
from tests import training_samples
from tests.number_samples import frames_task, rolls_task, vectors_task
from tests.series_samples import forecaster_task
from tests.tagged_samples import aligned_task
from tests.training_samples import Notes, language_model_task, many_to_one_task
from tests.translation_samples import pair_task

AnyTask = (
    training_samples.AnyTask
    | AlignedTask
    | ForecasterTask
    | WritingTask
    | ArrayTask
    | PianoRollTask
)

TIMES = ("tokens_per_second", "seconds")
SCHEDULES = ["one-cycle", "cosine", "constant", "plateau"]
SHAPES: dict[str, tuple[Callable[..., AnyTask], dict[str, Any]]] = {
    "many_to_one": (
        many_to_one_task,
        {"cell": "gru", "reset_after": False, "pooling": "attention", "num_layers": 2},
    ),
    "language_model": (language_model_task, {"cell": "lstm", "num_layers": 2, "batch_size": 2}),
    "encoder_decoder": (pair_task, {"scheduled_sampling": 0.5, "batch_size": 3}),
    "forecaster": (forecaster_task, {"decoding": "recursive", "batch_size": 24}),
    "aligned": (aligned_task, {"word_dropout": 0.2, "batch_size": 3}),
    "one_to_one": (vectors_task, {}),
    "frames_to_one": (frames_task, {"cell": "gru"}),
    "piano_rolls": (rolls_task, {"num_layers": 2}),
    "full_bptt": (language_model_task, {"bptt_steps": 0, "bptt_window": None, "batch_size": 2}),
}


class Run(Notes):
    """A run in this process: its task, the files of its checkpoints, and what it said."""

    def __init__(self, shape: str, stop_after: int | None = None, **options: Any) -> None:
        super().__init__()
        kind, own = SHAPES[shape]
        self.make: Callable[..., AnyTask] = partial(kind, dropout=0.4, patience=0, **own, **options)
        self.stop_after = stop_after
        self.files: dict[int, dict[str, bytes]] = {}
        self.saved: list[tuple[int, bool]] = []
        self.stop = StopRequest()
        self.progress = Progress()
        self.task = self.make(init_seed=0)
        self.optimizer = make_optimizer(self.task.model, self.task.config)

    def save(self, carried: Carried, best: bool, line: Mapping[str, Any] | None) -> None:
        files = model_files(self.task.model.description, {}, self.task.model)
        files |= state_files(self.task.model, self.optimizer, carried, self.progress)
        self.files[self.progress.step] = files
        self.saved.append((self.progress.step, best))

    def step(self, step: Step) -> None:
        super().step(step)
        if step.done == self.stop_after:
            self.stop.signal_number = 15

    def go(self, carried: Carried = ()) -> Run:
        config = self.task.config
        loop = Loop(self.task, config, self.optimizer, self.progress, self.save, self, self.stop)
        loop.run(carried)
        return self

    def go_on_from(self, files: Mapping[str, bytes]) -> Run:
        """As a new process would: another model, another optimiser, all from the files."""
        self.task = self.make(init_seed=77)
        self.optimizer = make_optimizer(self.task.model, self.task.config)
        load_weights(self.task.model, files["weights.safetensors"])
        carried, self.progress = load_state(files, self.task.model, self.optimizer)
        self.stop, self.stop_after = StopRequest(), None
        torch.manual_seed(4321)
        return self.go(carried)


def without_times(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key not in TIMES} for line in lines]


def final(run: Run) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The last files apart from times, and the progress apart from times."""
    files = dict(run.files[run.progress.step])
    del files["state.json"]
    progress = run.progress.model_dump(exclude={"seconds"})
    return files, progress


def assert_same_end(ours: Run, theirs: Run) -> None:
    our_files, our_progress = final(ours)
    their_files, their_progress = final(theirs)
    assert our_progress == their_progress
    assert our_files.keys() == their_files.keys()
    assert all(our_files[name] == their_files[name] for name in our_files)
    assert without_times(ours.lines) == without_times(theirs.lines)
    assert ours.bests == theirs.bests


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("shape", SHAPES)
def test_stopped_and_resumed_is_never_stopped(shape: str, schedule: str) -> None:
    optimizer = "sgd" if schedule == "cosine" else "adamw"
    options: dict[str, Any] = {"schedule": schedule, "optimizer": optimizer, "epochs": 4}
    options["momentum"] = 0.9 if optimizer == "sgd" else None
    whole = Run(shape, checkpoint_seconds=1e9, **options).go()
    total = whole.progress.step
    batches = total // 4
    assert batches > 1
    for stop_after in (1, batches, batches + 1, total - 1, total):
        run = Run(shape, stop_after, checkpoint_seconds=1e9, **options)
        with pytest.raises(StopRequested):
            run.go()
        assert list(run.files)[-1] == stop_after
        run.go_on_from(run.files[stop_after])
        assert_same_end(run, whole)


@pytest.mark.parametrize("shape", SHAPES)
def test_any_checkpoint_leads_to_the_same_end(shape: str) -> None:
    """As after a kill: nothing was saved at the end but the checkpoint on the way."""
    whole = Run(shape, checkpoint_seconds=0.0).go()
    assert list(whole.files) == list(range(1, whole.progress.step + 1))
    for step in list(whole.files)[:-1:2]:
        run = Run(shape, checkpoint_seconds=0.0)
        run.lines = [line for line in whole.lines if line["step"] < step]
        run.bests = whole.bests[: len(run.lines)]
        progress = Progress.model_validate_json(whole.files[step]["state.json"])
        if progress.batch == 0:  # the line of that epoch is already written
            run.lines = [line for line in whole.lines if line["step"] <= step]
            run.bests = whole.bests[: len(run.lines)]
        run.go_on_from(whole.files[step])
        assert_same_end(run, whole)


def test_a_finished_run_does_nothing_more() -> None:
    whole = Run("many_to_one").go()
    assert whole.progress.done
    again = Run("many_to_one")
    again.go_on_from(whole.files[whole.progress.step])
    assert again.steps == []
    assert again.lines == []
    assert again.progress == whole.progress


def test_a_stop_during_the_evaluation_comes_back_to_it() -> None:
    whole = Run("language_model", checkpoint_seconds=1e9).go()
    batches = whole.progress.step // 3
    run = Run("language_model", checkpoint_seconds=1e9)
    evaluate = run.task.evaluate

    def interrupted(part: Any, check: Any) -> Any:
        measured = evaluate(part, check)
        run.stop.signal_number = 2
        check()
        return measured

    run.task.evaluate = interrupted  # type: ignore[method-assign]
    with pytest.raises(StopRequested):
        run.go()
    assert (run.progress.batch, run.progress.step, run.lines) == (batches, batches, [])
    run.go_on_from(run.files[batches])
    assert_same_end(run, whole)


def test_the_seed_decides_everything_that_is_drawn() -> None:
    runs = [Run("many_to_one", seed=seed, batch_size=14, epochs=1).go() for seed in (0, 0, 1)]
    weights = [run.files[run.progress.step]["weights.safetensors"] for run in runs]
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]
    assert abs(runs[0].steps[0].loss - runs[2].steps[0].loss) > 1e-4
