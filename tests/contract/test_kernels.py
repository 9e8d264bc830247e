"""The contract: every kernel × every cell × every kind of batch, against the definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from elman.cells.activations import Activation, ActivationName
from elman.cells.spec import CellSpec
from elman.kernels import dispatch, reference
from elman.kernels.contract import Direction, Kernel, SequenceCall, SequenceResult
from tests.contract.cases import (
    CELLS,
    EXTRAS,
    PLAIN,
    READS,
    Case,
    call_of,
    tensors,
)
from tests.contract.definition import define
from tests.tolerances import GRADIENT, NORMED_CALL, OUTPUT

LENGTHS = {
    "even": (4, 4, 4),
    "ragged": (6, 4, 4, 1),
    "one_step": (1, 1, 1),
    "some_empty": (3, 2, 0, 0),
    "all_empty": (0, 0),
    "no_sequence": (),
    "single": (7,),
}

every_kernel = pytest.mark.parametrize("kernel", dispatch.KERNELS, ids=lambda k: k.NAME)
every_cell = pytest.mark.parametrize("cell", CELLS)
every_read = pytest.mark.parametrize("reads", READS)
DTYPES = {"single": torch.float32, "double": torch.float64}
EVERY_EXTRA = ("restart", "mask", "zoneout")


def serve(kernel: Kernel, call: SequenceCall) -> SequenceResult:
    """Run the call on this kernel, through the door; skip, saying why, what it refuses."""
    reason = kernel.why_not(call)
    if reason is not None:
        pytest.skip(f"kernel {kernel.NAME}: {reason}")
    return dispatch.run(call, kernel.NAME)


def flat(result: SequenceResult) -> list[Tensor]:
    return [result.output, *(part for state in result.final for part in state)]


def gradients(outputs: Sequence[Tensor], leaves: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of a sum of all outputs with fixed weights that differ from one element to the next."""
    total = torch.zeros((), dtype=torch.float64, requires_grad=True)
    for output in outputs:
        weights = torch.linspace(-1, 2, output.numel(), dtype=torch.float64)
        total = total + (output.double().flatten() * weights).sum()
    found = torch.autograd.grad(total, list(leaves.values()), materialize_grads=True)
    return dict(zip(leaves, found, strict=True))


def assert_close(found: Tensor, expected: Tensor, tolerance: float, what: str) -> None:
    assert found.shape == expected.shape, what
    difference = float((found - expected).detach().abs().max()) if found.numel() else 0.0
    assert difference <= tolerance, f"{what} differs by {difference:.2e}"


def assert_as_defined(kernel: Kernel, case: Case) -> None:
    """Outputs, final states and every gradient, against the definition in double precision."""
    leaves = tensors(case)
    found = serve(kernel, call_of(case, leaves))
    exact = {name: leaf.detach().double().requires_grad_() for name, leaf in leaves.items()}
    output, finals = define(replace(case, dtype=torch.float64), exact)
    expected = [output, *(part for state in finals for part in state)]
    for number, (mine, other) in enumerate(zip(flat(found), expected, strict=True)):
        assert mine.dtype == case.dtype
        assert_close(mine, other, OUTPUT[case.dtype], f"result {number}")
    assert_same_gradients(gradients(flat(found), leaves), gradients(expected, exact), case)


def assert_same_gradients(
    found: dict[str, Tensor], expected: dict[str, Tensor], case: Case
) -> None:
    largest = {
        name: float(one.abs().max()) if one.numel() else 0.0 for name, one in expected.items()
    }
    for name, gradient in expected.items():
        if case.spec.norm == "none":
            tolerance = GRADIENT[case.dtype] * largest[name]
        else:
            tolerance = NORMED_CALL[case.dtype] * max(largest.values())
        assert_close(found[name], gradient, tolerance, f"gradient of {name}")


