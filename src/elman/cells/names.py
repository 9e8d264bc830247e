"""What the letters of the cells mean, in words: one table a cell, for documents and pictures."""

from __future__ import annotations

from elman.cells.spec import Kind

NAMES: dict[Kind, dict[str, str]] = {
    "rnn": {
        "a": "sum",
        "h": "hidden state",
    },
    "lstm": {
        "a_i": "sum of the input gate",
        "a_f": "sum of the forget gate",
        "a_g": "sum of the candidate",
        "a_o": "sum of the output gate",
        "i": "input gate",
        "f": "forget gate",
        "g": "candidate",
        "o": "output gate",
        "c": "cell state",
        "m": "hidden state before the projection",
        "h": "hidden state",
    },
    "gru": {
        "a_r": "sum of the reset gate",
        "a_z": "sum of the update gate",
        "a_n": "sum of the candidate",
        "r": "reset gate",
        "z": "update gate",
        "n": "candidate",
        "h": "hidden state",
    },
}
"""For each kind of cell, what its `step` names. A sum is what the function of a gate or of a
candidate is applied to: with all its terms, normalised and clipped where the cell does that."""
