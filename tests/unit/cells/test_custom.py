"""What a cell of one's own cannot be made of, and what its step may not return."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

import elman
from elman.errors import ConfigurationError, ElmanError, ShapeError, UsageError

_KIND = "keyword-only " if sys.version_info >= (3, 12) else ""  # which Python says from 3.12 on


def step(Wx: Any, R: Any, state: Any) -> Any:
    return {"h": torch.tanh(Wx.n + R.n(state.h))}


def step_with_u(Wx: Any, R: Any, state: Any, *, u: Any) -> Any:
    return {"h": torch.tanh(Wx.n + R.n(u * state.h))}


# --- the cell


@pytest.mark.parametrize(
    ("given", "where", "expected"),
    [
        ({"step": nn.Linear(3, 4)}, "step of type Linear", "a function; what it learns goes into"),
        ({"step": "tanh"}, "step of type str", "a function step(Wx, R, state)"),
        ({"step": lambda Wx, R: {}}, "<lambda>: too many positional", "as <lambda>(Wx, R, state)"),
        (
            {"step": step_with_u},
            f"missing a required {_KIND}argument: 'u'",
            "step_with_u(Wx, R, state)",
        ),
        (
            {"weights": {"u": ("H",)}},
            "step: got an unexpected keyword argument 'u'",
            "as step(Wx, R, state, u=...)",
        ),
        ({"gates": ()}, "gates = ()", "one or more"),
        ({"gates": "ifgo"}, "gates = 'ifgo'", "a tuple of different names"),
        ({"gates": ("i", "i")}, "gates = ('i', 'i')", "different names"),
        ({"gates": ("i", "2")}, "gates = ('i', '2')", "different names"),
        ({"gates": ("_i",)}, "gates = ('_i',)", "different names"),
        ({"gates": ("in",)}, "gates = ('in',)", "different names"),
        ({"gates": {"n": 0}}, "gates = {'n': 0}", "whole numbers"),
        ({"gates": {"n": "2H"}}, "gates = {'n': '2H'}", 'whole numbers, or "H"'),
        ({"state": {"h": "I"}}, "state = {'h': 'I'}", 'whole numbers, or "H"'),
        ({"state": ()}, "state = ()", "one or more"),
        ({"recurrent": ("f",)}, "recurrent = ('f',)", "None, or a tuple of gates: n"),
        ({"weights": ("u",)}, "weights = ('u',)", 'such as {"u": ("H",)}'),
        ({"weights": {"u": "H"}}, "weights['u'] = 'H'", '"H" and "I"'),
        ({"weights": {"u": (1.5,)}}, "weights['u'] = (1.5,)", '"H" and "I"'),
        ({"weights": {"hh": ("H",)}}, "weights = {'hh': ('H',)}", "other names than hh"),
        ({"weights": {"h_0": ("H",)}}, "weights = {'h_0': ('H',)}", "other names than h_0"),
        ({"words": ["forget"]}, "words = ['forget']", "a dict"),
        ({"words": {"f": 1}}, "words = {'f': 1}", "a dict"),
        ({"init": 1.0}, "init of type float", "a function init(weights)"),
    ],
)
def test_no_cell_can_be_made_of_it(given: dict[str, Any], where: str, expected: str) -> None:
    options: dict[str, Any] = {"step": step, "gates": ("n",)} | given
    with pytest.raises(ConfigurationError, match="No cell can be made of this") as caught:
        elman.CustomCell(**options)
    assert where in caught.value.where
    assert expected in caught.value.expected


def test_no_layer_without_a_cell() -> None:
    with pytest.raises(ConfigurationError, match="with this cell") as caught:
        elman.CustomLayer(step, 3, 4)  # type: ignore[arg-type]
    assert caught.value.where == "cell of type function"
    assert caught.value.expected == "a CustomCell"
    assert "elman.CustomCell(step" in caught.value.next_step


@pytest.mark.parametrize("option", ["recurrent_dropout", "weight_dropout"])
def test_no_dropout_of_recurrent_weights_that_are_not_there(option: str) -> None:
    cell = elman.CustomCell(lambda Wx, R, state: {"h": Wx.n}, gates=("n",), recurrent=())
    with pytest.raises(ConfigurationError, match="no recurrent weights") as caught:
        elman.CustomLayer(cell, 3, 4, **{option: 0.5})  # type: ignore[arg-type]
    assert caught.value.where == f"{option} = 0.5"
    assert caught.value.expected == "0.0"


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"hidden_size": 0}, "1 or more"),
        ({"dropout": 2}, "from 0 to 1"),
        ({"zoneout": (0.1, 0.2)}, "a rate from 0 to 1"),
        ({"initial_state": "ones"}, "'zeros' or 'random' or 'learned'"),
    ],
)
def test_options_out_of_range(option: dict[str, Any], expected: str) -> None:
    cell = elman.CustomCell(step, gates=("n",))
    with pytest.raises(ConfigurationError, match="cannot be built with this option") as caught:
        elman.CustomLayer(cell, **{"input_size": 3, "hidden_size": 4} | option)
    assert expected in caught.value.expected


def test_a_rate_of_zoneout_for_each_part_of_the_state() -> None:
    cell = elman.CustomCell(step, gates=("n",), state=("h", "c", "m"))
    with pytest.raises(ConfigurationError) as caught:
        elman.CustomLayer(cell, 3, 4, zoneout=0.1)
    assert caught.value.expected == "3 rates from 0 to 1, of h and of c and of m"


# --- the step


def called(returned: Callable[[Any, Any, Any], Any], **given: Any) -> ElmanError:
    """What a layer says to a step that returns this."""
    cell = elman.CustomCell(returned, **{"gates": ("n",)} | given)
    with pytest.raises(ElmanError) as caught:
        elman.CustomLayer(cell, 3, 4)(torch.randn(5, 2, 3))
    return caught.value


@pytest.mark.parametrize(
    ("returned", "kind", "what", "expected"),
    [
        (lambda h: h, UsageError, "a value of type Tensor", "a dict with the new"),
        (lambda h: (h, h), UsageError, "a value of type tuple", "a dict with the new parts"),
        (lambda h: None, UsageError, "returned a value of type NoneType", "the state: h, c"),
        (lambda h: {}, UsageError, "returned none, and no h and no c", "the state among"),
        (lambda h: {"h": h, "f": h}, UsageError, "returned h, f, and no c", "the state among"),
        (lambda h: {"h": h, "c": 0.0}, UsageError, "c as a value of type float", "a tensor"),
        (
            lambda h: {"h": h, "c": h, "h_new": h},
            UsageError,
            "by the name 'h_new'",
            "h, c with _before or _new",
        ),
        (lambda h: {"h": h, "c": h, 1: h}, UsageError, "by the name 1", "a text"),
        (
            lambda h: {"h": h[:, :3], "c": h},
            ShapeError,
            "h as torch.float32 of shape [2, 3] on cpu",
            "torch.float32 of shape [2, 4] on cpu, as h was before the step",
        ),
        (lambda h: {"h": h.double(), "c": h}, ShapeError, "h as torch.float64", "torch.float32"),
        (
            lambda h: {"h": h, "c": h, "f": h.sum()},
            ShapeError,
            "f of shape []",
            "[2, width], a row for each sequence that is alive",
        ),
    ],
)
def test_what_a_step_may_not_return(
    returned: Callable[[Any], Any], kind: type[ElmanError], what: str, expected: str
) -> None:
    def wrong(Wx: Any, R: Any, state: Any) -> Any:
        return returned(state.h)

    error = called(wrong, state=("h", "c"))
    assert isinstance(error, kind)
    assert what in error.what
    assert expected in error.expected
    line = wrong.__code__.co_firstlineno
    assert error.where == f"wrong ({__file__}:{line}), time step 0"


def test_a_step_that_is_an_object_is_called_by_its_type() -> None:
    class Scaled:
        def __call__(self, Wx: Any, R: Any, state: Any) -> Any:
            return state.h

    assert called(Scaled()).where == "Scaled, time step 0"
    assert "return" in called(partial(Scaled())).next_step


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda Wx, R, state: {"h": Wx.f}, "There is no 'f' here, but n, k"),
        (lambda Wx, R, state: {"h": state.c}, "There is no 'c' here, but h"),
        (lambda Wx, R, state: {"h": R(state.h).k}, "There is no 'k' here, but n"),
        (lambda Wx, R, state: {"h": R.k(state.h)}, "There is no R.k: recurrent weights have n"),
    ],
)
def test_names_that_are_not_there(wrong: Callable[..., Mapping[str, Any]], words: str) -> None:
    cell = elman.CustomCell(wrong, gates=("n", "k"), recurrent=("n",))
    with pytest.raises(AttributeError, match=words):
        elman.CustomLayer(cell, 3, 4)(torch.randn(5, 2, 3))
