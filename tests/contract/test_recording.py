"""A recorded call is the reference kernel's run, and keeps what each step read, named and left."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import elman
from elman.cells.names import NAMES
from elman.cells.sums import rounded
from elman.errors import KernelUnavailable
from elman.kernels import dispatch, reference
from elman.kernels.contract import Precision, SequenceCall
from tests.contract.cases import CELLS, Case, call_of, tensors

every_cell = pytest.mark.parametrize("cell", CELLS)


@every_cell
@pytest.mark.parametrize("lengths", [(6, 4, 4, 1, 0), (0, 0), ()], ids=str)
@pytest.mark.parametrize("extras", [(), ("restart", "mask", "zoneout")], ids=["plain", "extras"])
def test_a_recorded_call_is_the_reference_s_run(
    cell: str, lengths: tuple[int, ...], extras: tuple[str, ...]
) -> None:
    case = Case(cell, lengths, "both", extras=extras)
    call = call_of(case, tensors(case))
    with dispatch.record() as records:
        found = dispatch.run(call)
    expected = reference.run(call)
    assert torch.equal(found.output, expected.output)
    for mine, other in zip(found.final, expected.final, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(mine, other, strict=True))
    (record,) = records
    assert record.call is call
    hidden = torch.cat([one["h"] for one in record.directions], dim=1)
    assert torch.equal(hidden, expected.output)
    for one in record.directions:
        for name, width in case.widths.items():
            assert one[f"{name}_before"].shape == (sum(lengths), width)
            assert (f"{name}_new" in one) == bool(extras)
        assert all(len(part) == sum(lengths) for part in one.values())
        named = {name.removesuffix("_before").removesuffix("_new") for name in one}
        assert named <= set(NAMES[case.spec.kind])


def test_each_recording_has_the_calls_inside_it_and_watchers_see_them_too() -> None:
    layer = elman.LSTM(2, 3, num_layers=2)
    seen: list[SequenceCall] = []
    with dispatch.watch(lambda call, result: seen.append(call)), dispatch.record() as outer:
        layer(torch.randn(5, 2, 2))
        with dispatch.record() as inner:
            elman.GRU(2, 3)(torch.randn(5, 2, 2))
    layer(torch.randn(5, 2, 2))
    assert [record.call for record in outer] == seen
    assert [record.call.spec.kind for record in outer] == ["lstm", "lstm", "gru"]
    assert inner == outer[2:]


def test_a_recording_is_gone_after_an_error() -> None:
    case = Case("lstm", (3, 1))
    with pytest.raises(KeyError), dispatch.record() as records:
        raise KeyError("outside")
    dispatch.run(call_of(case, tensors(case)))
    assert records == []


def test_a_kernel_that_is_insisted_on_refuses_as_ever() -> None:
    case = Case("gru_dreamer", (3, 1))
    call = call_of(case, tensors(case))
    with dispatch.record() as records, pytest.raises(KernelUnavailable):
        dispatch.run(call, "cpu")
    assert records == []


def test_autocast_is_recorded_as_it_computes() -> None:
    case = Case("lstm", (3, 1), dtype=torch.float32)
    call = call_of(case, tensors(case))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected = dispatch.run(call, "reference")
        with dispatch.record() as records:
            found = dispatch.run(call)
    assert torch.equal(found.output, expected.output)
    assert records[0].call.precision == "bf16"
    assert records[0].directions[0]["i"].dtype == torch.float32


@every_cell
@pytest.mark.parametrize("precision", ["full", "bf16"])
def test_the_products_of_a_graph_are_what_their_parts_make(cell: str, precision: Precision) -> None:
    case = Case(cell, (5, 3, 0), "both", dtype=torch.float32)
    call = replace(call_of(case, tensors(case)), precision=precision)
    with dispatch.record() as records:
        dispatch.run(call)
    for graph, direction in zip(records[0].graphs, call.directions, strict=True):
        assert graph.projection.matrix is direction.weights.ih
        assert len(graph.products) == len(graph.states) == 5
        assert [len(state[0]) for state in graph.states] == [2, 2, 2, 1, 1]
        for one in [graph.projection, *(one for step in graph.products for one in step)]:
            matrix = one.matrix if precision == "full" else rounded(one.matrix)
            found = torch.nn.functional.linear(one.operand, matrix, one.bias)
            torch.testing.assert_close(found, one.result, atol=1e-6, rtol=0)


def test_a_graph_s_tensors_are_those_that_the_result_came_from() -> None:
    case = Case("gru_reset_before", (4, 2), "both")
    call = call_of(case, tensors(case))
    with dispatch.record() as records:
        total = dispatch.run(call).output.sum()
    for graph in records[0].graphs:
        taps = [graph.projection.result]
        taps += [one.result for step in graph.products for one in step]
        taps += [state[0] for state in graph.states]
        gradients = torch.autograd.grad(total, taps, retain_graph=True)
        assert all(bool(one.any()) for one in gradients)
