"""The table of figures in docs/reliability.md, from what scripts/check-reliability measured."""

from __future__ import annotations

import json
from typing import Any

from tests.docs.documents import ROOT

FIGURES = ROOT / "docs" / "reliability.json"


def figures() -> dict[str, Any]:
    """What was measured, by the name of the part."""
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return found


def reliability_table() -> str:
    """A row for each test, its figures beside it."""
    found = figures()
    kills, saves, nans = found["kills"], found["saves"], found["not finite"]
    changed, archives, payloads = found["mutations"], found["archives"], found["payloads"]
    readers = found["readers"]
    rows = [
        ("runs killed (`kill -9`) at a random moment and resumed",
         f"{kills['equal']} of {kills['killed']} end with the same weights, bit for bit"),
        ("`kill -9` during a save",
         f"{saves['killed']:,} kills, {saves['unreadable']} unreadable"),
        ("run folders and archives with a change: bits, bytes, cuts, one file for another",
         f"{changed['tried']:,} tried, {changed['refused']:,} refused, {changed['harmless']:,} in"
         f" archives made no difference, {changed['silent']} read in silence,"
         f" {changed['crashed']} crashes"),
        ("states of training with a change and digests that fit",
         f"{changed['forged']:,} tried, no crash"),
        ("hostile archives",
         f"{archives['refused']} of {archives['kinds']} kinds refused, nothing written outside"),
        ("pickles and other programs in the place of each file of a run, and of data",
         f"{payloads['kinds']} kinds, {payloads['executed']} run"),
        ("NaN and infinity in data, weights, loss, gradient",
         f"{nans['caught']} of {nans['tried']} met within one update"),
        (f"files that are nearly right, for each of {readers['readers']} readers",
         f"{readers['tried']:,} each, {readers['crashed']} crashes, {readers['hung']} that took"
         " longer than 5 seconds"),
        *_quick_form(found),
    ]  # fmt: skip
    lines = ["| test | figure |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in rows)]
    return "\n".join([*lines, "", f"Measured on {found['machine']}."])


def _quick_form(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Its row, once it has been measured: alone, on a machine that does nothing else."""
    if "quick form" not in found:
        return []
    quick = found["quick form"]
    took = f"{quick['seconds']} seconds on {quick['cores']} cores, {quick['passed']} tests passed"
    failed = f", {quick['failed']} failed" if quick["failed"] else ""
    return [("time for the quick form inside `scripts/test`: under 3 minutes", took + failed)]
