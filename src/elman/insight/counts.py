"""What recurrent layers cost: parameters, multiply-adds and memory, by formula.

    RNN    h(d + h + 1)           with one bias a unit, as lectures count
    LSTM   4(dh + h² + h)
    GRU    3(dh + h² + h)

d is the width of the input, h that of the state. The layers, like those of `torch.nn`, keep two
biases a unit: G(dh + h² + 2h), with G blocks of weights. In two directions all of it doubles; a
layer above reads both, so that its d is 2h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from elman.errors import UsageError
from elman.kernels.native import kept_widths
from elman.layers.cell_layer import CellLayer
from elman.layers.recurrent import Recurrent
from elman.layers.weights import suffixes

WORDS: Mapping[str, str] = {
    "ih": "input weights W",
    "hh": "recurrent weights R",
    "bias_ih": "bias b",
    "bias_hh": "second bias b'",
    "hr": "projection",
    "peephole": "peepholes",
    "norm_ih": "gain of the norm of W x",
    "norm_hh": "gain of the norm of R h",
    "norm_c": "gain of the norm of c",
    "norm_c_bias": "shift of the norm of c",
    "norm_sum": "gain of the norm",
    "norm_sum_bias": "shift of the norm",
}


@dataclass(frozen=True)
class Block:
    """The numbers of one weight.

    Attributes:
        name: of the parameter, such as "weight_ih_l0".
        words: what it is.
        formula: such as "4·h·d".
        count: what the formula comes to.
    """

    name: str
    words: str
    formula: str
    count: int


@dataclass(frozen=True)
class LayerCounts:
    """One layer in one direction.

    Attributes:
        suffix: of the names of its parameters, such as "_l0_reverse".
        sizes: d, h, and with a projection p.
        blocks: its weights.
        formula: of all of them together.
        products: multiply-adds with weight matrices, a step of one sequence.
        elements: multiply-adds of single elements, likewise; norms are left out.
        functions: how many values of σ, tanh and their like, likewise.
        kept: numbers that the backward pass needs of a step of one sequence: input, output, and
            what the fused kernel keeps of gates and states; a cell without a fused form needs more.
    """

    suffix: str
    sizes: Mapping[str, int]
    blocks: tuple[Block, ...]
    formula: str
    products: int
    elements: int
    functions: int
    kept: int

    @property
    def parameters(self) -> int:
        """All weights."""
        return sum(block.count for block in self.blocks)

    @property
    def with_one_bias(self) -> int:
        """The same with one bias a unit, as lectures count."""
        return sum(block.count for block in self.blocks if not block.name.startswith("bias_hh"))


def count(layer: CellLayer) -> tuple[LayerCounts, ...]:
    """The costs of each layer and direction, from the bottom, forward before reverse.

    Raises:
        UsageError: a cell of one's own, of which no formula is known.

    Example:
        >>> from elman import LSTM
        >>> (one,) = count(LSTM(5, 3))
        >>> one.formula, one.parameters, one.with_one_bias
        ('4(dh + h² + 2h)', 120, 108)
    """
    if not isinstance(layer, Recurrent):
        raise UsageError(
            f"There is no formula for the costs of a {type(layer).__name__}.",
            where=type(layer).__name__,
            expected="an RNN, LSTM or GRU",
            next_step="sum(weight.numel() for weight in layer.parameters())",
        )
    endings = suffixes(layer.num_layers, layer.bidirectional)
    return tuple(_counted(layer, suffix) for suffix in endings)


def _counted(layer: Recurrent, suffix: str) -> LayerCounts:
    h, out = layer.hidden_size, layer.output_size
    d = layer.input_size if suffix.startswith("_l0") else out * layer.num_directions
    sizes = {"d": d, "h": h} | ({"p": layer.proj_size} if layer.proj_size else {})
    blocks = [_block(name, suffix, factors, sizes) for name, factors in _factors(layer).items()]
    if layer.initial_state == "learned":
        blocks += [
            Block(f"{part}_0{suffix}", f"initial {part}", "p" if width != h else "h", width)
            for part, width in zip(layer.cell.state_names, layer.state_widths, strict=True)
        ]
    matrices = ("weight_ih", "weight_hh", "weight_hr")
    return LayerCounts(
        suffix,
        sizes,
        tuple(blocks),
        _formula(layer),
        sum(block.count for block in blocks if block.name.startswith(matrices)),
        _ELEMENTS[layer.cell.kind] * h + 3 * h * layer.cell.peephole,
        (_FUNCTIONS[layer.cell.kind] - layer.cell.coupled) * h,
        d + out + sum(kept_widths(layer.cell, h, bool(layer.zoneout))),
    )


# Per unit: an LSTM has f ⊙ c, i ⊙ g and o ⊙ ψ(c); a GRU has r ⊙, (1 − z) ⊙ n and z ⊙ h.
_ELEMENTS = {"rnn": 0, "lstm": 3, "gru": 3}
_FUNCTIONS = {"rnn": 1, "lstm": 5, "gru": 3}


def _factors(layer: Recurrent) -> dict[str, tuple[int | str, ...]]:
    """For each weight of one layer and direction the factors of its count."""
    cell, gates = layer.cell, layer.cell.gates
    state = "p" if layer.proj_size else "h"
    every: dict[str, tuple[int | str, ...]] = {
        "ih": (gates, "h", "d"),
        "hh": (gates, "h", state),
        "bias_ih": (gates, "h"),
        "bias_hh": (gates, "h"),
        "hr": ("p", "h"),
        "peephole": (3, "h"),
        "norm_ih": (gates, "h"),
        "norm_hh": (gates, "h"),
        "norm_c": ("h",),
        "norm_c_bias": ("h",),
        "norm_sum": (gates, "h"),
        "norm_sum_bias": (gates, "h"),
    }
    present = {"ih", "hh"}
    present |= {"bias_ih", "bias_hh"} if layer.bias else set()
    present |= {"hr"} if layer.proj_size else set()
    present |= {"peephole"} if cell.peephole else set()
    present |= {"norm_ih", "norm_hh"} if cell.norm == "joint" else set()
    present |= {"norm_c", "norm_c_bias"} if cell.norm == "joint" and cell.kind == "lstm" else set()
    present |= {"norm_sum", "norm_sum_bias"} if cell.norm == "dreamer" else set()
    return {name: factors for name, factors in every.items() if name in present}


_NAMES = {"ih": "weight_ih", "hh": "weight_hh", "hr": "weight_hr"}


def _block(
    name: str, suffix: str, factors: tuple[int | str, ...], sizes: Mapping[str, int]
) -> Block:
    numbers = [sizes[one] if isinstance(one, str) else one for one in factors]
    written = "·".join(str(one) for one in factors if one != 1)
    return Block(_NAMES.get(name, name) + suffix, WORDS[name], written, prod(numbers))


def _formula(layer: Recurrent) -> str:
    """All blocks together, such as "4(dh + h² + 2h)"."""
    gates, of_gates, apart = layer.cell.gates, 0, []
    products = ["dh", "ph" if layer.proj_size else "h²"]
    for name, factors in _factors(layer).items():
        if name in ("ih", "hh"):
            continue
        if factors == (gates, "h"):
            of_gates += 1
        else:
            apart.append("".join(str(one) for one in factors))
    if of_gates:
        products.append(f"{of_gates}h" if of_gates > 1 else "h")
    if layer.initial_state == "learned":
        apart += ["p" if width != layer.hidden_size else "h" for width in layer.state_widths]
    inner = " + ".join(products)
    whole = f"{gates}({inner})" if gates > 1 else inner
    return " + ".join([whole, *apart])


# --- training


@dataclass(frozen=True)
class Memory:
    """What backpropagation through time keeps, in bytes, of numbers in float32.

    Attributes:
        step: of one step of one sequence, in all layers and directions.
        full: of a whole batch.
        truncated: of a window of it.
    """

    step: int
    full: int
    truncated: int


def memory(counts: tuple[LayerCounts, ...], steps: int, window: int, batch: int) -> Memory:
    """What training keeps until the gradient has passed.

    Args:
        counts: of the layers.
        steps: T, of full backpropagation through time.
        window: how many steps the gradient flows back when it is truncated.
        batch: B, sequences at a time.

    Example:
        >>> from elman import LSTM
        >>> memory(count(LSTM(5, 3)), 100, 10, 2)
        Memory(step=92, full=18400, truncated=1840)
    """
    step = 4 * sum(one.kept for one in counts)
    return Memory(step, step * steps * batch, step * min(steps, window) * batch)
