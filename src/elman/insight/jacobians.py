"""What becomes of a state on its way through time: the product of the steps' Jacobians.

    ∂s_T/∂s_k = J_T · J_(T-1) · ... · J_(k+1),    J_t = ∂s_t/∂s_(t-1)

s is the whole state: h, or h and c side by side. The largest singular value of the product, its
spectral norm, says how much of a change of s_k can be left at T. Of the simple network it is never
more than (γ ‖R‖)^(T-k), where γ is the largest slope of φ.

A gated cell has a way past its weights: ∂c_t/∂c_(t-1) of an LSTM has f_t on its diagonal, and
∂h_t/∂h_(t-1) of a GRU z_t. The product of these is the highway; the rest goes through R.

Sources: Bengio, Simard, Frasconi (1994), IEEE Transactions on Neural Networks 5(2); Pascanu,
Mikolov, Bengio (2013), arXiv:1211.5063, section 2.1; the highway, as the constant error carousel:
Hochreiter, Schmidhuber (1997), Neural Computation 9(8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.errors import UsageError
from elman.insight.chain import Chain, is_unit_by_unit
from elman.insight.place import Place
from elman.kernels import dispatch, reference
from elman.kernels.contract import Direction
from elman.kernels.recording import BEFORE, Record

MOST_LAGS = 32
ROUNDING = 1e-6
MOST_AT_ONCE = 2**25
"""How many numbers of Jacobians are made at a time."""

_HIGHWAYS = {"lstm": ("c", "f"), "gru": ("h", "z")}
"""For a gated cell the part of the state that goes past the weights, and what it is scaled by."""


@dataclass(frozen=True)
class Highway:
    """Two ways of a gated cell's memory through time.

    Attributes:
        part: the part of the state, c or h.
        gate: what scales it from step to step, f or z.
        whole: [n] the spectral norm of ∂part_T/∂part_k, over all ways.
        past: [n] of the highway, the product of the gates: its largest element.
        units: [n, H] that product, unit by unit.
        through: [n] the spectral norm of what is left without it, which goes through the weights.
    """

    part: str
    gate: str
    whole: Tensor
    past: Tensor
    units: Tensor
    through: Tensor


@dataclass(frozen=True)
class StateJacobians:
    """How a change of the state fades or grows on its way to the last step that a direction reads.

    Attributes:
        place: layer and direction.
        kind: of the cell; empty for a user's own.
        lags: [n] T - k, from 0 up.
        singular: [n, S] the singular values of ∂s_T/∂s_k, the largest first.
        factor: what a step multiplies the spectral norm by, on the geometric mean over all lags.
        bound: [n] what the norm cannot exceed; None for other cells than the simple network.
        highway: of a gated cell; None for others.
    """

    place: Place
    kind: str
    lags: Tensor
    singular: Tensor
    factor: float
    bound: Tensor | None
    highway: Highway | None

    @property
    def norms(self) -> Tensor:
        """[n] the spectral norms."""
        return self.singular[:, 0]


def state_jacobians(
    run: Callable[[], object], calls: int | None = None
) -> tuple[StateJacobians, ...]:
    """Multiply the Jacobians of the steps, from the last one back, for each layer and direction.

    Args:
        run: runs a network on one input. Its recurrent layers are found by their calls.
        calls: how many of the first calls are looked at; all when missing.

    Raises:
        UsageError: no recurrent layer ran, or one on several sequences at once.

    Example:
        >>> import elman
        >>> layer = elman.RNN(3, 4)
        >>> (found,) = state_jacobians(lambda: layer(torch.randn(6, 3)))
        >>> found.lags.tolist(), found.singular.shape
        ([0, 1, 2, 3, 4, 5], torch.Size([6, 4]))
        >>> bool((found.norms <= found.bound * (1 + 1e-6)).all())
        True
    """
    with torch.no_grad(), dispatch.record() as every:
        run()
    records = every[:calls]
    if not records or any(max(one.call.batch_sizes, default=0) != 1 for one in records):
        raise UsageError(
            "Jacobians are of one input.",
            where=f"state_jacobians(run), which called {len(records)} recurrent layers",
            expected="a run of one or more recurrent layers on one sequence of one step or more",
        )
    return tuple(
        _direction(layer, record, number)
        for layer, record in enumerate(records)
        for number in range(len(record.call.directions))
    )


def _direction(layer: int, record: Record, number: int) -> StateJacobians:
    cell, direction = record.call.cell, record.call.directions[number]
    quantities = record.directions[number]
    order = torch.arange(len(record.call.input))
    if not direction.reverse:
        order = order.flip(0)  # the step that is read last stands first
    lags = _lags(len(order))
    products = list(_products(step_jacobians(record, number)[order], lags))
    singular = torch.stack([torch.linalg.svdvals(product) for product in products])
    return StateJacobians(
        Place(layer, direction.reverse),
        cell.kind if isinstance(cell, CellSpec) else "",
        lags,
        singular,
        _factor(singular[-1, 0], lags[-1]),
        _bound(cell, direction, lags),
        _highway(cell, quantities, products, lags, order),
    )


def step_jacobians(record: Record, number: int) -> Tensor:
    """J_t of each step of a direction, [T, S, S], computed side by side.

    By hand, where the cell works unit by unit (see `elman.insight.chain`). By autograd elsewhere:
    each step is a sequence of its own, whose initial state is the one that the step read.
    """
    if is_unit_by_unit(record):
        return Chain(record, number).jacobians()
    return _by_autograd(record, number)


def _by_autograd(record: Record, number: int) -> Tensor:
    call, direction = record.call, record.call.directions[number]
    quantities, steps = record.directions[number], len(record.call.input)
    before = torch.cat([quantities[part + BEFORE] for part in call.cell.state_names], dim=1)
    widths = [quantities[part].shape[1] for part in call.cell.state_names]
    with torch.enable_grad():
        read = before.detach().requires_grad_()
        alone = replace(direction, initial=read.split(widths, dim=1), reverse=False, resets=None)
        if direction.recurrent_mask is not None:
            alone = replace(alone, recurrent_mask=direction.recurrent_mask.expand(steps, -1))
        result = reference.run(replace(call, batch_sizes=(steps,), directions=(alone,)))
        left = torch.cat(result.final[0], dim=1)
    rows: list[Tensor] = []
    width = before.shape[1]
    chunk = max(1, MOST_AT_ONCE // before.numel())
    for first in range(0, width, chunk):
        seeds = torch.eye(width, dtype=left.dtype)[first : first + chunk, None]
        seeds = seeds.expand(-1, steps, -1)
        rows += torch.autograd.grad(left, read, seeds, retain_graph=True, is_grads_batched=True)
    jacobians = torch.cat(rows).transpose(0, 1)
    if direction.resets is not None:
        jacobians = jacobians * ~direction.resets[:, None, None]
    return jacobians


def _lags(steps: int) -> Tensor:
    """From 0 to T - 1, all of them or evenly spaced ones."""
    return torch.linspace(0, steps - 1, min(steps, MOST_LAGS)).round().long()


def _products(jacobians: Tensor, lags: Tensor) -> Iterator[Tensor]:
    """The product at each lag, in float64, of Jacobians that are ordered from the last one back."""
    wanted = set(lags.tolist())
    product = torch.eye(jacobians.shape[1], dtype=torch.float64)
    for lag, jacobian in enumerate(jacobians):
        if lag in wanted:
            yield product
        product = product @ jacobian.double()


def _factor(norm: Tensor, lag: Tensor) -> float:
    return float(norm ** (1 / lag)) if lag > 0 else 1.0


def _bound(cell: object, direction: Direction, lags: Tensor) -> Tensor | None:
    """(γ ‖R‖)^lag of the simple network without normalisation."""
    if not isinstance(cell, CellSpec) or cell.kind != "rnn" or cell.norm != "none":
        return None
    _, φ, _ = cell.activations
    at_most: Tensor = φ.steepest * torch.linalg.matrix_norm(direction.weights.hh.double(), 2)
    return at_most**lags


def _highway(
    cell: object,
    quantities: Mapping[str, Tensor],
    products: Sequence[Tensor],
    lags: Tensor,
    order: Tensor,
) -> Highway | None:
    if not isinstance(cell, CellSpec) or cell.kind not in _HIGHWAYS:
        return None
    part, gate = _HIGHWAYS[cell.kind]
    width = quantities[part].shape[1]
    blocks = [product[-width:, -width:] for product in products]  # the part stands last
    gates = quantities[gate].double()[order]
    start = gates.new_ones(1, width)
    units = torch.cat([start, gates]).cumprod(0)[lags]
    rest = [block - torch.diag(own) for block, own in zip(blocks, units, strict=True)]
    whole = torch.stack([torch.linalg.matrix_norm(block, 2) for block in blocks])
    through = torch.stack([torch.linalg.matrix_norm(block, 2) for block in rest])
    rounding = ROUNDING * whole  # at lag 1 all of an LSTM's c goes by the highway
    return Highway(part, gate, whole, units.amax(1), units, through * (through > rounding))
