"""The one door to the kernels: which one runs a call, and why not the others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

import torch

from elman.errors import KernelUnavailable
from elman.kernels import cpu, reference
from elman.kernels.contract import Kernel, SequenceCall, SequenceResult
from elman.kernels.native import ENGINE

KERNELS: tuple[Kernel, ...] = (cast(Kernel, cpu), cast(Kernel, reference))
"""Every kernel, fastest first; `auto` takes the first that is willing."""

Watcher = Callable[[SequenceCall, SequenceResult], None]

_watchers: ContextVar[tuple[Watcher, ...]] = ContextVar("watchers", default=())


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

    Under `torch.autocast("cpu", dtype=torch.bfloat16)` a float32 call is run with precision
    "bf16", whatever it says: autocast is the caller's word on products. State and results stay
    float32, as autocast leaves every sum over many numbers.
    """
    if not torch.is_autocast_enabled("cpu"):
        return _run(call, kernel)
    with torch.autocast("cpu", enabled=False):  # a kernel rounds the operands by itself
        return _run(_under_autocast(call), kernel)


def _run(call: SequenceCall, kernel: str) -> SequenceResult:
    chosen = choose(call, kernel)
    compiling = torch.compiler.is_compiling()
    if chosen is reference and ENGINE is None and not compiling:
        _warn_once()
    result = chosen.run(call)
    if not compiling:  # a graph holds no watchers
        for watcher in _watchers.get():
            watcher(call, result)
    return result


def _under_autocast(call: SequenceCall) -> SequenceCall:
    """The call as autocast wants it."""
    if torch.get_autocast_dtype("cpu") != torch.bfloat16 or call.input.dtype != torch.float32:
        return call
    return replace(call, precision="bf16") if call.input.is_cpu else call


@cache
def _warn_once() -> None:
    warnings.warn(
        "Elman's native core was not built, and its reference kernel computes instead, many times"
        " slower; `elman doctor` says how to build it.",
        UserWarning,
        stacklevel=2,
    )


@contextmanager
def watch(watcher: Watcher) -> Iterator[None]:
    """Inside this context, `watcher` is shown each call and its result, layer after layer.

    Calls inside a graph that `torch.compile` has made are not shown.
    """
    token = _watchers.set((*_watchers.get(), watcher))
    try:
        yield
    finally:
        _watchers.reset(token)
