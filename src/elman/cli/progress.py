"""What a person sees while a run goes on: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from elman.training.loop import Step
from elman.training.results import Outcome

_PLAIN_SECONDS = 10.0
_WIDEST = 4  # more metrics than these stand below each other, not side by side


class RunDisplay:
    """Shows a run on standard error.

    Args:
        quiet: show nothing but warnings.
    """

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.console = Console(stderr=True, highlight=False)
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TextColumn("{task.fields[rate]:,.0f} steps/s"),
            TextColumn("loss {task.fields[loss]:.4f}"),
            TextColumn("gradient {task.fields[norm]:.2f}"),
            TimeRemainingColumn(),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
            transient=True,
        )
        self.task: TaskID | None = None
        self.shown_at = time.monotonic()
        self.first: tuple[float, int] | None = None

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def announce(self, text: str) -> None:
        """A fact or a choice worth saying."""
        if not self.quiet:
            self.bar.console.print(escape(text), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Something that nobody should miss, quiet or not."""
        self.bar.console.print(f"[bold yellow]WARNING[/]: {escape(text)}", soft_wrap=True)

    def step(self, step: Step) -> None:
        """After each update: the live line, or now and then a plain one."""
        if self.console.is_terminal:
            self._live(step)
            return
        now = time.monotonic()
        self.first = self.first or (now, step.done)
        if now - self.shown_at > _PLAIN_SECONDS and step.done > self.first[1]:
            self.shown_at = now
            pace = (step.done - self.first[1]) / max(now - self.first[0], 1e-9)
            left = (step.total - step.done) / max(pace, 1e-9)
            self.announce(
                f"update {step.done:,}/{step.total:,}  {step.steps_per_second:,.0f} steps/s"
                f"  loss {step.loss:.4f}  gradient {step.gradient_norm:.2f}  ETA {left:.0f} s"
            )

    def _live(self, step: Step) -> None:
        fields: dict[str, Any] = {
            "epoch": step.epoch + 1,
            "rate": step.steps_per_second,
            "loss": step.loss,
            "norm": step.gradient_norm,
        }
        if self.task is None:
            self.task = self.bar.add_task("", total=step.total, completed=step.done, **fields)
        self.bar.update(self.task, completed=step.done, **fields)

    def evaluation(self, line: Mapping[str, Any], best: bool) -> None:
        """After each evaluation: a line with its numbers."""
        measured = "  ".join(
            f"{name.replace('_', ' ')} {value:.4f}" for name, value in line["validation"].items()
        )
        self.announce(
            f"epoch {line['epoch']}: train loss {line['train_loss']:.4f},"
            f" validation loss {line['validation_loss']:.4f}  {measured}"
            f"  {line['tokens_per_second']:,.0f} steps/s" + ("  (best so far)" if best else "")
        )


def show_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """The results on standard output."""
    if as_json:
        print(json.dumps(outcome.facts(), ensure_ascii=False))
        return
    rival, baseline = outcome.best_baseline()
    everyone = {"this model": outcome.results.test, **outcome.results.baselines}
    names = list(outcome.results.test)
    rows = [["test part", *(name.replace("_", " ") for name in names)]]
    for who, measured in everyone.items():
        cells = (f"{measured[name]:.4f}" if name in measured else "-" for name in names)
        rows.append([who, *cells])
    if len(names) > _WIDEST:
        rows = [list(column) for column in zip(*rows, strict=True)]
    width = max(len(row[0]) for row in rows)
    for row in rows:
        print(row[0].ljust(width) + "".join(f"{cell:>22}" for cell in row[1:]))
    first = names[0]
    print(
        f"{first.replace('_', ' ')} {outcome.results.test[first]:.4f},"
        f" beside {baseline[first]:.4f} of {rival}"
    )
    print(f"report: {outcome.run / 'report.html'}", file=sys.stdout)
