"""The parts of the documents that are made from the code or from measurements.

Each stands between two comments that name it. After a change, renew them from the root of the
repository with: .venv/bin/python -m tests.docs.generated
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.page import speed
from elman.training.config import TrainingConfig
from tests.docs.documents import PACKAGE, ROOT, text_of
from tests.docs.kernels_page import KERNELS_PAGE
from tests.docs.reliability_page import reliability_table

CELLS = ("elman", "lstm", "gru")
_BEYOND_INTEREST = 2**31 - 1  # upper limits from here on are those of the machine


def options_table() -> str:
    """A row for each key of the configuration."""
    keys = TrainingConfig.model_json_schema()["properties"]
    rows = ["| key | value | left out | meaning |", "|---|---|---|---|"]
    for name, schema in keys.items():
        value, default = _value(schema), _default(name, schema)
        rows.append(f"| `{name}` | {value} | {default} | {schema['description']} |")
    return "\n".join(rows)


def _value(schema: dict[str, Any]) -> str:
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    (kind,) = kinds
    if "enum" in kind:
        return " or ".join(f"`{choice}`" for choice in kind["enum"])
    if kind["type"] in ("string", "boolean"):
        return {"string": "text", "boolean": "`true` or `false`"}[kind["type"]]
    return {"integer": "whole number", "number": "number"}[kind["type"]] + _limits(kind)


def _limits(kind: dict[str, Any]) -> str:
    lowest = f", {kind['minimum']} or more" if "minimum" in kind else ", more than 0"
    if "maximum" in kind and kind["maximum"] < _BEYOND_INTEREST:
        return f", {kind['minimum']} to {kind['maximum']:,}"
    if kind.get("exclusiveMaximum", _BEYOND_INTEREST) < _BEYOND_INTEREST:
        return f"{lowest}, less than {kind['exclusiveMaximum']}"
    return lowest


def _default(name: str, schema: dict[str, Any]) -> str:
    if "default" not in schema:
        return "must be given"
    default = schema["default"]
    if default is None:
        return "chosen" if name not in ("validation", "test", "vectors") else "none"
    return f"`{json.dumps(default)}`" if not isinstance(default, str) else f"`{default}`"


def equations(cell: str) -> str:
    """The equations that stand at the head of a cell's file."""
    source = (PACKAGE / "cells" / f"{cell}.py").read_text(encoding="utf-8")
    lines = (ast.get_docstring(ast.parse(source)) or "").splitlines()
    formulas = [line.removeprefix("    ") for line in lines if line.startswith("    ")]
    return "\n".join(["```text", *formulas, "```"])


GENERATED: dict[str, tuple[Path, Callable[[], str]]] = {
    "options": (ROOT / "docs" / "runs.md", options_table),
    "reliability": (ROOT / "docs" / "reliability.md", reliability_table),
    "speed": (ROOT / "README.md", speed),
    **{cell: (ROOT / "docs" / "cells.md", partial(equations, cell)) for cell in CELLS},
    **{name: (ROOT / "docs" / "kernels.md", make) for name, make in KERNELS_PAGE.items()},
}


def cut(name: str) -> tuple[str, str, str]:
    """A document around a generated part: what stands before it, the part, what follows."""
    document, _ = GENERATED[name]
    before, start, rest = text_of(document).partition(f"<!-- generated: {name} -->\n")
    part, end, after = rest.partition(f"\n<!-- end of {name} -->")
    assert start, f"no part {name!r} begins in {document.name}"
    assert end, f"the part {name!r} of {document.name} does not end"
    return before + start, part, end + after


def renew() -> None:
    """Write every generated part into its document."""
    for name, (document, make) in GENERATED.items():
        before, _, after = cut(name)
        document.write_text(before + make() + after, encoding="utf-8")


if __name__ == "__main__":
    renew()
