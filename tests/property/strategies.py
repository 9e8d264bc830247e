"""The batches that property tests draw; `test_strategies.py` sees to it that they are hard ones."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

examples = settings(max_examples=15, deadline=None, derandomize=True)


@st.composite
def batches(draw: st.DrawFn) -> dict[str, Any]:
    """Lengths, steps of the padded tensor (the longest or a few more), and options of a layer."""
    lengths = draw(st.lists(st.integers(0, 7), min_size=1, max_size=6))
    return {
        "lengths": lengths,
        "steps": max(lengths) + draw(st.integers(0, 2)),
        "bidirectional": draw(st.booleans()),
        "num_layers": draw(st.integers(1, 2)),
        "with_state": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**31)),
    }


@st.composite
def masked_batches(draw: st.DrawFn) -> dict[str, Any]:
    """Besides, for each step of the padded tensor, whether it is real and whether one begins."""
    batch = draw(batches())
    rows, steps = len(batch["lengths"]), batch["steps"]
    kinds = st.sampled_from(["left", "right", "holes"])

    def row(length: int) -> st.SearchStrategy[list[bool]]:
        real, padding = [True] * length, [False] * (steps - length)
        return kinds.flatmap(
            lambda kind: {
                "left": st.just(padding + real),
                "right": st.just(real + padding),
                "holes": st.permutations(padding + real),
            }[kind]
        )

    flags = st.lists(st.booleans(), min_size=steps, max_size=steps)
    return batch | {
        "mask": [draw(row(length)) for length in batch["lengths"]],
        "resets": draw(st.lists(flags, min_size=rows, max_size=rows)),
    }
