"""What each step of the input did, in pictures."""

from __future__ import annotations

from elman.insight.explain import Explanation
from elman.insight.pictures.kinds import Chapter, Columns, numbers, visible
from elman.pages.text import number, percentage


def input_chapter(found: Explanation) -> Chapter:
    """What the input did."""
    shares, names = found.attribution, visible(found.example.steps)
    (answer,) = visible([found.example.answer])
    hidden = "step" if shares.together == 1 else f"{shares.together} neighbouring steps"
    return Chapter(
        "input",
        "What each step did for the answer",
        (
            f"The log-probability of {answer!r} is {number(shares.score)}; of an input of the same"
            f" length that says nothing it is {number(shares.neutral)}. The integrated gradients"
            f" share the difference out among the steps and add up to it within"
            f" {percentage(shares.gap)} ({shares.points} points).",
        ),
        (
            Columns(
                "integrated-gradients",
                "Integrated gradients (nats)",
                f"Look for the highest columns: these steps speak most for {answer!r}; columns"
                " below 0 speak against it.",
                names,
                numbers(shares.integrated),
            ),
            Columns(
                "hidden-steps",
                f"Fall of the log-probability when the {hidden} is hidden (nats)",
                "Look where this differs from the integrated gradients: there the steps only count"
                " together with others.",
                names,
                numbers(shares.hidden),
            ),
        ),
    )
