"""What a trace keeps is what the equations say, under the names of the cells."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from elman.cells import names as cell_names
from elman.cells.names import NAMES
from elman.sequences import Ragged
from tests.layer_kinds import every_layer, make_layer, whole
from tests.tolerances import OUTPUT

DOUBLE = torch.float64
LENGTHS = [4, 0, 6, 1]


def made(name: str, **options: Any) -> Any:
    torch.manual_seed(0)
    return make_layer(name, 3, 4, **{"dtype": DOUBLE, **options})


def steps(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(1))


def assert_close(found: list[Tensor], expected: list[Tensor]) -> None:
    for mine, other in zip(found, expected, strict=True):
        assert mine.shape == other.shape
        assert torch.allclose(mine, other, rtol=0, atol=OUTPUT[other.dtype])


def weights(layer: Any, depth: int, d: int) -> list[Tensor]:
    ending = f"_l{depth}" + "_reverse" * d
    kinds = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    return [getattr(layer, kind + ending) for kind in kinds]


def real(part: Tensor, lengths: Tensor) -> Tensor:
    return part[torch.arange(len(part))[:, None] < lengths]


def rnn_equations(x: Tensor, one: Any, W: Tensor, R: Tensor, b: Tensor, b_: Tensor) -> Any:
    a = x @ W.T + b + one["h_before"] @ R.T + b_
    return {"a": a, "h": torch.tanh(one["a"])}


def lstm_equations(x: Tensor, one: Any, W: Tensor, R: Tensor, b: Tensor, b_: Tensor) -> Any:
    sums = (x @ W.T + b + one["h_before"] @ R.T + b_).split(4, dim=-1)
    found = dict(zip(["a_i", "a_f", "a_g", "a_o"], sums, strict=True))
    found |= {gate: 1 / (1 + torch.exp(-one[f"a_{gate}"])) for gate in "ifo"}
    found["g"] = torch.tanh(one["a_g"])
    found["c"] = one["f"] * one["c_before"] + one["i"] * one["g"]
    return found | {"h": one["o"] * torch.tanh(one["c"])}


def gru_equations(x: Tensor, one: Any, W: Tensor, R: Tensor, b: Tensor, b_: Tensor) -> Any:
    (Wx_r, Wx_z, Wx_n), (Rh_r, Rh_z, Rh_n) = (
        (x @ W.T + b).split(4, dim=-1),
        (one["h_before"] @ R.T + b_).split(4, dim=-1),
    )
    found = {"a_r": Wx_r + Rh_r, "a_z": Wx_z + Rh_z, "a_n": Wx_n + one["r"] * Rh_n}
    found |= {gate: 1 / (1 + torch.exp(-one[f"a_{gate}"])) for gate in "rz"}
    found["n"] = torch.tanh(one["a_n"])
    return found | {"h": (1 - one["z"]) * one["n"] + one["z"] * one["h_before"]}


def before_equations(x: Tensor, one: Any, W: Tensor, R: Tensor, b: Tensor, b_: Tensor) -> Any:
    found = gru_equations(x, one, W, R, b, b_)
    W_n, R_n, b_n, b__n = W[8:], R[8:], b[8:], b_[8:]
    return found | {"a_n": x @ W_n.T + b_n + (one["r"] * one["h_before"]) @ R_n.T + b__n}


EQUATIONS = {
    "rnn_tanh": rnn_equations,
    "lstm": lstm_equations,
    "gru_reset_after": gru_equations,
    "gru_reset_before": before_equations,
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_every_quantity_is_what_its_equation_says(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True)
    x = steps(6, 4, 3)
    trace = layer.trace(x, lengths=LENGTHS, resets=torch.rand(6, 4) < 0.3)
    for depth, directions in enumerate(trace.layers):
        for d, one in enumerate(directions):
            found = EQUATIONS[name](x, one, *weights(layer, depth, d))
            assert set(found) == {key for key in one if not key.endswith("_before")}
            for key, part in found.items():
                assert_close([real(one[key], trace.lengths)], [real(part, trace.lengths)])
        x = torch.cat([one["h"] for one in directions], dim=2)


@every_layer
@pytest.mark.parametrize("given", [False, True], ids=["own state", "given state"])
def test_each_step_reads_what_the_step_before_it_left(name: str, given: bool) -> None:
    layer = made(name, num_layers=2, bidirectional=True, initial_state="learned")
    with torch.no_grad():
        for key, weight in layer.named_parameters():
            if key.startswith(("h_0", "c_0")):
                weight.uniform_(-1, 1)
    batch = Ragged(steps(11, 3), LENGTHS)
    starts = torch.zeros(6, 4, dtype=torch.bool)
    starts[2, 0] = starts[3, 2] = starts[0, 3] = True
    fresh = layer.start_state(1, batch.values)
    first = [part.expand(-1, 4, -1) for part in fresh]
    if given:
        first = [torch.full_like(part, 0.5) for part in first]
    padded = batch.to_padded()
    trace = layer.trace(padded, whole(first) if given else None, lengths=LENGTHS, resets=starts)
    seen = 0
    for n, one in enumerate(one for directions in trace.layers for one in directions):
        for place, part in enumerate(layer.cell.state_names):
            own, begin, restart = one[part], first[place][n], fresh[place][n, 0]
            for b, length in enumerate(LENGTHS):
                for t in range(length):
                    if n % 2 == 0:
                        expected = own[t - 1, b] if t > 0 else begin[b]
                        anew = bool(starts[t, b])
                    else:
                        expected = own[t + 1, b] if t < length - 1 else begin[b]
                        anew = t < length - 1 and bool(starts[t + 1, b])
                    expected = restart if anew else expected
                    assert torch.equal(one[f"{part}_before"][t, b], expected), (n, part, b, t)
                    seen += anew
    assert seen == (2 * 3 + 2 * 2) * len(layer.cell.state_names)


@pytest.mark.parametrize("name", ["lstm", "gru_reset_after", "rnn_joint"])
def test_zoneout_shows_what_was_computed_and_what_became_of_it(name: str) -> None:
    rates = (0.25, 0.5) if name == "lstm" else (0.25,)
    layer = made(name, zoneout=rates if len(rates) > 1 else rates[0])
    x = steps(6, 3, 3)
    for training in (True, False):
        ((one,),) = layer.train(training).trace(x).layers
        for part, rate in zip(layer.cell.state_names, rates, strict=True):
            old, new, now = one[f"{part}_before"], one[f"{part}_new"], one[part]
            if training:
                kept = now == old
                assert 0 < int(kept.sum()) < kept.numel()
                assert torch.equal(torch.where(kept, old, new), now)
            else:
                assert_close([now], [rate * old + (1 - rate) * new])
    assert layer.trace(x).words[0]["h_new"] == "hidden state before zoneout"


def test_a_projection_shows_what_it_projects() -> None:
    layer = made("lstm_projected")
    ((one,),) = layer.trace(steps(5, 2, 3)).layers
    assert_close([one["m"]], [one["o"] * torch.tanh(one["c"])])
    assert_close([one["h"]], [one["m"] @ layer.weight_hr_l0.T])


def test_sums_are_what_the_functions_see() -> None:
    clipped = made("lstm_peephole")  # coupled, and with a clip
    with torch.no_grad():
        ((one,),) = clipped.trace(steps(5, 2, 3) * 9).layers
    assert "a_f" not in one
    assert torch.equal(one["f"], 1 - one["i"])
    for gate in "igo":
        assert float(one[f"a_{gate}"].abs().max()) == 0.5
    assert_close([one["i"]], [torch.sigmoid(one["a_i"])])
    ((one,),) = made("gru_dreamer").trace(steps(5, 2, 3)).layers
    assert_close([one["z"], one["n"]], [torch.sigmoid(one["a_z"]), torch.tanh(one["a_n"])])


# --- names


def test_every_name_has_words_and_the_words_of_the_equations() -> None:
    folder = Path(cell_names.__file__).parent
    found = 0
    for kind in ("lstm", "gru"):
        source = (folder / f"{kind}.py").read_text(encoding="utf-8")
        lines = (ast.get_docstring(ast.parse(source)) or "").splitlines()
        told: dict[str, str] = {}
        for line in lines:
            letter, _, rest = line.strip().partition("_t = ")
            if "   " in rest:
                told.setdefault(letter, rest.rsplit("   ", 1)[1].strip())
        for letter, words in NAMES[kind].items():
            if letter in told:
                assert told[letter].startswith(words), (kind, letter)
                found += 1
            elif letter.startswith("a_"):
                assert words == f"sum of the {NAMES[kind][letter[2:]]}"
                found += 1
    assert found == 4 + 6 + 3 + 4


@every_layer
def test_a_cell_names_what_the_table_names(name: str) -> None:
    layer = made(name)
    trace = layer.trace(steps(2, 1, 3))
    table = NAMES[layer.cell.kind]
    named = [key for key in trace.words[0] if not key.endswith("_before")]
    absent = set() if "projected" in name or name == "lstm_joint" else {"m"}
    absent |= {"a_f"} if layer.cell.coupled else set()
    assert named == [key for key in table if key not in absent]
    assert all(trace.words[0][key] == table[key] for key in named)
    assert trace.words[0]["h_before"] == "hidden state before the step"
