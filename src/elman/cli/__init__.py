"""The command line: one file a verb, and `main`, which runs them."""

from elman.cli.app import main

__all__ = ["main"]
