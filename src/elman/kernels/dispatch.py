"""The one door to the kernels: which one runs a call, and why not the others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple, cast

import torch
from torch import Tensor

from elman.cells.spec import CellWeights
from elman.errors import KernelUnavailable
from elman.kernels import cpu, recording, reference
from elman.kernels.contract import Direction, Kernel, SequenceCall, SequenceResult
from elman.kernels.native import ENGINE
from elman.kernels.recording import Record

KERNELS: tuple[Kernel, ...] = (cast(Kernel, cpu), cast(Kernel, reference))
"""Every kernel, fastest first; `auto` takes the first that is willing."""

Watcher = Callable[[SequenceCall, SequenceResult], None]

_SIXTEEN_BITS = (torch.bfloat16, torch.float16)


class _Watch(NamedTuple):
    """Who looks at the calls, and who keeps everything that they compute."""

    watchers: tuple[Watcher, ...] = ()
    records: tuple[list[Record], ...] = ()
    apart: bool = False


_NOBODY = _Watch()
_watch: ContextVar[_Watch] = ContextVar("watch", default=_NOBODY)


@dataclass(frozen=True)
class Answer:
    """What one kernel says to a call: its name, and why not (None: it would serve)."""

    name: str
    why_not: str | None


def explain(call: SequenceCall) -> tuple[Answer, ...]:
    """Every kernel's answer to a call, in the order in which `auto` asks them."""
    if torch.is_autocast_enabled("cpu"):
        call = _under_autocast(call)
    return tuple(Answer(kernel.NAME, kernel.why_not(call)) for kernel in KERNELS)


def choose(call: SequenceCall, kernel: str = "auto") -> Kernel:
    """The kernel that runs a call.

    Args:
        call: the call to be run.
        kernel: "auto", or the name of one kernel, which is then taken or refused, never replaced.

    Raises:
        KernelUnavailable: no kernel of that name, or it cannot serve the call.
    """
    for candidate in KERNELS:
        if kernel == "auto" and candidate.why_not(call) is None:
            return candidate
        if kernel == candidate.NAME:
            reason = candidate.why_not(call)
            if reason is None:
                return candidate
            raise KernelUnavailable(
                f"The kernel {kernel!r} cannot serve this call: {reason}.",
                expected="one of "
                + ", ".join(repr(a.name) for a in explain(call) if not a.why_not),
                next_step="kernel='auto' takes the fastest one that can",
            )
    raise KernelUnavailable(
        f"There is no kernel named {kernel!r}.",
        expected="'auto' or one of " + ", ".join(repr(k.NAME) for k in KERNELS),
    )


def run(call: SequenceCall, kernel: str = "auto") -> SequenceResult:
    """Run a call on the kernel that `choose` names, and show it to whoever watches.

    Under `torch.autocast("cpu", dtype=torch.bfloat16)` a layer with float32 weights has precision
    "bf16", whatever it says, and is given what other layers made in 16 bits as float32. Its state
    and its results are float32: a sum over many steps is what autocast keeps in float32 elsewhere.
    """
    if not torch.is_autocast_enabled("cpu"):
        return _run(call, kernel)
    with torch.autocast("cpu", enabled=False):  # the kernels round the operands by themselves
        return _run(_under_autocast(call), kernel)


def _run(call: SequenceCall, kernel: str) -> SequenceResult:
    chosen = choose(call, kernel)
    if torch.compiler.is_compiling():  # a graph warns of nothing, and holds no watchers
        return chosen.run(call)
    if ENGINE is None and kernel == "auto" and call.input.is_cpu:
        _warn_once()
    seen_by = _watch.get()
    return chosen.run(call) if seen_by is _NOBODY else _run_seen(call, chosen, seen_by)


def _run_seen(call: SequenceCall, chosen: Kernel, seen_by: _Watch) -> SequenceResult:
    if seen_by.records:
        result, record = recording.run(call, apart=seen_by.apart)
        for records in seen_by.records:
            records.append(record)
    else:
        result = chosen.run(call)
    for watcher in seen_by.watchers:
        watcher(call, result)
    return result


def goes_with(given: Tensor, weight: Tensor) -> bool:
    """Whether a layer with this weight takes this tensor: one dtype and device, but for autocast.

    Under autocast on the CPU a float32 layer takes what other layers made in 16 bits.
    """
    if given.device != weight.device:
        return False
    return given.dtype == weight.dtype or (
        given.dtype in _SIXTEEN_BITS and _is_single(weight) and torch.is_autocast_enabled("cpu")
    )


def _is_single(weight: Tensor) -> bool:
    """Whether autocast on the CPU is about a layer with this weight."""
    return weight.dtype == torch.float32 and weight.device.type == "cpu"


def _under_autocast(call: SequenceCall) -> SequenceCall:
    """The call as autocast wants it."""
    if not _is_single(call.directions[0].weights.ih):
        return call
    rounded = torch.get_autocast_dtype("cpu") == torch.bfloat16
    return replace(
        call,
        input=_wide(call.input),
        directions=tuple(_widened(direction) for direction in call.directions),
        precision="bf16" if rounded else call.precision,
    )


def _widened(direction: Direction) -> Direction:
    weights, mask = direction.weights, direction.recurrent_mask
    return replace(
        direction,
        weights=CellWeights(*(one if one is None else _wide(one) for one in weights)),  # type: ignore[arg-type]
        initial=tuple(map(_wide, direction.initial)),
        recurrent_mask=mask if mask is None else _wide(mask),
        kept=tuple(map(_wide, direction.kept)),
        restart=tuple(map(_wide, direction.restart)),
        own=tuple(map(_wide, direction.own)),
        packed=None,  # for another precision
    )


def _wide(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in _SIXTEEN_BITS else tensor


@cache
def _warn_once() -> None:
    warnings.warn(
        "Elman's native core was not built, and its reference kernel computes instead, many times"
        " slower; `elman doctor` says how to build it.",
        UserWarning,
        stacklevel=2,
    )


def is_watched() -> bool:
    """Whether somebody looks at the calls just now."""
    return _watch.get() is not _NOBODY


@contextmanager
def watch(watcher: Watcher) -> Iterator[None]:
    """Inside this context, `watcher` is shown each call and its result, layer after layer.

    Calls inside a graph that `torch.compile` has made are not shown.
    """
    now = _watch.get()
    token = _watch.set(now._replace(watchers=(*now.watchers, watcher)))
    try:
        yield
    finally:
        _watch.reset(token)


@contextmanager
def record(*, apart: bool = False) -> Iterator[list[Record]]:
    """Inside this context, the list that it gives fills with a `Record` of each call, in order.

    The reference kernel runs the calls then, since no other one keeps every quantity. A call is
    still refused if the kernel that it insists on cannot serve it. Calls inside a graph that
    `torch.compile` has made are not recorded.

    Args:
        apart: whether each call has a graph of its own, which ends at its input and its initial
            states; the graph of the network then begins anew at what the call returns.
    """
    now, records = _watch.get(), list[Record]()
    kept = (*now.records, records)
    token = _watch.set(now._replace(records=kept, apart=now.apart or apart))
    try:
        yield records
    finally:
        _watch.reset(token)
