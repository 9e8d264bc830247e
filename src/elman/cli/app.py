"""The program `elman`: its verbs, its exit codes, and how it says that something is wrong."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence

from typer.core import TyperGroup

from elman.cli.verbs import VERBS, Verb
from elman.errors import ElmanError, OutOfMemory, UsageError, is_out_of_memory

app = TyperGroup(
    name="elman",
    commands={name: Verb(name, help=summary) for name, summary in VERBS.items()},
    help="Recurrent neural networks: from your file to a trained, measured, saved model.",
    no_args_is_help=True,
    epilog="Exit codes: 0 done, 2 usage, 3 data, 4 configuration, 5 corrupt file, 6 diverged,"
    " 7 out of memory, 130 interrupted.",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit with its code.

    Args:
        arguments: the words after `elman`; those of the process when missing.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a letter gets its number
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _run(words: list[str]) -> int:
    debug = "--debug" in words
    try:
        app(words, prog_name="elman")
        return 0
    except SystemExit as end:  # Typer's own: done, --help, a wrong option, or Ctrl-C
        if end.code == 128 + signal.SIGINT:
            print("Stopped at once; the last checkpoint stands.", file=sys.stderr)
        code = end.code if isinstance(end.code, int) else 0
        if code == UsageError.exit_code and "--json" in words:  # Typer has told people already
            _print_json(UsageError("A word or an option of the command is wrong."))
        return code
    except Exception as error:  # noqa: BLE001 (the last line of defence says what to do)
        if debug:
            traceback.print_exc()
        if is_out_of_memory(error):
            error = OutOfMemory(
                "The machine has not enough memory for this model and its batches.",
                where=str(error).splitlines()[0] if str(error) else "",
                expected="a model and batches that fit",
                next_step="a smaller --hidden-size, --batch-size or --max-length",
            )
        if isinstance(error, ElmanError):
            print(f"elman: {error.render()}", file=sys.stderr)
            if "--json" in words:
                _print_json(error)
            return error.exit_code
        print(
            f"elman: This is a fault of Elman's own: {type(error).__name__}: {error}\n"
            "  next: run the command again with --debug, and report what it prints",
            file=sys.stderr,
        )
        return 1


def _print_json(error: ElmanError) -> None:
    print(json.dumps(error.facts() | {"exit_code": error.exit_code}, ensure_ascii=False))
