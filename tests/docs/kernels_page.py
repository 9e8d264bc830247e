"""The generated parts of docs/kernels.md: who serves which call, and lines of the core."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from torch.autograd import forward_ad
from torch.func import grad, vmap

import elman
from elman.kernels import cpu, dispatch
from elman.kernels.contract import SequenceCall
from elman.kernels.dispatch import Answer
from elman.layers.cell_layer import CellLayer
from elman.layers.recurrent import Recurrent
from tests.custom_cells import CELLS
from tests.docs.documents import ROOT

Use = Callable[[CellLayer, torch.Tensor], object]
Ask = Callable[[SequenceCall], tuple[Answer, ...]]

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4


@dataclass(frozen=True)
class Shown:
    """One row of the table: a call, made by a layer on a batch [T, B, I].

    Attributes:
        words: what the reader is told.
        layer: makes the call.
        use: how the layer is used.
        ask: how the door is asked about the call, inside of that use.
        dtype: of the batch.
    """

    words: str
    layer: CellLayer
    use: Use = lambda layer, batch: layer(batch)
    ask: Ask = dispatch.explain
    dtype: torch.dtype = torch.float32

    def answers(self) -> tuple[Answer, ...]:
        """What every kernel says to the call. It runs on the reference, which any machine has."""
        found: list[tuple[Answer, ...]] = []
        device = self.layer.weight_ih_l0.device
        batch = torch.ones(STEPS, BATCH, INPUTS, dtype=self.dtype, device=device)
        with dispatch.watch(lambda call, result: found.append(self.ask(call))):
            self.use(self.layer, batch)
        return found[0]


def _of(kind: type[Recurrent], **options: Any) -> Shown:
    """A layer with these options, told as one types it."""
    typed = ", ".join(f"{name}={_typed(value)}" for name, value in options.items())
    return Shown(f"`{kind.__name__}({typed})`", _layer(kind, **options), dtype=_dtype(options))


def _layer(kind: type[Recurrent], **options: Any) -> Recurrent:
    sizes: tuple[int, int] = INPUTS, HIDDEN
    return kind(*sizes, kernel="reference", **options)  # type: ignore[arg-type]


def _typed(value: object) -> str:
    return str(value) if isinstance(value, torch.dtype) else repr(value).replace("'", '"')


def _dtype(options: dict[str, Any]) -> torch.dtype:
    given: torch.dtype = options.get("dtype", torch.float32)
    return given


def _cells() -> list[Shown]:
    RNN, LSTM, GRU = elman.RNN, elman.LSTM, elman.GRU
    functions = {"gate_nonlinearity": "hard_sigmoid", "nonlinearity": "relu"}
    return [
        *(_of(kind) for kind in (RNN, LSTM, GRU)),
        _of(GRU, reset_after=False),
        *(_of(kind, bidirectional=True) for kind in (RNN, LSTM)),
        _of(LSTM, bias=False),
        _of(RNN, nonlinearity="relu"),
        _of(GRU, **functions),
        _of(RNN, nonlinearity="leaky_relu"),
        _of(LSTM, state_nonlinearity="softsign"),
        _of(LSTM, peephole=True),
        _of(LSTM, coupled=True),
        *(_of(kind, clip=3.0) for kind in (RNN, LSTM, GRU)),
        *(_of(kind, norm="joint") for kind in (RNN, LSTM, GRU)),
        _of(GRU, norm="dreamer"),
        _of(LSTM, proj_size=2),
        _of(LSTM, proj_size=2, peephole=True, coupled=True, clip=3.0),
        _of(LSTM, proj_size=2, norm="joint"),
        _of(LSTM, proj_size=2, zoneout=(0.1, 0.1)),
        _of(LSTM, recurrent_dropout=0.5),
        _of(LSTM, weight_dropout=0.5),
        _of(LSTM, zoneout=(0.1, 0.1)),
        _of(GRU, zoneout=0.1, norm="joint"),
        _of(GRU, initial_state="learned"),
        Shown(
            "`CustomLayer`",
            elman.CustomLayer(CELLS["mgu"], INPUTS, HIDDEN, kernel="reference"),
        ),
    ]


def _numbers() -> list[Shown]:
    return [
        _of(elman.LSTM, dtype=torch.float64),
        _of(elman.LSTM, dtype=torch.bfloat16),
        _of(elman.LSTM, precision="bf16"),
        _of(elman.LSTM, precision="bf16", dtype=torch.float64),
        _of(elman.LSTM, device="meta"),
    ]


def _uses() -> list[Shown]:
    return [
        Shown("`lengths=[5, 2]`", _layer(elman.LSTM), lambda layer, x: layer(x, lengths=[5, 2])),
        Shown("`resets=...`", _layer(elman.LSTM), _with_resets),
        Shown("a state given", _layer(elman.GRU), lambda gru, x: gru(x, x.new_zeros(1, 2, 4))),
        Shown("T = 0", _layer(elman.LSTM), lambda layer, x: layer(x[:0])),
        Shown("B = 0", _layer(elman.LSTM), lambda layer, x: layer(x[:, :0])),
        Shown("`eval()` and `no_grad()`", _layer(elman.LSTM).eval(), torch.no_grad()(_call)),
        Shown("`autocast`, bfloat16", _layer(elman.LSTM), partial(_autocast, torch.bfloat16)),
        Shown("`autocast`, float16", _layer(elman.LSTM), partial(_autocast, torch.float16)),
        Shown("`torch.func.grad`", _layer(elman.LSTM), lambda layer, x: grad(_sum(layer))(x)),
        Shown("`torch.func.vmap`", _layer(elman.LSTM), lambda layer, x: vmap(_sum(layer))(x[None])),
        Shown("forward mode", _layer(elman.LSTM), _in_forward_mode),
        Shown("a mask of dropout that needs a gradient", _dropping(), ask=_with_gradient_of_mask),
        Shown("weights with one bias of two", _layer(elman.LSTM), ask=_with_weights(bias_hh=None)),
        Shown(
            "weights of a projection as wide as H",
            _layer(elman.LSTM),
            ask=_with_weights(hr=torch.eye(HIDDEN)),
        ),
        Shown(
            "sparse weights",
            _layer(elman.LSTM),
            ask=_with_weights(ih=torch.ones(4 * HIDDEN, INPUTS).to_sparse()),
        ),
        Shown("`torch.compile`", _layer(elman.LSTM), ask=_in_graph),
        Shown(
            "`torch.compile` of a function transform",
            _layer(elman.LSTM),
            lambda layer, x: vmap(_sum(layer))(x[None]),
            _in_graph,
        ),
        Shown("where the core was not built", _layer(elman.LSTM), ask=_without_core),
    ]


def _call(layer: CellLayer, batch: torch.Tensor) -> object:
    return layer(batch)


def _sum(layer: CellLayer) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda batch: layer(batch)[0].sum()


def _with_resets(layer: CellLayer, batch: torch.Tensor) -> object:
    return layer(batch, resets=torch.ones(STEPS, BATCH, dtype=torch.bool))


def _autocast(dtype: torch.dtype, layer: CellLayer, batch: torch.Tensor) -> None:
    with torch.autocast("cpu", dtype=dtype):
        layer(batch)


def _in_forward_mode(layer: CellLayer, batch: torch.Tensor) -> None:
    with forward_ad.dual_level():
        layer(batch)


def _dropping() -> Recurrent:
    return _layer(elman.LSTM, recurrent_dropout=0.5)


def _with_gradient_of_mask(call: SequenceCall) -> tuple[Answer, ...]:
    mask = call.directions[0].recurrent_mask
    assert mask is not None
    mask.requires_grad_()
    return dispatch.explain(call)


def _with_weights(**changed: torch.Tensor | None) -> Ask:
    def ask(call: SequenceCall) -> tuple[Answer, ...]:
        (direction,) = call.directions
        weights = direction.weights._replace(**changed)  # type: ignore[arg-type]
        return dispatch.explain(replace(call, directions=(replace(direction, weights=weights),)))

    return ask


def _in_graph(call: SequenceCall) -> tuple[Answer, ...]:
    with patch.object(torch.compiler, "is_compiling", lambda: True):
        return dispatch.explain(call)


def _without_core(call: SequenceCall) -> tuple[Answer, ...]:
    with patch.object(cpu, "ENGINE", None):
        return dispatch.explain(call)


@contextmanager
def _as_if_built() -> Iterator[None]:
    """The table is about an Elman with its core, also where there is no compiler to build one."""
    with patch.object(cpu, "ENGINE", object()), patch.object(dispatch, "ENGINE", object()):
        yield


def dispatch_table() -> str:
    """A row a call: which kernel `auto` takes, and why not the fused one."""
    parts = {"layer": _cells(), "numbers": _numbers(), "use, of a plain LSTM or GRU": _uses()}
    lines = []
    with _as_if_built():
        for head, rows in parts.items():
            lines += [f"| {head} | kernel | why not `cpu` |", "|---|---|---|"]
            lines += [_row(shown) for shown in rows] + [""]
    return "\n".join(lines[:-1])


def _row(shown: Shown) -> str:
    answers = shown.answers()
    taken = next(answer.name for answer in answers if answer.why_not is None)
    reason = next(answer.why_not for answer in answers if answer.name == cpu.NAME)
    return f"| {shown.words} | `{taken}` | {reason or ''} |"


# --- lines of the core


def quoted(file: str, first: str, last: str) -> str:
    """The lines of a file of csrc from one that begins so to the next that is the last.

    Indentation is taken away, as far as all of them have it.
    """
    lines = (ROOT / "csrc" / file).read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.strip().startswith(first))
    stop = next(n for n, line in enumerate(lines) if n > start and line == last)
    body = textwrap.dedent("\n".join(lines[start : stop + 1]))
    return f"```cpp\n{body}\n```"


KERNELS_PAGE: dict[str, Callable[[], str]] = {
    "dispatch": dispatch_table,
    "rnn_backward": partial(quoted, "cells.hpp", "void rnn_backward", "}"),
    "through_h": partial(quoted, "cells.hpp", "const auto through_h", "  };"),
    "through_c": partial(quoted, "cells.hpp", "const auto through_c", "  };"),
    "gru_after_backward": partial(quoted, "cells.hpp", "void gru_after_backward", "}"),
    "gru_before_backward": partial(quoted, "cells.hpp", "void gru_before_backward", "}"),
    "gru_before_reset_backward": partial(
        quoted, "cells.hpp", "void gru_before_reset_backward", "}"
    ),
    "through_norm": partial(quoted, "norm.hpp", "void through_norm", "}"),
    "tile_rows": partial(quoted, "product.hpp", "#if ELMAN_VECTOR_BYTES", "#endif"),
}
"""The parts of the page by their names."""
