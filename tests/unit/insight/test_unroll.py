"""`elman.insight.unroll`: its equations against torch.nn and plain formulas, and how they read."""

from __future__ import annotations

import json
from typing import get_args

import pytest
import torch
from torch import Tensor

from elman.cells.spec import Kind
from elman.errors import UsageError
from elman.insight.unroll import rnn
from elman.insight.unroll.digits import written
from elman.insight.unroll.expression import Expression, breakable, leaf, sigmoid, symbols, tanh
from elman.insight.unroll.facts import facts
from elman.insight.unroll.network import Unrolled, read_input, unroll
from elman.insight.unroll.page import render_page
from elman.insight.unroll.sheet import Sheet, at
from elman.insight.unroll.text import render_text
from tests.markup import parsed, tags, words
from tests.tolerances import GRADIENT, OUTPUT

KINDS: tuple[Kind, ...] = get_args(Kind)
ROUNDING = OUTPUT[torch.float64]


def by_torch(unrolled: Unrolled) -> tuple[float, dict[str, Tensor]]:
    """Loss and gradients once more, from torch.nn, or for the GRU from its formulas."""
    w = {name: value.clone().requires_grad_() for name, value in unrolled.weights.items()}
    x = torch.cat(unrolled.inputs, dim=1).T
    if unrolled.kind == "gru":
        h = torch.zeros(3, dtype=torch.float64)
        for step in x:
            r, z = (
                torch.sigmoid(w[f"W_{k}"] @ step + w[f"R_{k}"] @ h + w[f"b_{k}"][:, 0])
                for k in "rz"
            )
            n = torch.tanh(w["W_n"] @ step + w["R_n"] @ (r * h) + w["b_n"][:, 0])
            h = n + z * (h - n)
    else:
        gates = ["_i", "_f", "_g", "_o"] if unrolled.kind == "lstm" else [""]
        layer = (torch.nn.LSTM if unrolled.kind == "lstm" else torch.nn.RNN)(5, 3).double()
        stacked = {letter: torch.cat([w[letter + gate] for gate in gates]) for letter in "WRb"}
        given = {
            "weight_ih_l0": stacked["W"],
            "weight_hh_l0": stacked["R"],
            "bias_ih_l0": stacked["b"][:, 0],
            "bias_hh_l0": torch.zeros_like(stacked["b"][:, 0]),
        }
        h = torch.func.functional_call(layer, given, (x,))[0][-1]
    loss = (w["V"] @ h + w["c"][0] - unrolled.target).square().sum() / 2
    slopes = torch.autograd.grad(loss, list(w.values()))
    return loss.item(), dict(zip(w, slopes, strict=True))


@pytest.mark.parametrize("steps", [1, 3, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradients_are_those_of_the_formulas(kind: Kind, steps: int) -> None:
    unrolled = unroll(kind, steps=steps, seed=steps)
    loss, gradients = by_torch(unrolled)
    assert unrolled.loss == pytest.approx(loss, abs=ROUNDING)
    assert gradients.keys() == unrolled.gradients.keys()
    for name, gradient in gradients.items():
        size = gradient.abs().max().item()
        difference = (unrolled.gradients[name] - gradient).abs().max().item()
        assert difference <= GRADIENT[torch.float64] * max(size, 1e-3), name
    assert unrolled.forward_difference <= ROUNDING
    assert unrolled.backward_difference <= ROUNDING


@pytest.mark.parametrize(("kind", "count"), [("rnn", 31), ("lstm", 112), ("gru", 85)])
def test_the_parameters_are_those_of_the_lectures_with_one_bias_a_unit(
    kind: Kind, count: int
) -> None:
    unrolled = unroll(kind)
    assert unrolled.parameters == count
    assert f"{count} parameters" in render_text(unrolled)
    assert "b = b_ih + b_hh" in render_text(unrolled)


@pytest.mark.parametrize("kind", KINDS)
def test_the_terms_of_the_steps_add_up_to_the_gradient(kind: Kind) -> None:
    told = json.loads(json.dumps(facts(unroll(kind, steps=4))))
    value = {
        one["name"]: torch.tensor(one["value"], dtype=torch.float64)
        for part in told["backward"]
        for one in part["equations"]
    }
    assert len(told["gradients"]) == len(told["weights"]) >= 5
    for name, gradient in told["gradients"].items():
        if name in "Vc":
            continue
        terms = torch.stack([value[f"∂{name}^({t})"] for t in range(1, 5)])
        assert terms.any()
        assert (terms.sum(0) - torch.tensor(gradient, dtype=torch.float64)).abs().max() <= ROUNDING


def test_a_wrong_equation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgets_the_slope(sheet: Sheet, t: int) -> None:
        sheet.given(at("∂h", t), 2 * sheet[at("∂h", t)].value)
        right(sheet, t)

    right = rnn.backward
    monkeypatch.setattr(rnn, "backward", forgets_the_slope)
    with pytest.raises(RuntimeError, match="the equations are off by"):
        unroll("rnn")


def test_the_same_seed_draws_the_same_network_in_tenths() -> None:
    first, again, other = unroll(seed=1), unroll(seed=1), unroll(seed=2)
    assert torch.equal(first.weights["W"], again.weights["W"])
    assert not torch.equal(first.weights["W"], other.weights["W"])
    assert all(len(number) <= 4 for row in written(first.weights["W"]) for number in row)


def test_an_input_of_one_s_own() -> None:
    inputs = read_input("1,0,0,0,0  0,0.25,0,0,-1")
    unrolled = unroll("gru", inputs=inputs, target=0.5)
    assert [x.flatten().tolist() for x in unrolled.inputs] == inputs
    assert unrolled.target == 0.5
    assert len(unrolled.forward) == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"steps": 0}, "expected: 1 to 20"),
        ({"steps": 21}, "expected: 1 to 20"),
        ({"inputs": []}, "steps = 0"),
        ({"inputs": [[1, 2, 3, 4, 5], [1, 2]]}, "Step 2 of the input is 1, 2."),
        ({"inputs": [[1, 2, 3, 4, float("nan")]]}, "Step 1 of the input is 1, 2, 3, 4, nan."),
        ({"inputs": [[1, 2, 3, 4, 1001]]}, "from -1000 to 1000"),
        ({"target": float("inf")}, "target = inf"),
    ],
)
def test_what_cannot_be_worked_through_is_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError) as refusal:
        unroll(**options)  # type: ignore[arg-type]
    assert told in str(refusal.value)
    assert "next: elman unroll" in str(refusal.value)


