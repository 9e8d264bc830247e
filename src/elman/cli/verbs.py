"""The verbs of the program: the list that `elman --help` shows, and how each comes to its file."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer.main
from typer.core import TyperCommand

# Each verb is `register` in the file of its name; what stands here is the first line of its help.
VERBS = {
    "train": "Train a model on your data, measure it beside a baseline, and save it.",
    "resume": "Go on from a run's last checkpoint; the end is the same as without the break.",
    "evaluate": "Measure the best generation of a run on its test part, or on other data.",
    "predict": "Say the label of each text (or, for a language model, its next token).",
    "generate": "Write on from a prompt (or, for encoder and decoder, write a text drawn for it).",
    "data": "Look at data before training on it.",
    "explain": "Explain an answer: what each step did, every gate, and every term of the gradient.",
    "unroll": "Work a network of 5 inputs, 3 units and 1 output through, forward and backward.",
    "lab": "Run an experiment, and say what it found in numbers. Without a name: list them.",
    "counts": "Count parameters, multiply-adds and memory of a cell, or of a run's model.",
    "doctor": "Say which versions are installed and which kernel computes, for a bug report.",
}


class Verb(TyperCommand):
    """A verb in the list of verbs; its file is imported when somebody asks for it.

    The list comes at once in this way, and a verb does not wait for the files of the others.
    """

    def load(self) -> Any:
        """The command itself, or the group of commands, with its options."""
        app = typer.Typer()
        import_module(f"elman.cli.{self.name}").register(app)
        return typer.main.get_group(app).commands[str(self.name)]

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """The command's own context: from here on it is called, and not its place in the list."""
        return self.load().make_context(*arguments, **options)