def ways() -> list[Any]:
    """Cell, reads, given, dtype: of the variants some in the fast tests, all in the slow ones."""
    found = []
    for cell, reads, given, dtype in product(CELLS, READS, [False, True], DTYPES):
        fast = cell in PLAIN or (given and (dtype == "double" or reads == "both"))
        marks = [] if fast else [pytest.mark.slow]
        found.append(pytest.param(cell, reads, given, DTYPES[dtype], marks=marks))
    return found


@every_kernel
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize(("cell", "reads", "given", "dtype"), ways())
def test_outputs_and_every_gradient_equal_the_definition(
    kernel: Kernel, cell: str, reads: str, lengths: str, given: bool, dtype: torch.dtype
) -> None:
    assert_as_defined(kernel, Case(cell, LENGTHS[lengths], reads, given, dtype=dtype))


@every_kernel
@every_cell
@every_read
@pytest.mark.parametrize("lengths", ["ragged", "one_step", "some_empty"])
@pytest.mark.parametrize("extra", EXTRAS)
def test_resets_recurrent_dropout_and_zoneout_equal_the_definition(
    kernel: Kernel, cell: str, reads: str, lengths: str, extra: str
) -> None:
    assert_as_defined(kernel, Case(cell, LENGTHS[lengths], reads, extras=(extra,)))


@every_kernel
@every_cell
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_all_of_them_together_equal_the_definition(
    kernel: Kernel, cell: str, lengths: str, dtype: torch.dtype
) -> None:
    case = Case(cell, LENGTHS[lengths], "both", dtype=dtype, extras=EVERY_EXTRA)
    assert_as_defined(kernel, case)


@every_kernel
@pytest.mark.parametrize("role", ["gate_nonlinearity", "nonlinearity", "state_nonlinearity"])
@pytest.mark.parametrize("name", get_args(ActivationName))
def test_every_function_in_every_role(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel, role: str, name: ActivationName
) -> None:
    usual = Activation(name)
    function = replace(usual, alpha=usual.alpha and 0.75 * usual.alpha)
    for kind in ("rnn", "gru", "lstm"):
        if role == "nonlinearity" or kind == "lstm" or (role, kind) == ("gate_nonlinearity", "gru"):
            options: dict[str, Any] = {"kind": kind, role: function}
            monkeypatch.setitem(CELLS, kind, CellSpec(**options))
            assert_as_defined(kernel, Case(kind, (4, 3), "both"))


@every_cell
@every_read
def test_products_of_bfloat16_equal_the_definition(cell: str, reads: str) -> None:
    """In double precision, so that no sum falls on the other side of a rounding."""
    assert_as_defined(reference, Case(cell, (4, 3, 1), reads, precision="bf16"))


@every_kernel
@every_cell
@pytest.mark.parametrize("sizes", [(1, 2), (2, 9), (17, 33), (5, 16)], ids=str)
def test_sizes_that_fill_no_register_and_no_biases(
    kernel: Kernel, cell: str, sizes: tuple[int, int]
) -> None:
    case = Case(cell, (3, 2), "both", bias=False, input_size=sizes[0], hidden_size=sizes[1])
    assert_as_defined(kernel, case)


every_way = pytest.mark.parametrize("extras", [(), EVERY_EXTRA], ids=["plain", "extras"])


@every_kernel
@every_cell
@every_way
def test_gradients_once_and_twice_against_differences(
    kernel: Kernel, cell: str, extras: tuple[str, ...]
) -> None:
    case = Case(cell, (3, 1, 0), "both", input_size=2, hidden_size=2, extras=extras)
    leaves = tensors(case)

    def run(*values: Tensor) -> tuple[Tensor, ...]:
        call = call_of(case, dict(zip(leaves, values, strict=True)))
        return tuple(flat(serve(kernel, call)))

    values = tuple(leaves.values())
    element_by_element = cell in PLAIN and not extras
    assert torch.autograd.gradcheck(run, values, fast_mode=not element_by_element)
    assert torch.autograd.gradgradcheck(run, values, fast_mode=True)


