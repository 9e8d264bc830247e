"""Bar charts as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elman.pages.charts import WIDTH, figure
from elman.pages.scales import LARGEST, Scale, drawable
from elman.pages.text import Html, clipped, element

ROW = 46
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length, what is written at it, and whether it stands out."""

    name: str
    value: float
    shown: str
    emphasised: bool = False


def bar_chart(title: str, bars: Sequence[Bar]) -> Html:
    """Horizontal bars from zero, each with its name and its value above it.

    Args:
        title: what is compared, with the unit.
        bars: from top to bottom; a value that is not finite is written but gets no bar.
    """
    if not bars:
        return figure(title, element("p", "Nothing has been measured yet.", class_="empty"))
    lengths = [
        max(-LARGEST, min(LARGEST, bar.value)) if drawable(bar.value) else 0.0 for bar in bars
    ]
    low, high = min(0.0, *lengths), max(0.0, *lengths)
    scale = Scale(low, high if high > low else low + 1.0, ())
    zero = scale.place(0.0) * WIDTH
    drawn = []
    for index, (bar, length) in enumerate(zip(bars, lengths, strict=True)):
        end, top = scale.place(length) * WIDTH, index * ROW
        style = "strong" if bar.emphasised else None
        drawn += [
            element("text", clipped(bar.name, LONGEST_NAME), x=0, y=top + 15, class_=style),
            element("text", bar.shown, x=WIDTH, y=top + 15, text_anchor="end", class_=style),
            element(
                "rect",
                x=min(zero, end),
                y=top + 22,
                width=abs(end - zero),
                height=10,
                rx=2,
                class_="bar own" if bar.emphasised else "bar",
            ),
        ]
    picture = element(
        "svg",
        element("title", title),
        element("desc", " ".join(f"{bar.name}: {bar.shown}." for bar in bars)),
        *drawn,
        viewBox=f"0 0 {WIDTH} {ROW * len(bars) - 8}",
        role="img",
    )
    return figure(title, picture)
