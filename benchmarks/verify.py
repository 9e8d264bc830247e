"""What must hold before a time is worth anything: the contract, and equal answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from benchmarks.problem import Answers, Contender

CONTRACT = "tests/contract"


class Refused(Exception):
    """No time is reported, for the reason that stands here."""


def contract_tests(folder: str = CONTRACT) -> None:
    """Run the tests that hold every kernel to the definition.

    Raises:
        Refused: one of them is red.
    """
    done = subprocess.run(  # noqa: S603 (our own tests)
        [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-r", "f", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Refused(
            f"The contract tests are red, so nothing is timed. {sys.executable} -m pytest {folder}"
            f" shows them:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )


def compare(contenders: Sequence[Contender]) -> dict[str, float]:
    """The largest difference between each contender's answers and those of the first.

    Raises:
        Refused: an answer is missing, or differs by more than rounding does.
    """
    (_, law), *others = [
        (contender, contender.answers())
        for contender in contenders
        if contender.answers is not None
    ]
    return {contender.name: _difference(contender, found, law) for contender, found in others}


def _difference(contender: Contender, found: Answers, law: Answers) -> float:
    if found.keys() != law.keys():
        odd = ", ".join(sorted(found.keys() ^ law.keys()))
        raise Refused(f"Not both elman and {contender.name} give: {odd}. Nothing is timed.")
    largest = 0.0
    for name, expected in law.items():
        if found[name].shape != expected.shape:
            raise Refused(
                f"The {name} of {contender.name} has shape {list(found[name].shape)}, elman's"
                f" {list(expected.shape)}. Nothing is timed."
            )
        scale = 1.0 if name == "output" else float(expected.abs().max())
        difference = float((found[name] - expected).abs().max()) / scale
        if not difference <= contender.rounding:  # a NaN is refused as well
            raise Refused(
                f"The {name} of {contender.name} differs from elman's by {difference:.1e}, more"
                f" than {contender.rounding:.0e}. Nothing is timed."
            )
        largest = max(largest, difference)
    return largest
