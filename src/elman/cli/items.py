"""Commands that are given items, which may be numbers below zero."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from typer.core import TyperCommand, TyperOption

_BELOW_ZERO = re.compile(r"-\.?\d")


class CommandWithItems(TyperCommand):
    """A command that takes -1.5 for an item: no option of ours begins with a digit."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words, options first where some item looks like one.

        Args:
            ctx: Typer's context of the command, of a class that it keeps to itself.
            args: the words after the verb.
        """
        if any(map(_BELOW_ZERO.match, args)):
            args = self._options_first(args)
        return super().parse_args(ctx, args)

    def _options_first(self, words: list[str]) -> list[str]:
        takes_a_value = {
            name
            for parameter in self.params
            if isinstance(parameter, TyperOption) and not parameter.is_flag
            for name in parameter.opts
        }
        options: list[str] = []
        items: list[str] = []
        rest = iter(words)
        for word in rest:
            if word == "--":
                items += rest
            elif word in takes_a_value:
                options += [word, *islice(rest, 1)]
            elif word.startswith("-") and not _BELOW_ZERO.match(word):
                options.append(word)
            else:
                items.append(word)
        return [*options, "--", *items]
