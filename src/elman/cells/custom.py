"""Cells of the user's own: one step as a Python function, and what the step is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from keyword import iskeyword
from typing import Any

from torch import Tensor, nn

from elman.errors import ConfigurationError

Width = int | str
"""A number of units, or "H" for the hidden size; in the shapes of weights also "I"."""

_TAKEN = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "ih", "hh", "hr")


@dataclass(frozen=True)
class CustomCell:
    """A cell by the function that computes one step of it.

        def step(Wx, R, state, *, u):
            f = torch.sigmoid(Wx.f + R.f(state.h))
            ...
            return {"f": f, ..., "h": h}

    `Wx` has the projected input W x_t + b, gate by gate: `Wx.f`, [B, H]. `R` are the recurrent
    weights: `R.f(v)` is R_f v + b'_f, and `R(v)` that of all gates in one product, which has their
    names again. `state` has the parts of the state before the step. The cell's own weights come by
    keyword. B counts the sequences that are alive at the step.

    What is returned are the new parts of the state by their names, and whatever else a trace is to
    show: tensors with a row for each sequence. The first part of the state is the output.

    The reference kernel calls the function. A model file cannot hold it, since files hold no code:
    save the layer's `state_dict`, and keep the function where it is imported from.

    Args:
        step: the function. No sequence may look at another: rows come and go with the lengths.
        gates: the names of the blocks of W, of gates and candidates; each is H wide, or as wide as
            a mapping says.
        state: the names of the parts of the state, likewise.
        recurrent: the gates that have a block of R; None for all.
        weights: the cell's own weights, their names and shapes, in which "H" is the hidden size
            and "I" the width of the layer's input. Each layer and direction has one: `u_l0`, ...
        words: what names mean, for whoever looks at a trace.
        init: changes how weights begin, which is uniform between -1/√H and 1/√H. It is called for
            each layer and direction with what there is of `ih`, `hh`, `bias_ih` and `bias_hh`, gate
            by gate, and of the cell's own: `weights.bias_ih.f.fill_(1)`.

    Raises:
        ConfigurationError: what no layer can be made of.

    Example:
        >>> import torch
        >>> def leaky(Wx, R, state, *, rate):
        ...     n = torch.tanh(Wx.n + R.n(state.h))
        ...     return {"n": n, "h": torch.lerp(state.h, n, torch.sigmoid(rate))}
        >>> CustomCell(leaky, gates=("n",), weights={"rate": ("H",)}).weight_shapes(3, 4)
        {'ih': (4, 3), 'hh': (4, 4), 'bias_ih': (4,), 'bias_hh': (4,), 'rate': (4,)}
    """

    step: Callable[..., Mapping[str, Tensor]]
    gates: Sequence[str] | Mapping[str, Width]
    state: Sequence[str] | Mapping[str, Width] = ("h",)
    recurrent: Sequence[str] | None = None
    weights: Mapping[str, Sequence[Width]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    init: Callable[[Any], None] | None = None

    def __post_init__(self) -> None:
        for wrong, where, expected in _faults(self):
            if wrong:
                raise ConfigurationError(
                    "No cell can be made of this.", where=where, expected=expected
                )

    @property
    def name(self) -> str:
        """What errors call the step."""
        return getattr(self.step, "__name__", type(self.step).__name__)

    @property
    def state_names(self) -> tuple[str, ...]:
        """The parts of the state, of which the first is the output."""
        return tuple(self.state)

    def sized(self, hidden_size: int) -> CustomCell:
        """The same cell with numbers for widths, which is what kernels are given."""
        return replace(
            self,
            gates=_sizes(self.gates, H=hidden_size),
            state=_sizes(self.state, H=hidden_size),
        )

    @property
    def state_widths(self) -> dict[str, int]:
        """The parts of the state of a sized cell, with their widths."""
        return _sizes(self.state)

    @property
    def input_rows(self) -> dict[str, int]:
        """The gates of a sized cell, each with its number of rows in W."""
        return _sizes(self.gates)

    @property
    def recurrent_rows(self) -> dict[str, int]:
        """The gates that have a block of R, in the order of all gates, with its number of rows."""
        chosen = self.gates if self.recurrent is None else self.recurrent
        return {gate: rows for gate, rows in self.input_rows.items() if gate in chosen}

    def weight_shapes(
        self, input_size: int, hidden_size: int, *, bias: bool = True
    ) -> dict[str, tuple[int, ...]]:
        """The weights of one layer and direction, with their shapes.

        Args:
            input_size: I.
            hidden_size: H.
            bias: whether there are biases.
        """
        sized = self.sized(hidden_size)
        rows, recurrent = sum(sized.input_rows.values()), sum(sized.recurrent_rows.values())
        shapes: dict[str, tuple[int, ...]] = {"ih": (rows, input_size)}
        if recurrent:
            shapes["hh"] = (recurrent, next(iter(sized.state_widths.values())))
        if bias:
            shapes["bias_ih"] = (rows,)
        if bias and recurrent:
            shapes["bias_hh"] = (recurrent,)
        own = {
            name: tuple(_size(width, H=hidden_size, I=input_size) for width in shape)
            for name, shape in self.weights.items()
        }
        return shapes | own


def _sizes(parts: Sequence[str] | Mapping[str, Width], **letters: int) -> dict[str, int]:
    widths = parts if isinstance(parts, Mapping) else dict.fromkeys(parts, "H")
    return {name: _size(width, **letters) for name, width in widths.items()}


def _size(width: Width, **letters: int) -> int:
    return letters[width] if isinstance(width, str) else width


def _faults(cell: CustomCell) -> Iterator[tuple[bool, str, str]]:
    """What could be wrong with a cell: whether it is, where, and what it could have been."""
    module = isinstance(cell.step, nn.Module)
    kind = f"step of type {type(cell.step).__name__}"
    yield module, kind, "a function; what it learns goes into weights, where layers find it"
    yield not callable(cell.step), kind, "a function step(Wx, R, state)"
    for key, parts in (("gates", cell.gates), ("state", cell.state)):
        given = f"{key} = {parts!r}"
        yield not _are_names(parts) or not parts, given, "a tuple of different names, one or more"
        if isinstance(parts, Mapping):
            wrong = not all(_is_width(width, "H") for width in parts.values())
            yield wrong, given, 'widths that are whole numbers, or "H"'
    if cell.recurrent is not None:
        known = _are_names(cell.recurrent) and set(cell.recurrent) <= set(cell.gates)
        where = f"recurrent = {cell.recurrent!r}"
        yield not known, where, f"None, or a tuple of gates: {', '.join(cell.gates)}"
    yield from _faults_of_weights(cell)
    texts = isinstance(cell.words, Mapping) and all(
        isinstance(text, str) for pair in cell.words.items() for text in pair
    )
    yield not texts, f"words = {cell.words!r}", 'a dict of texts, such as {"f": "forget gate"}'
    where = f"init of type {type(cell.init).__name__}"
    yield cell.init is not None and not callable(cell.init), where, "a function init(weights)"


def _faults_of_weights(cell: CustomCell) -> Iterator[tuple[bool, str, str]]:
    where = f"weights = {cell.weights!r}"
    mapping = isinstance(cell.weights, Mapping) and _are_names(cell.weights)
    yield not mapping, where, 'a dict of names with shapes, such as {"u": ("H",)}'
    taken = {*_TAKEN, *(f"{part}_0" for part in cell.state)} & set(cell.weights)
    yield bool(taken), where, f"other names than {', '.join(sorted(taken))}, which layers use"
    for name, shape in cell.weights.items():
        fits = isinstance(shape, tuple | list) and all(
            _is_width(width, "H", "I") for width in shape
        )
        yield not fits, f"weights[{name!r}] = {shape!r}", 'a tuple of whole numbers, "H" and "I"'
    call = ", ".join(["Wx, R, state", *(f"{name}=..." for name in cell.weights)])
    try:
        inspect.signature(cell.step).bind(None, None, None, **dict.fromkeys(cell.weights))
    except (TypeError, ValueError) as error:
        yield True, f"{cell.name}: {error}", f"a function that is called as {cell.name}({call})"


def _are_names(parts: object) -> bool:
    """Whether these are different names that a part of a cell can be called by."""
    if not isinstance(parts, tuple | list | Mapping):
        return False
    return len(set(parts)) == len(parts) and all(
        isinstance(name, str) and name.isidentifier() and not iskeyword(name) and name[0] != "_"
        for name in parts
    )


def _is_width(width: object, *letters: str) -> bool:
    if isinstance(width, str):
        return width in letters
    return isinstance(width, int) and not isinstance(width, bool) and width > 0
