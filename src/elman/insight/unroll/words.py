"""What is said of a network worked through, on the terminal and on the page."""

from __future__ import annotations

from elman.cells.spec import Kind
from elman.insight.unroll.network import INPUTS, UNITS, Unrolled
from elman.pages.text import number

CELLS: dict[Kind, str] = {
    "rnn": "A simple recurrent network",
    "lstm": "An LSTM",
    "gru": "A GRU, whose reset gate acts before the product (Cho et al. 2014),",
}
SHORT = "∂v is short for ∂L/∂v. Numbers are rounded for print, and computed in float64."


def network_sentence(unrolled: Unrolled) -> str:
    """What the network is."""
    return (
        f"{CELLS[unrolled.kind]} with {INPUTS} inputs, {UNITS} units and 1 output:"
        f" {unrolled.parameters} parameters."
    )


def bias_sentence(unrolled: Unrolled) -> str:
    """How the count of parameters differs from that of a layer."""
    biases = sum(weight.numel() for name, weight in unrolled.weights.items() if name[0] == "b")
    return (
        f"One bias a unit: b = b_ih + b_hh. elman's and torch.nn's layers keep the two apart,"
        f" which makes {unrolled.parameters + biases}."
    )


def shape_rows(unrolled: Unrolled) -> list[tuple[str, str, str]]:
    """Of each weight its name, its shape and how many numbers it is; last, all together."""
    rows = [
        (name, f"{weight.shape[0]} × {weight.shape[1]}", str(weight.numel()))
        for name, weight in unrolled.weights.items()
    ]
    return [*rows, ("all", "", str(unrolled.parameters))]


def check_sentence(unrolled: Unrolled) -> str:
    """How far the equations are from what the layer and autograd say."""
    return (
        "Checked: the values forward are those of the reference kernel (largest difference"
        f" {number(unrolled.forward_difference)}), the gradients are those of autograd"
        f" (largest difference {number(unrolled.backward_difference)})."
    )
