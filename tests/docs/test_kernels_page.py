"""The table of docs/kernels.md leaves out no reason for which the fused kernel refuses a call."""

from __future__ import annotations

import ast

from tests.docs.documents import PACKAGE
from tests.docs.kernels_page import dispatch_table


def reasons() -> list[str]:
    """What `why_not` can answer; of an answer with a blank in it, the part before the blank."""
    tree = ast.parse((PACKAGE / "kernels" / "cpu.py").read_text(encoding="utf-8"))
    functions = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and "why_not" in node.name
    ]
    answers = [
        node.value.values[0] if isinstance(node.value, ast.JoinedStr) else node.value
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Return)
    ]
    return [
        answer.value
        for answer in answers
        if isinstance(answer, ast.Constant) and isinstance(answer.value, str)
    ]


def test_the_table_has_a_call_for_every_reason() -> None:
    found = reasons()
    assert len(found) >= 10
    table = dispatch_table()
    assert [reason for reason in found if reason not in table] == []