def test_a_word_that_is_no_number_is_refused_with_its_step() -> None:
    with pytest.raises(UsageError, match="'x' is no number") as refusal:
        read_input("1,0,0,0,0 0,x,0,0,0")
    assert refusal.value.where == "input, step 2: 0,x,0,0,0"


# --- formulas


def _letters() -> tuple[Expression, ...]:
    return tuple(leaf(name, torch.randn(2, 2, dtype=torch.float64)) for name in "abc")


def test_formulas_are_written_with_the_parentheses_that_they_need() -> None:
    a, b, c = _letters()
    for formula, wanted, value in [
        (a @ (b + c), "a (b + c)", a.value @ (b.value + c.value)),
        (a + b @ c, "a + b c", a.value + b.value @ c.value),
        (a - (b + c), "a − (b + c)", a.value - b.value - c.value),
        (a - b * c, "a − b ⊙ c", a.value - b.value * c.value),
        (1 - a * b, "1 − a ⊙ b", 1 - a.value * b.value),
        (c * (1 - a), "c ⊙ (1 − a)", c.value * (1 - a.value)),
        (tanh(a + b) * c, "tanh(a + b) ⊙ c", torch.tanh(a.value + b.value) * c.value),
        (a.T @ sigmoid(b), "aᵀ σ(b)", a.value.T @ torch.sigmoid(b.value)),
    ]:
        assert symbols(formula) == wanted
        assert torch.equal(formula.value, value) or torch.allclose(formula.value, value)


def test_a_line_breaks_outside_of_parentheses_only() -> None:
    a, b, c = _letters()
    parts = breakable((a * (b - c) + b - a).pieces)
    assert [symbols(Expression(a.value, part)) for part in parts] == [
        "a",
        " ⊙ (b − c)",
        " + b",
        " − a",
    ]


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ([0.5, -0.25], ["0.50", "−0.25"]),
        ([0.0, -0.0], ["0.0", "0.0"]),
        ([1000.0, 1 / 3], ["1000.0000", "0.3333"]),
        ([0.00123456, -1e-5], ["0.00123", "−0.00001"]),
        ([1e-11], ["0.000000000010"]),
    ],
)
def test_numbers_of_a_matrix_share_their_decimals(numbers: list[float], texts: list[str]) -> None:
    assert written(torch.tensor([numbers], dtype=torch.float64)) == [texts]


# --- on the terminal and on the page


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [60, 100])
def test_the_text_stays_within_the_terminal(kind: Kind, width: int) -> None:
    lines = render_text(unroll(kind), width).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)


def test_every_equation_is_on_the_terminal_and_on_the_page_with_its_numbers() -> None:
    unrolled = unroll("lstm", steps=2)
    text = render_text(unrolled)
    page = render_page(unrolled, "elman unroll lstm --steps 2 --seed 0", "1.0")
    shown = words(parsed(page.split("\n", 1)[1]))
    equations = [one for part in (*unrolled.forward, *unrolled.backward) for one in part.equations]
    assert len(equations) > 70
    for one in equations:
        assert f"{one.symbol} = {symbols(one.formula)}" in text
        for row in written(one.formula.value):
            assert " ".join(row) in " ".join(text.replace("⎢", " ").split())
    assert page.count('class="equation"') == len(equations)
    assert "elman unroll lstm --steps 2 --seed 0" in shown
    assert "Look at how the bars change" in shown
    assert tags(page)["script"] == 0


def test_a_quantity_under_a_new_name_is_printed_once() -> None:
    lines = render_text(unroll("rnn", steps=1)).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("∂ŷ = e"))
    assert lines[place + 1].count("[") == 1
