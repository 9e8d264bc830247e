"""What nobody should give a kernel: a clear error or the right answer, and never a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import elman
from elman.cells.spec import CellWeights
from elman.errors import ElmanError, KernelUnavailable, ShapeError
from elman.kernels import cpu, dispatch, operators
from elman.kernels.contract import Direction, SequenceCall
from elman.kernels.engine import engine_status
from elman.kernels.native import Pass
from elman.kernels.plan import Plan, Tensors, flatten, unflatten
from tests.contract.cases import CELLS, READS, Case, call_of, tensors
from tests.tolerances import GRADIENT, NORMED_GRADIENT, OUTPUT

pytestmark = pytest.mark.skipif(not engine_status().built, reason=engine_status().reason)

CASE = Case("lstm", (3, 2), dtype=torch.float32)  # batch sizes 2 2 1; N = 5, I = 3, B = 2, H = 5


def a_call(case: Case = CASE) -> SequenceCall:
    return call_of(case, {name: leaf.detach() for name, leaf in tensors(case).items()})


def with_input(found: Tensor, *sizes: int) -> SequenceCall:
    return replace(a_call(), input=found, batch_sizes=sizes or CASE.batch_sizes)


def with_direction(**parts: Any) -> SequenceCall:
    call = a_call()
    return replace(call, directions=(replace(call.directions[0], **parts),))


def with_weights(**weights: Any) -> SequenceCall:
    return with_direction(weights=a_call().directions[0].weights._replace(**weights))


def of_width(inputs: int, hidden: int) -> SequenceCall:
    weights = CellWeights(
        torch.zeros(4 * hidden, inputs), torch.zeros(4 * hidden, hidden), *[None] * 10
    )
    state = (torch.zeros(2, hidden), torch.zeros(2, hidden))
    return replace(a_call(), input=torch.zeros(5, inputs), directions=(Direction(weights, state),))


def huge(*shape: int) -> Tensor:
    """A tensor of 2^31 numbers that are one number in memory."""
    return torch.zeros(()).expand(shape)


# --- calls that are refused

Fault = Callable[[], SequenceCall]
BOOLEAN = torch.bool
REFUSED: dict[str, tuple[Fault, str]] = {
    "input of one dimension": (lambda: with_input(torch.zeros(5)), "input of shape"),
    "input of three dimensions": (lambda: with_input(torch.zeros(5, 3, 1)), "input of shape"),
    "input of another width": (lambda: with_input(torch.zeros(5, 4)), "weights of shapes"),
    "input of integers": (lambda: with_input(torch.zeros(5, 3, dtype=torch.int64)), "int64"),
    "input of complex numbers": (lambda: with_input(torch.zeros(5, 3) * 1j), "complex64"),
    "input of another dtype": (lambda: with_input(torch.zeros(5, 3).double()), "and float64"),
    "input in 16 bits": (lambda: with_input(torch.zeros(5, 3).half()), "float16"),
    "input without memory": (lambda: with_input(torch.zeros(5, 3, device="meta")), "CPU only"),
    "sparse input": (lambda: with_input(torch.ones(5, 3).to_sparse()), "sparse"),
    "input of 2^31 numbers": (lambda: with_input(huge(5, 2**30)), "2^31"),
    "2^31 steps": (lambda: with_input(huge(2**31, 3), 2**30, 2**30), "2^31"),
    "a state of 2^31 numbers": (lambda: with_direction(initial=(huge(2**29, 5),) * 2), "2^31"),
    "no inputs": (lambda: of_width(0, 5), "empty"),
    "no units": (lambda: of_width(3, 0), "empty"),
    "no steps": (lambda: with_input(torch.zeros(0, 3), 0), "empty"),
    "no time": (lambda: replace(a_call(), batch_sizes=()), "no step"),
    "no rows": (lambda: with_direction(initial=(torch.zeros(0, 5),) * 2), "empty"),
    "sizes that rise": (lambda: with_input(torch.zeros(5, 3), 1, 2, 2), "batch sizes"),
    "negative sizes": (lambda: with_input(torch.zeros(5, 3), 6, -1), "batch sizes"),
    "sizes with a 0": (lambda: with_input(torch.zeros(5, 3), 5, 0), "batch sizes"),
    "sizes that do not add up": (lambda: with_input(torch.zeros(5, 3), 2, 2), "batch sizes"),
    "sizes that are huge": (lambda: with_input(torch.zeros(5, 3), 2**70, 2**60), "batch sizes"),
    "sizes of floats": (
        lambda: replace(a_call(), batch_sizes=(2.0, 2.0, 1.0)),  # type: ignore[arg-type]
        "batch sizes",
    ),
    "fewer states than rows": (lambda: with_direction(initial=(torch.zeros(1, 5),) * 2), "1 seq"),
    "a part of the state": (lambda: with_direction(initial=(torch.zeros(2, 5),)), "1 parts"),
    "no state": (lambda: with_direction(initial=()), "0 parts"),
    "states without width": (lambda: with_direction(initial=(torch.zeros(2),) * 2), "shape [2]"),
    "states without shape": (lambda: with_direction(initial=(torch.zeros(()),) * 2), "shape []"),
    "weights without shape": (lambda: with_weights(hh=torch.zeros(())), "shape []"),
    "weights of one dimension": (lambda: with_weights(hh=torch.zeros(20)), "shape [20]"),
    "weights of 19 rows": (lambda: with_weights(hh=torch.zeros(19, 5)), "weights of shapes"),
    "weights of no rows": (lambda: with_weights(hh=torch.zeros(0, 5)), "empty"),
    "weights transposed": (lambda: with_weights(ih=torch.zeros(3, 20)), "weights of shapes"),
    "one bias": (lambda: with_weights(bias_hh=None), "one bias"),
    "a bias too short": (lambda: with_weights(bias_hh=torch.zeros(19)), "weights of shapes"),
    "a projection that widens": (lambda: with_weights(hr=torch.zeros(7, 5)), "narrower"),
    "a projection of its own": (lambda: with_weights(hr=torch.zeros(3, 5)), "weights of shapes"),
    "a projection without rows": (lambda: with_weights(hr=torch.zeros(0, 5)), "empty"),
    "another cell's weights": (lambda: with_weights(peephole=torch.zeros(15)), "weights of shapes"),
    "resets of floats": (lambda: with_direction(resets=torch.zeros(5)), "float32"),
    "resets of bytes": (lambda: with_direction(resets=torch.zeros(5).byte()), "uint8"),
    "resets as a row": (lambda: with_direction(resets=torch.zeros(1, 5, dtype=BOOLEAN)), "resets"),
    "too few resets": (lambda: with_direction(resets=torch.zeros(4, dtype=BOOLEAN)), "resets"),
    "resets without memory": (
        lambda: with_direction(resets=torch.zeros(5, dtype=BOOLEAN, device="meta")),
        "CPU only",
    ),
    "half a restart": (lambda: with_direction(restart=(torch.zeros(2, 5),)), "for resets"),
    "a mask across": (lambda: with_direction(recurrent_mask=torch.ones(5, 2)), "a mask"),
    "a mask of booleans": (
        lambda: with_direction(recurrent_mask=torch.ones(2, 5, dtype=BOOLEAN)), "bool",
    ),
    "half a zoneout": (lambda: with_direction(kept=(torch.zeros(5, 5),)), "kept"),
    "zoneout of two kinds": (
        lambda: with_direction(kept=(torch.zeros(5, 5), torch.zeros(1, 5))), "kept",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_a_call_that_cannot_be_served_is_refused_with_its_reason(fault: str) -> None:
    make, words = REFUSED[fault]
    with pytest.raises((ShapeError, KernelUnavailable)) as caught:
        dispatch.run(make(), "cpu")
    assert words in str(caught.value)
    assert caught.value.expected


# --- what a layer is given, before a call is made of it

LENGTHS: dict[str, Any] = {
    "negative": [4, -1, 2],
    "too long": [4, 5, 2],
    "beyond 64 bits": [2**70, 1, 1],
    "floats": [4.0, 2.0, 1.0],
    "not a number": [float("nan"), 1, 1],
    "a tensor of floats": torch.tensor([4.0, 2.0, 1.0]),
    "booleans": torch.tensor([True, True, False]),
    "on another device": torch.tensor([4, 2, 1], device="meta"),
    "too few": [4, 2],
    "too many": [4, 2, 1, 1],
    "of two dimensions": torch.tensor([[4, 2, 1]]),
    "a number": 4,
}


@pytest.mark.parametrize("fault", LENGTHS)
def test_lengths_that_are_none_are_refused(fault: str) -> None:
    layer = elman.LSTM(3, 5, kernel="cpu")
    with pytest.raises(ShapeError, match="engths"):
        layer(torch.randn(4, 3, 3), lengths=LENGTHS[fault])


EMPTY = {"no sequence": (4, 0), "no step": (0, 3), "neither": (0, 0)}


@pytest.mark.parametrize("what", EMPTY)
def test_an_empty_batch_has_an_empty_answer_and_gradients_of_0(what: str) -> None:
    layer = elman.GRU(3, 5, num_layers=2, bidirectional=True)
    steps, rows = EMPTY[what]
    output, h_n = layer(torch.zeros(steps, rows, 3))
    (output.sum() + h_n.sum()).backward()
    assert output.shape == (steps, rows, 10)
    assert h_n.shape == (4, rows, 5)
    assert all(one.grad is not None and not one.grad.any() for one in layer.parameters())


# --- calls that are served, however their tensors lie in memory


def misaligned(tensor: Tensor) -> Tensor:
    """The same numbers, one byte beside where a number may begin."""
    raw = np.zeros(tensor.numel() * tensor.element_size() + 1, np.uint8)
    raw[1:] = np.frombuffer(tensor.detach().contiguous().numpy().tobytes(), np.uint8)
    return torch.frombuffer(raw, dtype=tensor.dtype, offset=1).view(tensor.shape)


def strided(tensor: Tensor) -> Tensor:
    """The same numbers, each third of a larger tensor that is NaN elsewhere."""
    room = torch.full((*tensor.shape, 3), torch.nan, dtype=torch.float64).to(tensor.dtype)
    room[..., 1] = tensor.detach()
    return room[..., 1]


def transposed(tensor: Tensor) -> Tensor:
    return tensor.detach().transpose(0, -1).contiguous().transpose(0, -1)


def negated(tensor: Tensor) -> Tensor:
    """The same numbers, each stored with the other sign and a note to turn it."""
    return torch._neg_view(-tensor.detach()) if tensor.is_floating_point() else tensor


def backwards(tensor: Tensor) -> Tensor:
    array = tensor.detach().numpy()[::-1].copy()
    return torch.from_numpy(array).flip(0)


LAYOUTS: list[Callable[[Tensor], Tensor]] = [
    misaligned,
    strided,
    transposed,
    negated,
    backwards,
]
EXTRAS = ("restart", "mask", "zoneout")


def changed(call: SequenceCall, layout: Callable[[Tensor], Tensor]) -> tuple[Plan, Tensors]:
    plan, found = flatten(call)
    return plan, [None if one is None else layout(one) for one in found]


def results(plan: Plan, given: Tensors, kernel: str) -> list[Tensor]:
    """Output, final states, and the gradient of every tensor that can have one."""
    masks = {*plan.masks, *plan.shares}
    leaves = [
        one.detach().requires_grad_()
        if one is not None and one.is_floating_point() and place not in masks
        else one
        for place, one in enumerate(given)
    ]
    result = dispatch.run(unflatten(plan, leaves), kernel)
    flat = [result.output, *(part for state in result.final for part in state)]
    whole = torch.cat([part.flatten() for part in flat])
    loss = torch.dot(whole, torch.linspace(-1, 2, len(whole), dtype=whole.dtype))
    learned = [one for one in leaves if one is not None and one.requires_grad]
    return [*(part.detach() for part in flat), *torch.autograd.grad(loss, learned)]


def assert_same(plan: Plan, given: Tensors, expected: list[Tensor]) -> None:
    found = results(plan, given, "cpu")
    outputs = 1 + plan.parts * len(plan.reverses)
    table = NORMED_GRADIENT if plan.cell.norm != "none" else GRADIENT
    for number, (one, true) in enumerate(zip(found, expected, strict=True)):
        scale = float(true.abs().max()) if true.numel() else 0.0
        tolerance = OUTPUT[one.dtype] if number < outputs else table[one.dtype] * scale
        assert one.shape == true.shape
        assert not one.numel() or float((one - true).abs().max()) <= tolerance, f"result {number}"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize(
    "case",
    [
        Case("lstm", (4, 2, 0), "both", extras=EXTRAS),
        Case("lstm_projected", (4, 2), "reverse"),
        Case("gru_reset_after", (4, 2), "both", extras=EXTRAS),
        Case("gru_reset_before", (1,), extras=("resets",)),
        Case("rnn_joint", (4, 2)),
    ],
    ids=lambda case: case.cell,
)
def test_tensors_are_read_however_they_lie_in_memory(
    case: Case, layout: Callable[[Tensor], Tensor]
) -> None:
    call = a_call(case)
    assert_same(*changed(call, layout), results(*flatten(call), "reference"))


def test_the_core_is_given_numbers_where_numbers_may_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """An x86 processor forgives it; a compiler need not."""
    seen: list[Tensor | None] = []

    class Looking(Pass):
        def __init__(self, plan: Plan, tensors: Tensors, number: int) -> None:
            seen.extend(tensors)
            super().__init__(plan, tensors, number)

    monkeypatch.setattr(operators, "Pass", Looking)
    plan, given = changed(a_call(), misaligned)
    assert all(one.data_ptr() % one.element_size() for one in given if one is not None)
    results(plan, given, "cpu")
    assert len(seen) == 2 * len(given)
    assert not any(one.data_ptr() % one.element_size() for one in seen if one is not None)


def test_a_number_that_stands_for_all_of_a_tensor_is_read() -> None:
    plan, given = flatten(a_call(replace(CASE, dtype=torch.float64)))
    same = [
        None if one is None else torch.full((), 0.3).double().expand(one.shape) for one in given
    ]
    assert_same(
        plan, same, results(plan, [None if s is None else s.clone() for s in same], "reference")
    )


def test_gradients_are_read_however_they_lie_in_memory() -> None:
    call = a_call(Case("lstm", (4, 2), "both"))
    x = call.input.clone().requires_grad_()
    output = dispatch.run(replace(call, input=x), "cpu").output
    gradient = torch.randn(output.shape, dtype=output.dtype)
    (expected,) = torch.autograd.grad(output, x, gradient, retain_graph=True)
    for layout in LAYOUTS:
        (found,) = torch.autograd.grad(output, x, layout(gradient), retain_graph=True)
        assert torch.equal(found, expected), layout.__name__


# --- anything at all


FUSED = [cell for cell in CELLS if cpu.why_not(a_call(Case(cell, (1,)))) is None]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.int64, torch.bool, torch.complex64]


@st.composite
def tampered(draw: st.DrawFn, tensor: Tensor) -> Tensor:
    """A tensor with something wrong or strange about it."""
    how = draw(st.integers(0, 7))
    if how == 0:
        return tensor.to(draw(st.sampled_from(DTYPES)))
    if how == 1:
        return tensor.to("meta")
    if how == 2:
        axis = draw(st.integers(0, tensor.dim() - 1))
        return tensor.narrow(axis, 0, draw(st.integers(0, tensor.shape[axis])))
    if how == 3:
        return torch.cat([tensor, tensor], dim=draw(st.integers(0, tensor.dim() - 1)))
    if how == 4:
        return tensor.unsqueeze(draw(st.integers(0, tensor.dim())))
    if how == 5:
        return tensor.flatten() if draw(st.booleans()) else tensor.sum()
    return draw(st.sampled_from(LAYOUTS))(tensor) if tensor.numel() else tensor


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.data())
def test_whatever_a_kernel_is_given_it_answers_rightly_or_refuses(data: st.DataObject) -> None:
    case = Case(
        data.draw(st.sampled_from(FUSED)),
        tuple(sorted(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=3)), reverse=True)),
        data.draw(st.sampled_from(sorted(READS))),
        bias=data.draw(st.booleans()),
        extras=tuple(data.draw(st.sets(st.sampled_from(EXTRAS)))),
    )
    plan, given = flatten(a_call(case))
    there = [place for place, one in enumerate(given) if one is not None]
    for place in data.draw(st.sets(st.sampled_from(there), max_size=2)):
        given[place] = data.draw(tampered(given[place]))  # type: ignore[arg-type]
    if data.draw(st.integers(0, 4)) == 0:
        sizes = data.draw(st.lists(st.integers(-1, 4), max_size=4))
        plan = plan._replace(batch_sizes=tuple(sizes))
    if data.draw(st.integers(0, 9)) == 0:
        given[data.draw(st.sampled_from([3, 4]))] = None  # a bias
    try:
        results(plan, given, "cpu")
    except ElmanError:
        return
    assert_same(plan, given, results(plan, given, "reference"))
