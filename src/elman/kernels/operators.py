"""The passes of the native core over one whole call: as functions, and as torch operators.

`elman::forward` and `elman::backward` stand in a compiled graph, one node a pass however long the
sequences are; they have shape functions and no gradient of their own (`elman.kernels.gradients` has
it). Outside of graphs the passes are called as functions, because an operator's way through torch
takes as long as a short sequence.

Shape letters: T steps, N real steps in the batch, H hidden, D directions; with a projection, P
stands for H in all that belongs to h.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from elman.kernels.native import Pass, kept_widths
from elman.kernels.plan import WEIGHTS, Plan, Tensors, cell_of, text_of, unflatten

_PLAIN = frozenset({Tensor, torch.nn.Parameter})

_cell_of = cache(cell_of)


# --- the passes


def forward(plan: Plan, tensors: Tensors, learning: bool) -> tuple[Tensor, ...]:
    """The output [N, D·H], the final states, and what the backward pass needs (`Plan.kept`).

    Args:
        plan: of the call.
        tensors: of the call.
        learning: whether there will be a backward pass; what it needs is empty when not.
    """
    if in_graph(tensors):
        return tuple(forward_operator(tensors, *in_schema(plan), learning))
    return _forward(plan, tensors, learning)


def _forward(plan: Plan, tensors: Tensors, learning: bool) -> tuple[Tensor, ...]:
    passes = _passes(plan, tensors)
    x, width = passes[0].x, passes[0].P
    y = x.new_empty(x.shape[0], width * len(passes))
    finals: list[Tensor] = []
    kept: list[Tensor] = []
    for columns, one in zip(_columns(y, width), passes, strict=True):
        final, *memory = one.forward(columns, learning)
        finals += final
        kept += memory
    return (y, *finals, *kept)


def backward(
    plan: Plan,
    tensors: Tensors,
    results: Sequence[Tensor],
    d_results: Tensors,
    wanted: Sequence[bool],
) -> list[Tensor | None]:
    """The gradients of a call's tensors, each in its place, None where it is not wanted.

    Args:
        plan: of the call.
        tensors: of the call.
        results: of its forward pass, the output and what it kept (without the final states).
        d_results: the gradients of the output and of the final states; None stands for zeros.
        wanted: for each tensor, whether its gradient is.
    """
    if in_graph([*tensors, *results, *d_results]):
        answers = iter(
            backward_operator(tensors, *in_schema(plan), results, d_results, list(wanted))
        )
        return [next(answers) if want else None for want in wanted]
    return _backward(plan, tensors, results, d_results, wanted)


def _backward(
    plan: Plan,
    tensors: Tensors,
    results: Sequence[Tensor],
    d_results: Tensors,
    wanted: Sequence[bool],
) -> list[Tensor | None]:
    passes = _passes(plan, tensors)
    x, width = passes[0].x, passes[0].P
    y, *kept = map(_dense, results)
    d_y, *d_states = _all_dense(d_results)
    d_y = torch.zeros_like(y) if d_y is None else d_y
    d_finals = plan.finals([d_y, *d_states])
    d_input = torch.empty_like(x) if wanted[0] else None
    found: list[Tensor | None] = [d_input]
    ys, d_ys, missing = _columns(y, width), _columns(d_y, width), [None] * plan.parts
    for number, (first, one) in enumerate(zip(plan.firsts, passes, strict=True)):
        gates, more = kept[2 * number : 2 * number + 2]
        d_weights, d_state, d_restart = one.backward(
            ys[number],
            gates,
            more,
            d_ys[number],
            d_finals[number],
            d_input,
            number > 0,
            any(wanted[first : first + WEIGHTS]),
        )
        found += [*d_weights, None, None, *d_state, *d_restart, *missing]
    return [one if want else None for one, want in zip(found, wanted, strict=True)]


def _passes(plan: Plan, tensors: Tensors) -> list[Pass]:
    """One for each direction."""
    dense = _all_dense(tensors)
    return [Pass(plan, dense, number) for number in range(len(plan.reverses))]


def _columns(y: Tensor, width: int) -> Sequence[Tensor]:
    """What each direction has of an output."""
    return (y,) if y.shape[1] == width else y.split(width, dim=1)


def _dense(tensor: Tensor) -> Tensor:
    """The same numbers as the core reads them: end to end, each at a multiple of its size."""
    dense = tensor.resolve_neg().contiguous()
    return dense if dense.data_ptr() % dense.element_size() == 0 else dense.clone()


def _all_dense(tensors: Tensors) -> list[Tensor | None]:
    return [None if one is None else _dense(one) for one in tensors]


def in_graph(tensors: Tensors) -> bool:
    """Whether the pass is to be recorded rather than computed, or seen by a dispatch mode."""
    return (
        torch.compiler.is_compiling()
        or torch._C._len_torch_dispatch_stack() > 0
        or not all(one is None or type(one) in _PLAIN for one in tensors)
    )


# --- the operators


def in_schema(plan: Plan) -> tuple[Tensor, str, list[bool], str]:
    """A plan as the operators take it: the sizes as a tensor, so that no graph grows with T."""
    sizes = plan.batch_sizes
    if sizes[0] == sizes[-1]:
        alive = torch.full((len(sizes),), sizes[0], dtype=torch.int64)
    else:
        alive = torch.tensor(sizes, dtype=torch.int64)
    return alive, text_of(plan.cell), list(plan.reverses), plan.precision


def _plan(alive: Tensor, cell: str, reverses: Sequence[bool], precision: str) -> Plan:
    sizes = tuple(alive.tolist())
    packed = (None,) * len(reverses)
    return Plan(_cell_of(cell), sizes, tuple(reverses), precision, packed)  # type: ignore[arg-type]


@torch.library.custom_op("elman::forward", mutates_args=())
def forward_operator(
    tensors: Sequence[Tensor | None],
    batch_sizes: Tensor,
    cell: str,
    reverses: Sequence[bool],
    precision: str,
    learning: bool,
) -> list[Tensor]:
    """`forward` as an operator.

    Args:
        tensors: of the call, in the order of `flatten`.
        batch_sizes: [T] int64, on the CPU.
        cell: as `text_of` writes it.
        reverses: for each direction, whether it is reverse.
        precision: of the call.
        learning: as in `forward`.
    """
    return list(_forward(_plan(batch_sizes, cell, reverses, precision), tensors, learning))


@forward_operator.register_fake
def _forward_shapes(
    tensors: Sequence[Tensor | None],
    batch_sizes: Tensor,
    cell: str,
    reverses: Sequence[bool],
    precision: str,
    learning: bool,
) -> list[Tensor]:
    plan = Plan(_cell_of(cell), (), tuple(reverses), "full", (None,) * len(reverses))
    call = unflatten(plan, tensors)
    new, steps = call.input.new_empty, call.input.shape[0]
    width = call.directions[0].weights.hh.shape[1]
    finals = [new(part.shape) for direction in call.directions for part in direction.initial]
    kept = []
    for direction in call.directions:
        hidden = direction.weights.hh.shape[0] // plan.cell.gates
        widths = kept_widths(plan.cell, hidden, bool(direction.kept)) if learning else (0, 0)
        kept += [new(steps if numbers else 0, numbers) for numbers in widths]
    return [new(steps, width * len(reverses)), *finals, *kept]


@torch.library.custom_op("elman::backward", mutates_args=())
def backward_operator(
    tensors: Sequence[Tensor | None],
    batch_sizes: Tensor,
    cell: str,
    reverses: Sequence[bool],
    precision: str,
    results: Sequence[Tensor],
    d_results: Sequence[Tensor | None],
    wanted: Sequence[bool],
) -> list[Tensor]:
    """`backward` as an operator: the gradients that are wanted, and no others.

    Args:
        tensors: of the call, in the order of `flatten`.
        batch_sizes: [T] int64, on the CPU.
        cell: as `text_of` writes it.
        reverses: for each direction, whether it is reverse.
        precision: of the call.
        results: as in `backward`.
        d_results: as in `backward`.
        wanted: as in `backward`.
    """
    plan = _plan(batch_sizes, cell, reverses, precision)
    found = _backward(plan, tensors, results, d_results, wanted)
    return [one for one in found if one is not None]


@backward_operator.register_fake
def _backward_shapes(
    tensors: Sequence[Tensor | None],
    batch_sizes: Tensor,
    cell: str,
    reverses: Sequence[bool],
    precision: str,
    results: Sequence[Tensor],
    d_results: Sequence[Tensor | None],
    wanted: Sequence[bool],
) -> list[Tensor]:
    return [
        one.new_empty(one.shape)
        for one, want in zip(tensors, wanted, strict=True)
        if want and one is not None
    ]
