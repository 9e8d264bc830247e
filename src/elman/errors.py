"""Every exception that Elman raises on purpose.

    ElmanError
    ├── UsageError            a command or an argument that makes no sense           exit code 2
    │   ├── ShapeError        a tensor of the wrong shape, dtype or device
    │   └── KernelUnavailable a kernel asked for by name cannot serve the call
    ├── DataError             the user's data cannot be read or used                 exit code 3
    ├── ConfigurationError    an option or a key of a configuration file is wrong    exit code 4
    │   └── MissingExtra      an optional library is not installed
    ├── CorruptRunError       a file of a run folder is missing or altered           exit code 5
    ├── DivergedError         a loss or a gradient became NaN or infinite            exit code 6
    ├── OutOfMemory           the machine has no room for a model or a batch         exit code 7
    └── Interrupted           the user, or the system, asked a run to stop     exit code 130, 143

Every message says what was received, where, what was expected, and what to type next.
"""

from __future__ import annotations


class ElmanError(Exception):
    """The base of all of Elman's exceptions.

    Args:
        what: one sentence: what was received or what happened.
        where: file and row, key, layer or time step; empty when there is no place to name.
        expected: what would have been right.
        next_step: the command to type, or the thing to change, to get on.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, where: str = "", expected: str = "", next_step: str = ""
    ) -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.next_step = next_step
        super().__init__(self.render())

    def render(self) -> str:
        """The message as lines: what, then where, expected and next, each if there is one."""
        rows = [("where", self.where), ("expected", self.expected), ("next", self.next_step)]
        return "\n".join([self.what, *(f"  {name}: {text}" for name, text in rows if text)])

    def facts(self) -> dict[str, str]:
        """The same message as a mapping, for machine-readable output."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where,
            "expected": self.expected,
            "next": self.next_step,
        }


class UsageError(ElmanError, ValueError):
    """A command or an argument that makes no sense."""

    exit_code = 2


class ShapeError(UsageError):
    """A tensor of the wrong shape, dtype or device."""


class KernelUnavailable(UsageError):
    """A kernel that was asked for by name cannot serve the call."""


class DataError(ElmanError, ValueError):
    """The user's data cannot be read or used."""

    exit_code = 3


class ConfigurationError(ElmanError, ValueError):
    """An option or a key of a configuration file is wrong."""

    exit_code = 4


class MissingExtra(ConfigurationError, ImportError):
    """An optional library is not installed; the message names the extra that brings it."""

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the library {library!r}, which is not installed.",
            expected=f"Elman installed with its extra {extra!r}",
            next_step=f"pip install 'elman[{extra}]'",
        )


class CorruptRunError(ElmanError):
    """A file of a run folder is missing, altered, or of an unknown format."""

    exit_code = 5


class DivergedError(ElmanError, ArithmeticError):
    """A loss or a gradient became NaN or infinite; the weights were not touched."""

    exit_code = 6


class OutOfMemory(ElmanError):
    """The machine has no room for a model or a batch; what was saved stands."""

    exit_code = 7


def is_out_of_memory(error: Exception) -> bool:
    """Whether Python or PyTorch, which raises a plain RuntimeError, found no memory."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and ("allocate memory" in str(error) or "out of memory" in str(error))
    )


class Interrupted(ElmanError):
    """The user (Ctrl-C), or the system (SIGTERM), asked a run to stop; it has been saved.

    Args:
        what: one sentence.
        signal_number: of the signal that asked; the exit code is 128 more, as in shells.
        next_step: the command that goes on.
    """

    exit_code = 130

    def __init__(self, what: str, signal_number: int, *, next_step: str = "") -> None:
        super().__init__(what, next_step=next_step)
        self.exit_code = 128 + signal_number
