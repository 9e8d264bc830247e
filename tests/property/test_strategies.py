"""The strategies of the property tests draw what is hard, and not now and then only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from tests.property.strategies import batches, examples, masked_batches

Batch = dict[str, Any]

DRAWN: list[Batch] = []
MASKED: list[Batch] = []


@examples
@given(batch=batches())
def draw_batches(batch: Batch) -> None:
    DRAWN.append(batch)


@examples
@given(batch=masked_batches())
def draw_masked_batches(batch: Batch) -> None:
    MASKED.append(batch)


@pytest.fixture(scope="module", autouse=True)
def drawn() -> None:
    """As many as a property test sees."""
    draw_batches()
    draw_masked_batches()


def left(row: list[bool]) -> bool:
    return any(row) and row == sorted(row) and not all(row)


def hole(row: list[bool]) -> bool:
    real = [t for t, is_real in enumerate(row) if is_real]
    return bool(real) and not all(row[real[0] : real[-1] + 1])


HARD: dict[str, Callable[[Batch], bool]] = {
    "unequal lengths": lambda b: len(set(b["lengths"])) > 1,
    "lengths that do not fall": lambda b: b["lengths"] != sorted(b["lengths"], reverse=True),
    "a sequence of length 0 among others": lambda b: 0 in b["lengths"] and any(b["lengths"]),
    "a sequence of length 1 among others": lambda b: 1 in b["lengths"] and max(b["lengths"]) > 1,
    "a batch of 1": lambda b: len(b["lengths"]) == 1,
    "no step at all": lambda b: not any(b["lengths"]),
    "padding behind the longest": lambda b: b["steps"] > max(b["lengths"]),
    "both directions": lambda b: b["bidirectional"],
    "one direction": lambda b: not b["bidirectional"],
    "two layers": lambda b: b["num_layers"] == 2,
    "a given state": lambda b: b["with_state"],
}
HARD_MASKS: dict[str, Callable[[Batch], bool]] = {
    "padding on the left": lambda b: any(map(left, b["mask"])),
    "a hole": lambda b: any(map(hole, b["mask"])),
    "a reset at a first step": lambda b: any(row[:1] == [True] for row in b["resets"]),
    "a reset in the middle": lambda b: any(any(row[1:-1]) for row in b["resets"]),
    "a sequence without a reset": lambda b: any(not any(row) for row in b["resets"] if row),
}


@pytest.mark.parametrize("what", HARD)
def test_every_property_test_sees(what: str) -> None:
    assert len(DRAWN) >= examples.max_examples
    assert any(HARD[what](batch) for batch in DRAWN)
    assert any(HARD[what](batch) for batch in MASKED)


@pytest.mark.parametrize("what", HARD_MASKS)
def test_every_test_of_masks_and_resets_sees(what: str) -> None:
    assert len(MASKED) >= examples.max_examples
    assert any(HARD_MASKS[what](batch) for batch in MASKED)


def test_a_mask_has_the_lengths_of_its_batch() -> None:
    for batch in MASKED:
        assert [sum(row) for row in batch["mask"]] == batch["lengths"]
        assert all(len(row) == batch["steps"] for row in batch["mask"] + batch["resets"])