@every_kernel
@every_cell
@every_read
@pytest.mark.parametrize("lengths", [(0, 0), ()], ids=str)
def test_a_batch_without_steps_has_gradients_and_they_are_zero(
    kernel: Kernel, cell: str, reads: str, lengths: tuple[int, ...]
) -> None:
    leaves = tensors(Case(cell, lengths, reads, given=False))
    result = serve(kernel, call_of(Case(cell, lengths, reads, given=False), leaves))
    result.output.sum().backward()
    assert all(leaf.grad is not None and not leaf.grad.any() for leaf in leaves.values())


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@every_cell
@every_way
def test_the_door_loses_no_tangent_of_forward_mode(cell: str, extras: tuple[str, ...]) -> None:
    case = Case(cell, (3, 1, 0), "both", input_size=2, hidden_size=2, extras=extras)
    leaves = tensors(case)

    def run(*values: Tensor) -> tuple[Tensor, ...]:
        return tuple(flat(dispatch.run(call_of(case, dict(zip(leaves, values, strict=True))))))

    assert torch.autograd.gradcheck(
        run, tuple(leaves.values()), check_forward_ad=True, check_backward_ad=False, fast_mode=True
    )


def places_of(case: Case, b: int) -> list[int]:
    """Where the steps of sequence b stand in packed order."""
    starts = [sum(case.batch_sizes[:t]) for t in range(len(case.batch_sizes))]
    return [starts[t] + b for t in range(case.lengths[b])]


def part_of(direction: Direction, steps: list[int], rows: list[int] | slice) -> Direction:
    """The direction with only these steps and rows of what belongs to it."""

    mask, resets = direction.recurrent_mask, direction.resets
    return replace(
        direction,
        initial=tuple(part[rows] for part in direction.initial),
        resets=None if resets is None else resets[steps],
        recurrent_mask=None if mask is None else mask[rows],
        kept=tuple(part[steps] for part in direction.kept),
        restart=tuple(part[rows] for part in direction.restart),
    )


@every_kernel
@every_cell
@every_read
@every_way
def test_a_ragged_batch_equals_its_sequences_one_by_one(
    kernel: Kernel, cell: str, reads: str, extras: tuple[str, ...]
) -> None:
    case = Case(cell, (6, 4, 4, 1, 0), reads, extras=extras)
    call = call_of(case, tensors(case))
    whole = serve(kernel, call)
    for b, length in enumerate(case.lengths):
        steps = places_of(case, b)
        alone = replace(
            call,
            input=call.input[steps],
            batch_sizes=(1,) * length,
            directions=tuple(part_of(one, steps, [b]) for one in call.directions),
        )
        result = serve(kernel, alone)
        assert_close(whole.output[steps], result.output, OUTPUT[torch.float64], f"output {b}")
        for mine, other in zip(flat(whole)[1:], flat(result)[1:], strict=True):
            assert_close(mine[b : b + 1], other, OUTPUT[torch.float64], f"final state {b}")


