"""What the numbers suggest: each piece of advice quotes the number that caused it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from elman.cells.names import NAMES
from elman.insight.health import DeadUnits, Saturation
from elman.insight.jacobians import StateJacobians
from elman.insight.optimisation import Optimisation
from elman.insight.truncation import Truncation
from elman.pages.text import number, percentage

VANISHING = 1e-3
EXPLODING = 1e3
FAR = 20
MOSTLY = 0.5
DEAD = 0.25
MISSING = 0.1

_CURES = {
    "rnn": "try an LSTM or a GRU, or orthogonal recurrent weights",
    "lstm": "try a forget bias of 1 or more, so that the cell state is kept",
    "gru": "try a larger bias of the update gate, so that the state is kept, or an LSTM",
}
WORDS = NAMES["lstm"] | NAMES["gru"]
_ANY = "try a cell with a way past its weights, such as an LSTM"
_STUCK = {
    "h": "its tanh passes hardly any gradient; smaller weights or a lower learning rate help",
    "i": "what it lets in does not depend on the input; a lower learning rate may help",
    "o": "what it shows does not depend on the input; a lower learning rate may help",
    "r": "it does not decide step by step; a GRU without it would do the same",
}


def advice(
    jacobians: Sequence[StateJacobians],
    saturation: Sequence[Saturation],
    dead: Sequence[DeadUnits],
    truncation: Truncation | None,
    optimisation: Optimisation | None,
) -> tuple[str, ...]:
    """Sentences; none where nothing is wrong.

    Args:
        jacobians: of each layer and direction.
        saturation: of each gate.
        dead: of each relu layer.
        truncation: what windows of BPTT drop, if the direction allows to say so.
        optimisation: how the training went, if it is known.
    """
    return tuple(
        [sentence for one in jacobians for sentence in _through_time(one)]
        + [sentence for one in saturation for sentence in _stuck(one)]
        + [sentence for one in dead for sentence in _dead(one)]
        + list(_window(truncation, optimisation))
        + list(_clipping(optimisation))
    )


def _through_time(found: StateJacobians) -> Iterator[str]:
    """Whether the product of the Jacobians vanishes or explodes."""
    reach = (found.lags >= 1) & (found.lags <= FAR)
    lags, norms = found.lags[reach].tolist(), found.norms[reach].tolist()
    if len(lags) < 2 or norms[0] <= 0:
        return
    share = norms[-1] / norms[0]
    told = (
        f"In {found.place.name} the gradient by the state at lag {lags[-1]} is"
        f" {number(share, 2)} of that at lag {lags[0]}"
    )
    if share < VANISHING:
        yield f"{told}: it vanishes; {_CURES.get(found.kind, _ANY)}."
    elif share > EXPLODING:
        yield f"{told}: it explodes; clip its norm, or take a lower learning rate."


def _stuck(found: Saturation) -> Iterator[str]:
    if found.gate not in _STUCK or found.share <= MOSTLY:
        return
    word = "state" if found.gate == "h" else WORDS[found.gate]
    yield (
        f"In {found.place.name} {percentage(found.share)} of the {word} is within 5 % of an end"
        f" of its range: {_STUCK[found.gate]}."
    )


def _dead(found: DeadUnits) -> Iterator[str]:
    if found.dead > DEAD * found.units:
        yield (
            f"In {found.place.name} {found.dead} of {found.units} relu units were 0 at every step:"
            " no gradient reaches their weights; try a lower learning rate, or tanh."
        )


def _window(truncation: Truncation | None, run: Optimisation | None) -> Iterator[str]:
    """Whether the window of the training cuts off much of this input's gradient."""
    if truncation is None or run is None or not run.window:
        return
    place = int((truncation.windows <= run.window).sum()) - 1
    dropped = float(truncation.dropped[place])
    if dropped > MISSING:
        yield (
            f"Without the terms older than {int(truncation.windows[place])} steps the gradient is"
            f" off by {percentage(dropped)} of its norm, and training cut it off after"
            f" {run.window}: try a longer --bptt-window."
        )


def _clipping(run: Optimisation | None) -> Iterator[str]:
    if run is not None and run.clipped[-1] > MOSTLY:
        yield (
            f"In the last epoch {percentage(run.clipped[-1])} of the updates were clipped, their"
            f" mean norm being {number(run.norms[-1], 3)} beside {number(run.clip_at, 3)}: the"
            " threshold is in effect the learning rate; raise --clip-at, or lower"
            " --learning-rate."
        )
