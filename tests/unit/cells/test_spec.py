"""What a cell may be: its options, which go together, and the weights that it has."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from elman.cells.activations import Activation
from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ConfigurationError

EVERYTHING = CellSpec(
    "lstm",
    Activation("scaled_tanh", 1.7, 0.6),
    gate_nonlinearity="hard_sigmoid",
    state_nonlinearity="softsign",
    peephole=True,
    coupled=True,
    clip=3,
)


def test_equal_cells_are_equal_however_their_functions_are_given() -> None:
    one = CellSpec("gru", gate_nonlinearity="hard_sigmoid")
    other = CellSpec("gru", Activation("tanh"), gate_nonlinearity=Activation("hard_sigmoid", 0.2))
    assert one == other
    assert hash(one) == hash(other)
    assert other.nonlinearity == "tanh"
    assert one != CellSpec("gru", gate_nonlinearity=Activation("hard_sigmoid", 0.25))


def test_activations_are_those_of_gates_candidate_and_cell_state() -> None:
    assert EVERYTHING.activations == (
        Activation("hard_sigmoid", 0.2, 0.5), Activation("scaled_tanh", 1.7, 0.6),
        Activation("softsign"),
    )  # fmt: skip
    names = [function.name for function in CellSpec("rnn", "relu").activations]
    assert names == ["sigmoid", "relu", "tanh"]


def test_a_cell_comes_back_from_json_as_it_was() -> None:
    adapter = TypeAdapter(CellSpec)
    for cell in (EVERYTHING, CellSpec("gru", norm="dreamer"), CellSpec("rnn", "relu")):
        assert adapter.validate_json(adapter.dump_json(cell)) == cell
    old = '{"kind": "rnn", "nonlinearity": "relu", "reset_after": true}'
    assert adapter.validate_json(old) == CellSpec("rnn", "relu")


REFUSED: list[tuple[dict[str, Any], str, str, str]] = [
    ({"kind": "lru"}, "'lru' is not a kind", "kind", "rnn or lstm or gru"),
    ({"norm": "batch"}, "'batch' is not a norm", "norm", "none or joint or dreamer"),
    ({"nonlinearity": "swish"}, "'swish' is not a function", "nonlinearity", "tanh or sigmoid"),
    ({"gate_nonlinearity": "swish"}, "'swish' is not", "gate_nonlinearity", "tanh or sigmoid"),
    ({"state_nonlinearity": 3}, "3 is not", "state_nonlinearity", "tanh or sigmoid"),
    ({"reset_after": False}, "'lstm' has no reset gate", "reset_after = False", "kind 'gru'"),
    ({"kind": "gru", "peephole": True}, "'gru' has no cell state", "peephole = True", "'lstm'"),
    ({"kind": "rnn", "peephole": True}, "'rnn' has no cell state", "peephole = True", "'lstm'"),
    ({"kind": "gru", "coupled": True}, "no input and forget gate", "coupled = True", "'lstm'"),
    ({"kind": "rnn", "coupled": True}, "no input and forget gate", "coupled = True", "'lstm'"),
    ({"kind": "rnn", "gate_nonlinearity": "relu"}, "'rnn' has no gates", "gate_nonlinearity =",
     "'sigmoid', or the kind 'lstm' or 'gru'"),
    ({"kind": "gru", "state_nonlinearity": "relu"}, "'gru' has no cell state",
     "state_nonlinearity = 'relu'", "'tanh', or the kind 'lstm'"),
    ({"norm": "dreamer"}, "that of a GRU", "norm = 'dreamer'", "'joint', or the kind 'gru'"),
    ({"kind": "gru", "norm": "joint", "reset_after": False}, "in two parts",
     "norm = 'joint', reset_after = False", "reset_after = True"),
    ({"kind": "gru", "norm": "dreamer", "reset_after": False}, "in two parts",
     "norm = 'dreamer', reset_after = False", "reset_after = True"),
    ({"norm": "joint", "coupled": True}, "no forget gate of its own", "coupled = True", "one of"),
    ({"clip": 0}, "within 0", "clip = 0", "above 0"),
    ({"clip": -1.5}, "within -1.5", "clip = -1.5", "above 0"),
    ({"clip": float("inf")}, "within inf", "clip = inf", "above 0"),
    ({"clip": float("nan")}, "within nan", "clip = nan", "above 0"),
    ({"clip": "3"}, "within '3'", "clip = '3'", "above 0"),
    ({"clip": True}, "within True", "clip = True", "above 0"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "what", "where", "expected"), REFUSED, ids=str)
def test_what_makes_no_sense_is_refused(
    options: dict[str, Any], what: str, where: str, expected: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        CellSpec(**({"kind": "lstm"} | options))
    assert what in caught.value.what
    assert where in caught.value.where
    assert expected in caught.value.expected


@pytest.mark.parametrize(
    ("cell", "extra"),
    [
        (CellSpec("rnn"), {}),
        (CellSpec("rnn", norm="joint"), {"norm_ih": (4,), "norm_hh": (4,)}),
        (CellSpec("lstm", coupled=True, clip=1.0), {}),
        (CellSpec("lstm", peephole=True), {"peephole": (12,)}),
        (CellSpec("lstm", norm="joint"),
         {"norm_ih": (16,), "norm_hh": (16,), "norm_c": (4,), "norm_c_bias": (4,)}),
        (CellSpec("gru", norm="joint"), {"norm_ih": (12,), "norm_hh": (12,)}),
        (CellSpec("gru", norm="dreamer"), {"norm_sum": (12,), "norm_sum_bias": (12,)}),
    ],
    ids=str,
)  # fmt: skip
def test_the_weights_of_a_cell_are_fields_of_cell_weights(
    cell: CellSpec, extra: dict[str, tuple[int, ...]]
) -> None:
    rows = 4 * cell.gates
    plain = {"ih": (rows, 3), "hh": (rows, 4)}
    biases = {"bias_ih": (rows,), "bias_hh": (rows,)}
    assert cell.weight_shapes(3, 4) == plain | biases | extra
    assert cell.weight_shapes(3, 4, bias=False) == plain | extra
    order = [name for name in CellWeights._fields if name in cell.weight_shapes(3, 4)]
    assert list(cell.weight_shapes(3, 4)) == order


def test_a_projection_narrows_h() -> None:
    assert CellSpec("lstm").weight_shapes(3, 4, 2, bias=False) == {
        "ih": (16, 3), "hh": (16, 2), "hr": (2, 4),
    }  # fmt: skip
