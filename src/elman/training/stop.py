"""Asking a run to stop at its next safe place."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequested(Exception):
    """Raised at a safe place after the user, or the system, asked to stop."""


class StopRequest:
    """Set by a signal, looked at by the loop between two batches."""

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._at_once = False

    def check(self) -> None:
        """Raise if a stop has been asked for.

        Raises:
            StopRequested: it has.
        """
        if self.signal_number is not None:
            raise StopRequested

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Inside this context, in which nothing may be written, no place is unsafe to stop at.

        Raises:
            StopRequested: a stop has been asked for.
        """
        self._at_once = True
        try:
            self.check()
            yield
        finally:
            self._at_once = False

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Inside this context Ctrl-C and SIGTERM ask to stop; a second Ctrl-C stops at once."""

        def ask(number: int, frame: FrameType | None) -> None:
            if self.signal_number is not None and number == signal.SIGINT:
                raise KeyboardInterrupt
            self.signal_number = number
            if self._at_once:
                raise StopRequested

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
