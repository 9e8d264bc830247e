"""What a cell computes, as a closed, frozen description, and the weights that it does it with."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from elman.cells.activations import Activation, Function, activation, shortest
from elman.errors import ConfigurationError

if TYPE_CHECKING:  # configurations name cells, and are read before torch is
    from torch import Tensor

Kind = Literal["rnn", "lstm", "gru"]
Norm = Literal["none", "joint", "dreamer"]

_GATES: dict[Kind, int] = {"rnn": 1, "lstm": 4, "gru": 3}

# For each option that not every kind of cell has: the kinds that have it, and what it is called.
_OWNERS: dict[str, tuple[tuple[Kind, ...], str]] = {
    "reset_after": (("gru",), "reset gate"),
    "gate_nonlinearity": (("lstm", "gru"), "gates"),
    "state_nonlinearity": (("lstm",), "cell state"),
    "peephole": (("lstm",), "cell state to look at"),
    "coupled": (("lstm",), "input and forget gate to couple"),
}


@dataclass(frozen=True)
class CellSpec:
    """A kind of cell and its options; the same object stands in layers, kernels and model files.

    A function is given as an `Activation` or by its name; where the name says everything, the
    name is what is kept, so that equal cells are equal. `activations` has them all in full.

    Args:
        kind: "rnn" (Elman's simple network), "lstm" or "gru".
        nonlinearity: the function of the simple network, and of the candidate of LSTM and GRU
            (ONNX: f of the RNN, g of the others).
        reset_after: where the reset gate of a GRU acts: on the recurrent product (True, the form
            of cuDNN and `torch.nn`) or on the state before it (False, the form of Cho et al.).
        gate_nonlinearity: of the gates of LSTM and GRU (ONNX: f).
        state_nonlinearity: of the cell state of an LSTM on its way to h (ONNX: h).
        peephole: whether the gates of an LSTM see its cell state.
        coupled: whether the forget gate of an LSTM is 1 - i (ONNX: input_forget). The stacked
            weights keep the block of the forget gate, which nothing reads: its gradient is 0.
        clip: the sum that enters each gate and candidate, all its terms included, is held between
            -clip and clip (as ONNX Runtime does it); None holds nothing.
        norm: "none"; "joint": layer normalisation of W x and of R h, each over all gates jointly,
            and for an LSTM of c before its function (Ba et al. 2016; the form of haste and, but
            for what it carries as c, of TensorFlow Addons); "dreamer": a GRU with one norm over
            the sum W x + R h + b (the world model of Dreamer).

    Raises:
        ConfigurationError: an unknown kind, function or norm; an option that the kind does not
            have; options that make no sense together.

    Example:
        >>> CellSpec("lstm", peephole=True) == CellSpec("lstm", Activation("tanh"), peephole=True)
        True
    """

    kind: Kind
    nonlinearity: Function = "tanh"
    reset_after: bool = True
    _: KW_ONLY
    gate_nonlinearity: Function = "sigmoid"
    state_nonlinearity: Function = "tanh"
    peephole: bool = False
    coupled: bool = False
    clip: float | None = None
    norm: Norm = "none"

    def __post_init__(self) -> None:
        for key, choices in [("kind", get_args(Kind)), ("norm", get_args(Norm))]:
            if getattr(self, key) not in choices:
                raise ConfigurationError(
                    f"{getattr(self, key)!r} is not a {key} of a recurrent cell.",
                    where=key,
                    expected=" or ".join(choices),
                )
        for key in ("nonlinearity", "gate_nonlinearity", "state_nonlinearity"):
            object.__setattr__(self, key, _function(key, getattr(self, key)))
        object.__setattr__(self, "clip", _bound(self.clip))
        self._check_owners()
        self._check_together()

    def _check_owners(self) -> None:
        for key, (kinds, what) in _OWNERS.items():
            usual = getattr(type(self), key)
            if self.kind not in kinds and getattr(self, key) != usual:
                raise ConfigurationError(
                    f"A cell of kind {self.kind!r} has no {what}.",
                    where=f"{key} = {getattr(self, key)!r}",
                    expected=f"{usual!r}, or the kind {' or '.join(map(repr, kinds))}",
                )

    def _check_together(self) -> None:
        if self.norm == "dreamer" and self.kind != "gru":
            raise ConfigurationError(
                f"The norm 'dreamer' is that of a GRU, and this is a cell of kind {self.kind!r}.",
                where="norm = 'dreamer'",
                expected="'joint', or the kind 'gru'",
            )
        if self.norm != "none" and not self.reset_after:
            raise ConfigurationError(
                "A GRU whose reset gate acts before the product multiplies R in two parts, which"
                " no norm over all gates sees together.",
                where=f"norm = {self.norm!r}, reset_after = False",
                expected="reset_after = True, or no norm",
            )
        if self.norm == "joint" and self.coupled:
            raise ConfigurationError(
                "The joint norm is over all gates, and a coupled LSTM has no forget gate of its"
                " own: weights that nothing else reads would move the other gates.",
                where="norm = 'joint', coupled = True",
                expected="one of the two",
            )

    @property
    def gates(self) -> int:
        """G, the number of blocks of H rows in the stacked weights."""
        return _GATES[self.kind]

    @property
    def state_names(self) -> tuple[str, ...]:
        """The parts of the state: ("h",), or ("h", "c") for the LSTM."""
        return ("h", "c") if self.kind == "lstm" else ("h",)

    @property
    def activations(self) -> tuple[Activation, Activation, Activation]:
        """The functions of the gates, of the candidate, and of the cell state (ONNX: f, g, h)."""
        return (
            activation(self.gate_nonlinearity),
            activation(self.nonlinearity),
            activation(self.state_nonlinearity),
        )

    def weight_shapes(
        self, input_size: int, hidden_size: int, proj_size: int = 0, *, bias: bool = True
    ) -> dict[str, tuple[int, ...]]:
        """The fields of `CellWeights` that the cell has, with their shapes.

        Args:
            input_size: I.
            hidden_size: H.
            proj_size: P, or 0 without a projection.
            bias: whether there are biases.

        Example:
            >>> CellSpec("lstm", peephole=True).weight_shapes(3, 4, bias=False)
            {'ih': (16, 3), 'hh': (16, 4), 'peephole': (12,)}
        """
        rows, H = self.gates * hidden_size, hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "ih": (rows, input_size),
            "hh": (rows, proj_size or H),
        }
        if bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if proj_size:
            shapes["hr"] = (proj_size, H)
        if self.peephole:
            shapes["peephole"] = (3 * H,)
        if self.norm == "joint":
            shapes |= {"norm_ih": (rows,), "norm_hh": (rows,)}
            if self.kind == "lstm":
                shapes |= {"norm_c": (H,), "norm_c_bias": (H,)}
        if self.norm == "dreamer":
            shapes |= {"norm_sum": (rows,), "norm_sum_bias": (rows,)}
        return shapes


class CellWeights(NamedTuple):
    """The weights of one layer in one direction, stacked as `torch.nn` stacks them.

    The gains of the norms are what each normalised element is multiplied by. The joint norm has
    no shifts beside b and b', which are added after it.

    Attributes:
        ih: [G·H, I] input weights W.
        hh: [G·H, H] recurrent weights R ([G·H, P] with a projection).
        bias_ih: [G·H] b, or None.
        bias_hh: [G·H] b', or None.
        hr: [P, H] the projection of an LSTM, or None.
        peephole: [3·H] what c is multiplied by on its way to the gates i, f, o, or None.
        norm_ih: [G·H] the gain of the joint norm of W x, or None.
        norm_hh: [G·H] the gain of the joint norm of R h, or None.
        norm_c: [H] the gain of the joint norm of an LSTM's c, or None.
        norm_c_bias: [H] its shift, or None.
        norm_sum: [G·H] the gain of Dreamer's norm of W x + b + R h + b', or None.
        norm_sum_bias: [G·H] its shift, or None.
    """

    ih: Tensor
    hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    hr: Tensor | None = None
    peephole: Tensor | None = None
    norm_ih: Tensor | None = None
    norm_hh: Tensor | None = None
    norm_c: Tensor | None = None
    norm_c_bias: Tensor | None = None
    norm_sum: Tensor | None = None
    norm_sum_bias: Tensor | None = None


def _function(key: str, given: Function) -> Function:
    """A function in its shortest form, the refusal of an unknown one naming the option."""
    try:
        return shortest(given)
    except ConfigurationError as error:
        raise ConfigurationError(error.what, where=key, expected=error.expected) from error


def _bound(clip: float | None) -> float | None:
    if clip is None:
        return None
    number = isinstance(clip, int | float) and not isinstance(clip, bool)
    if not number or not 0 < clip < math.inf:
        raise ConfigurationError(
            f"The sums of a cell cannot be held within {clip!r}.",
            where=f"clip = {clip!r}",
            expected="a number above 0, or None",
        )
    return float(clip)
