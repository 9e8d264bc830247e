"""What a cell computes, as a closed, frozen description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from elman.errors import ConfigurationError

if TYPE_CHECKING:  # configurations name cells, and are read before torch is
    from torch import Tensor

Kind = Literal["rnn", "lstm", "gru"]
Nonlinearity = Literal["tanh", "relu"]

_GATES: dict[Kind, int] = {"rnn": 1, "lstm": 4, "gru": 3}


@dataclass(frozen=True)
class CellSpec:
    """A kind of cell and its options; the same object stands in layers, kernels and model files.

    Args:
        kind: "rnn" (Elman's simple network), "lstm" or "gru".
        nonlinearity: "tanh" or "relu"; only the simple network has the choice.
        reset_after: where the reset gate of a GRU acts: on the recurrent product (True, the form
            of cuDNN and `torch.nn`) or on the state before it (False, the form of Cho et al.).

    Raises:
        ConfigurationError: an unknown kind, or an option that the kind does not have.
    """

    kind: Kind
    nonlinearity: Nonlinearity = "tanh"
    reset_after: bool = True

    def __post_init__(self) -> None:
        for key, choices in [("kind", get_args(Kind)), ("nonlinearity", get_args(Nonlinearity))]:
            if getattr(self, key) not in choices:
                raise ConfigurationError(
                    f"{getattr(self, key)!r} is not a {key} of a recurrent cell.",
                    where=key,
                    expected=" or ".join(choices),
                )
        if self.kind != "rnn" and self.nonlinearity != "tanh":
            raise ConfigurationError(
                f"A cell of kind {self.kind!r} has no choice of nonlinearity.",
                where=f"nonlinearity = {self.nonlinearity!r}",
                expected="'tanh', or the kind 'rnn'",
            )
        if self.kind != "gru" and not self.reset_after:
            raise ConfigurationError(
                f"A cell of kind {self.kind!r} has no reset gate.",
                where="reset_after = False",
                expected="True, or the kind 'gru'",
            )

    @property
    def gates(self) -> int:
        """G, the number of blocks of H rows in the stacked weights."""
        return _GATES[self.kind]

    @property
    def state_names(self) -> tuple[str, ...]:
        """The parts of the state: ("h",), or ("h", "c") for the LSTM."""
        return ("h", "c") if self.kind == "lstm" else ("h",)


class CellWeights(NamedTuple):
    """The weights of one layer in one direction, stacked as `torch.nn` stacks them.

    Attributes:
        ih: [G·H, I] input weights W.
        hh: [G·H, H] recurrent weights R ([G·H, P] with a projection).
        bias_ih: [G·H] or None.
        bias_hh: [G·H] or None.
        hr: [P, H] the projection of an LSTM, or None.
    """

    ih: Tensor
    hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    hr: Tensor | None = None
