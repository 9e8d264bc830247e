"""The program `elman`: its verbs, its exit codes, and how it says that something is wrong."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence

import click
import typer

from elman.cli import doctor, evaluate, generate, predict, resume, train
from elman.errors import ElmanError

app = typer.Typer(
    help="Recurrent neural networks: from your file to a trained, measured, saved model.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog="Exit codes: 0 done, 2 usage, 3 data, 4 configuration, 5 corrupt file, 6 diverged,"
    " 130 interrupted.",
)
for verb in (train, resume, evaluate, predict, generate, doctor):
    verb.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit with its code.

    Args:
        arguments: the words after `elman`; those of the process when missing.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(words))


def _run(words: list[str]) -> int:
    debug = "--debug" in words
    try:
        code = app(words, prog_name="elman", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Abort:
        return 130
    except KeyboardInterrupt:
        print("Stopped at once; the last checkpoint stands.", file=sys.stderr)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        sys.stderr.close()
        return 0
    except ElmanError as error:
        if debug:
            traceback.print_exc()
        print(f"elman: {error.render()}", file=sys.stderr)
        if "--json" in words:
            print(json.dumps(error.facts() | {"exit_code": error.exit_code}, ensure_ascii=False))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 (the last line of defence says what to do)
        if debug:
            traceback.print_exc()
        print(
            f"elman: This is a fault of Elman's own: {type(error).__name__}: {error}\n"
            "  next: run the command again with --debug, and report what it prints",
            file=sys.stderr,
        )
        return 1
