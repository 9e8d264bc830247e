"""The way back by hand is autograd's, for every cell that works unit by unit."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from elman.insight.chain import is_unit_by_unit
from elman.insight.jacobians import _by_autograd as _by_autograd_steps
from elman.insight.jacobians import step_jacobians
from elman.insight.passing import _by_autograd, _by_hand, _parts
from elman.insight.uses import uses_of
from elman.kernels import dispatch
from elman.kernels.recording import Record
from tests.contract.cases import CELLS, READS, Case, call_of, tensors

BY_HAND = [name for name, cell in CELLS.items() if cell.norm == "none"]
LOSSES = 3


def recorded(case: Case) -> Record:
    with dispatch.record(apart=True) as records:
        dispatch.run(call_of(case, tensors(case)))
    return records[0]


def asked_of(record: Record, which: str) -> list[Tensor]:
    """Gradients by what a call returned: all of it, the first rows, or the final states alone."""
    draw = torch.Generator().manual_seed(0)
    output, *final = _parts(record.returned)
    asked = [torch.zeros(LOSSES, *part.shape, dtype=part.dtype) for part in (output, *final)]
    rows = {"all": slice(None), "early": slice(0, 2), "final": slice(0)}[which]
    asked[0][:, rows] = torch.randn(asked[0][:, rows].shape, dtype=output.dtype, generator=draw)
    if which != "early":
        for part in asked[1:]:
            part.normal_(generator=draw)
    return asked


@pytest.mark.parametrize(
    ("lengths", "extras"),
    [((6, 4, 4, 1, 0), ()), ((5,), ()), ((1,), ("mask",)), ((4, 2, 2), ("zoneout",)),
     ((4, 2, 0), ("mask", "expected_zoneout"))],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("cell", BY_HAND)
def test_the_way_back_by_hand_is_autograd_s(
    cell: str, lengths: tuple[int, ...], reads: str, extras: tuple[str, ...]
) -> None:
    record = recorded(Case(cell, lengths, reads, extras=extras))
    assert is_unit_by_unit(record)
    uses = list(uses_of([record]))
    for which in ("all", "early", "final"):
        asked = asked_of(record, which)
        found, wanted = (way(record, uses)(asked) for way in (_by_hand, _by_autograd))
        for name in ("results", "states", "read"):
            mine, other = getattr(found, name), getattr(wanted, name)
            assert len(mine) == len(other) > 0
            for one, another in zip(mine, other, strict=True):
                torch.testing.assert_close(one, another, atol=1e-14, rtol=1e-12)


@pytest.mark.parametrize("extras", [(), ("mask",), ("zoneout",), ("expected_zoneout",)])
@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("cell", BY_HAND)
def test_the_jacobians_by_hand_are_autograd_s(
    cell: str, reads: str, extras: tuple[str, ...]
) -> None:
    record = recorded(Case(cell, (5,), reads, extras=extras))
    for number in range(len(record.directions)):
        found, wanted = step_jacobians(record, number), _by_autograd_steps(record, number)
        torch.testing.assert_close(found, wanted, atol=1e-14, rtol=1e-12)


@pytest.mark.parametrize(
    "case",
    [Case("gru_joint", (3, 2)), Case("lstm", (3, 2), precision="bf16", dtype=torch.float32),
     Case("lstm", (3, 2), extras=("resets",)), Case("lstm", (0, 0))],
    ids=["norm", "bf16", "resets", "no steps"],
)  # fmt: skip
def test_what_goes_by_autograd(case: Case) -> None:
    assert not is_unit_by_unit(recorded(case))