@every_kernel
@every_cell
@pytest.mark.parametrize("reads", ["forward", "reverse"])
@pytest.mark.parametrize("extra", ["resets", "restart"])
def test_a_sequence_with_resets_equals_its_segments_one_by_one(
    kernel: Kernel, cell: str, reads: str, extra: str
) -> None:
    case = Case(cell, (6, 4, 4, 1, 0), reads, extras=(extra, "mask", "zoneout"))
    leaves = tensors(case)
    call = call_of(case, leaves)
    whole = serve(kernel, call)
    (direction,) = call.directions
    resets, rows = direction.resets, list(whole.output)
    assert resets is not None
    assert 3 < int(resets.sum()) < len(resets) - 3
    finals: list[list[Tensor]] = []
    for b in range(len(case.lengths)):
        steps = places_of(case, b)[:: -1 if direction.reverse else 1]  # in the order of reading
        state = tuple(part[[b]] for part in direction.initial)
        cuts = [n for n, step in enumerate(steps) if bool(resets[step])]
        for start, end in zip([0, *cuts], [*cuts, len(steps)], strict=True):
            segment = sorted(steps[start:end])
            if start in cuts and segment:
                state = tuple(part[[b]] for part in direction.restart or direction.initial)
            alone = replace(part_of(direction, segment, [b]), initial=state, resets=None)
            sizes = (1,) * len(segment)
            one = serve(kernel, replace(
                call, input=call.input[segment], batch_sizes=sizes, directions=(alone,)
            )) if segment else SequenceResult(call.input[:0], (state,))  # fmt: skip
            state = one.final[0]
            for n, row in zip(segment, one.output, strict=True):
                rows[n] = row
        finals.append(list(state))
    pieces = [torch.stack(rows), *(torch.cat(parts) for parts in zip(*finals, strict=True))]
    for mine, other in zip(flat(whole), pieces, strict=True):
        assert_close(mine, other, OUTPUT[torch.float64], "result")
    assert_same_gradients(gradients(flat(whole), leaves), gradients(pieces, leaves), case)


@every_kernel
@every_cell
@every_way
@pytest.mark.parametrize("middle", [1, 3, 5])
def test_two_halves_with_the_state_handed_over_equal_the_whole(
    kernel: Kernel, cell: str, extras: tuple[str, ...], middle: int
) -> None:
    case = Case(cell, (6, 4, 4, 1, 0), extras=extras)
    leaves = tensors(case)
    call = call_of(case, leaves)
    whole = serve(kernel, call)
    cut = sum(case.batch_sizes[:middle])

    def half(
        steps: list[int], sizes: tuple[int, ...], initial: tuple[Tensor, ...]
    ) -> SequenceResult:
        direction = replace(part_of(call.directions[0], steps, slice(None)), initial=initial)
        return serve(kernel, replace(
            call, input=call.input[steps], batch_sizes=sizes, directions=(direction,)
        ))  # fmt: skip

    early, late = list(range(cut)), list(range(cut, sum(case.lengths)))
    first = half(early, case.batch_sizes[:middle], call.directions[0].initial)
    second = half(late, case.batch_sizes[middle:], first.final[0])
    halves = SequenceResult(torch.cat([first.output, second.output]), second.final)
    for mine, other in zip(flat(halves), flat(whole), strict=True):
        assert_close(mine, other, OUTPUT[torch.float64], "result")
    assert_same_gradients(gradients(flat(halves), leaves), gradients(flat(whole), leaves), case)


@every_kernel
@every_cell
def test_tensors_are_read_as_they_lie_in_memory_and_not_written_to(
    kernel: Kernel, cell: str
) -> None:
    case = Case(cell, (4, 3, 1), "both")
    leaves = tensors(case)
    dense = serve(kernel, call_of(case, leaves))
    # Every second element of a larger tensor whose other elements are NaN.
    strided = {}
    for name, leaf in leaves.items():
        around = torch.full((*leaf.shape, 2), torch.nan, dtype=leaf.dtype)
        around[..., 1] = leaf.detach()
        strided[name] = around[..., 1].requires_grad_()
    before = {name: tensor.detach().clone() for name, tensor in strided.items()}
    result = serve(kernel, call_of(case, strided))
    for mine, other in zip(flat(result), flat(dense), strict=True):
        assert_close(mine, other, OUTPUT[torch.float64], "result")
    assert_same_gradients(gradients(flat(result), strided), gradients(flat(dense), leaves), case)
    assert all(torch.equal(strided[name], before[name]) for name in before)


@every_kernel
def test_every_kernel_serves_something(kernel: Kernel) -> None:
    calls = [call_of(case, tensors(case)) for case in (Case(cell, (3, 2)) for cell in CELLS)]
    singles = [Case(cell, (3, 2), dtype=torch.float32) for cell in CELLS]
    calls += [call_of(case, tensors(case)) for case in singles]
    assert any(kernel.why_not(call) is None for call in calls)
