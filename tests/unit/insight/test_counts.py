"""Formulas of costs against layers as they are: parameters, products, what is kept; and padding."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from elman import GRU, LSTM, RNN, CustomCell, CustomLayer, Ragged
from elman.data.batches import padded_share
from elman.data.examples import Dataset, LabelledText
from elman.errors import DataError, UsageError
from elman.insight.counts import count, memory
from elman.insight.counts_of_model import count_model
from elman.insight.padding import lengths_of, waste
from elman.kernels.engine import engine_status

LAYERS: dict[str, Any] = {
    "rnn": lambda **options: RNN(5, 3, **options),
    "rnn, norm": lambda **options: RNN(5, 3, norm="joint", **options),
    "lstm": lambda **options: LSTM(5, 3, **options),
    "lstm, peephole": lambda **options: LSTM(5, 3, peephole=True, **options),
    "lstm, coupled": lambda **options: LSTM(5, 3, coupled=True, **options),
    "lstm, projection": lambda **options: LSTM(5, 4, proj_size=2, **options),
    "lstm, all": lambda **options: LSTM(5, 4, proj_size=2, peephole=True, norm="joint", **options),
    "gru": lambda **options: GRU(5, 3, **options),
    "gru, before": lambda **options: GRU(5, 3, reset_after=False, **options),
    "gru, norm": lambda **options: GRU(5, 3, norm="joint", **options),
    "gru, dreamer": lambda **options: GRU(5, 3, norm="dreamer", **options),
}
FUSED = [kind for kind in LAYERS if kind not in ("lstm, all", "gru, dreamer")]
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"bias": False},
    {"num_layers": 3},
    {"bidirectional": True, "num_layers": 2},
    {"initial_state": "learned", "bidirectional": True},
)


def value(formula: str, sizes: dict[str, int]) -> int:
    """A formula such as "4(dh + h² + 2h) + ph", computed."""
    opened = re.sub(r"(\d+)\((.*?)\)", lambda m: f"{m[1]}*[{m[2]}]", formula)
    inner = re.search(r"\[(.*)\]", opened)
    outside = opened if inner is None else opened.replace(inner[0], "1")

    def term(text: str) -> int:
        number = 1
        for factor in re.findall(r"\d+|[a-z]²?", text):
            size = int(factor) if factor.isdigit() else sizes[factor[0]]
            number *= size**2 if factor.endswith("²") else size
        return number

    def total(text: str) -> int:
        return sum(term(one) for one in text.split(" + "))

    if inner is None:
        return total(outside)
    first, *rest = outside.split(" + ")
    return term(first) * total(inner[1]) + sum(map(term, rest))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kind", LAYERS)
def test_counts_are_those_of_the_layer(kind: str, options: dict[str, Any]) -> None:
    layer = LAYERS[kind](**options)
    real = {name: weight.numel() for name, weight in layer.named_parameters()}
    counted = count(layer)
    assert {block.name: block.count for one in counted for block in one.blocks} == real
    assert sum(one.parameters for one in counted) == sum(real.values())
    for one in counted:
        assert value(one.formula, dict(one.sizes)) == one.parameters, one.formula
        for block in one.blocks:
            assert value(block.formula.replace("·", ""), dict(one.sizes)) == block.count
        gone = sum(b.count for b in one.blocks if b.name.startswith("bias_hh"))
        assert one.with_one_bias == one.parameters - gone


@pytest.mark.parametrize(
    ("layer", "count_of_lectures"),
    [(RNN(5, 3), 3 * (5 + 3 + 1)), (LSTM(5, 3), 4 * (15 + 9 + 3)), (GRU(5, 3), 3 * (15 + 9 + 3))],
)
def test_with_one_bias_the_counts_are_those_of_the_lectures(
    layer: nn.Module, count_of_lectures: int
) -> None:
    (one,) = count(layer)  # type: ignore[arg-type]
    assert one.with_one_bias == count_of_lectures


@pytest.mark.parametrize("kind", [kind for kind in LAYERS if "all" not in kind])
def test_multiply_adds_are_those_that_the_reference_does(kind: str) -> None:
    layer = LAYERS[kind](num_layers=2, bidirectional=True, kernel="reference")
    x = Ragged.from_list([torch.randn(4, 5), torch.randn(2, 5)])
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(x)
    assert counter.get_total_flops() == 2 * 6 * sum(one.products for one in count(layer))


@pytest.mark.skipif(not engine_status().built, reason="the native core was not built")
@pytest.mark.parametrize("kind", FUSED)
def test_what_is_kept_is_what_autograd_saves(kind: str) -> None:
    layer = LAYERS[kind](kernel="cpu")
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.dim() == 2 and len(tensor) == 1009:  # steps: no weight has so many rows
            saved[tensor.data_ptr()] = tensor.numel()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        layer(torch.randn(1009, 1, 5))
    (one,) = count(layer)
    assert sum(saved.values()) == 1009 * one.kept


def test_memory_of_a_truncated_pass_is_that_of_its_window() -> None:
    counted = count(LSTM(64, 128))
    whole = memory(counted, steps=100, window=35, batch=32)
    assert whole.step == 4 * (64 + 128 + 5 * 128)
    assert whole.full == whole.step * 100 * 32
    assert whole.truncated == whole.step * 35 * 32
    assert memory(counted, steps=10, window=35, batch=1).truncated == whole.step * 10


def test_two_directions_double_the_first_layer() -> None:
    both, one = count(GRU(5, 3, bidirectional=True)), count(GRU(5, 3))
    assert sum(part.parameters for part in both) == 2 * one[0].parameters


def test_a_cell_of_one_s_own_has_no_formula() -> None:
    cell = CustomCell(lambda Wx, R, state: {"h": torch.tanh(Wx.a + R.a(state.h))}, gates=("a",))
    with pytest.raises(UsageError, match="no formula for the costs of a CustomLayer"):
        count(CustomLayer(cell, 5, 3))


def test_a_model_is_counted_with_what_it_shares_once() -> None:
    tied = nn.Linear(3, 7)
    model = nn.ModuleDict({"embedding": nn.Embedding(7, 3), "layer": RNN(3, 3), "output": tied})
    model["output"].weight = model["embedding"].weight
    counted = count_model(model)
    assert [name for name, _ in counted.layers] == ["layer"]
    assert counted.others == (("embedding.weight", "7·3", 21), ("output.bias", "7", 7))
    assert counted.parameters == 21 + 7 + 24


# --- padding


def test_the_share_of_padding_by_hand() -> None:
    assert padded_share([1, 3], [[0, 1]]) == pytest.approx(2 / 6)
    assert padded_share([1, 3], [[0], [1]]) == 0
    assert padded_share([1, 3, 100], [[0, 1]]) == pytest.approx(2 / 6)  # not of what is in no batch


def test_waste_falls_from_fixed_to_bucketed() -> None:
    lengths = [1 + n % 50 for n in range(2000)]
    found = waste(lengths, 10)
    assert found.fixed == pytest.approx(1 - 25.5 / 50)
    assert found.bucketed < found.shuffled < found.fixed
    assert found == waste(lengths, 10)


def test_lengths_of_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="No sequence has a step"):
        waste([0, 0], 2)


def test_lengths_are_those_of_the_unit_that_training_would_choose() -> None:
    texts = tuple(LabelledText(f"a long film {n}", "x", n) for n in range(3))
    dataset = Dataset("a", "many_to_one", "", "class", texts, texts, texts, "", "", ())
    lengths, unit = lengths_of(dataset)
    assert (lengths, unit) == ([4, 4, 4], "words")
