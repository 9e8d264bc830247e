"""A column for each step, up or down from zero, as inline SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from elman.errors import UsageError
from elman.pages import names as along
from elman.pages.charts import DIGIT_WIDTH, HEIGHT, RIGHT, TOP, WIDTH, figure
from elman.pages.scales import drawable, linear_scale, log_scale
from elman.pages.text import Html, element, fragment, number

MOST_COLUMNS = 128


def column_chart(
    title: str,
    names: Sequence[str],
    values: Sequence[float],
    *,
    label: str,
    logarithmic: bool = False,
) -> Html:
    """Columns with their names below them; of many, neighbours share the one of largest magnitude.

    Args:
        title: what is drawn, with the unit.
        names: of the columns.
        values: as many; what cannot be drawn is left out.
        label: what a column is.
        logarithmic: whether the scale is; numbers that are not positive are left out then.

    Raises:
        UsageError: not as many names as values.
    """
    if len(names) != len(values):
        raise UsageError(
            "The names do not fit the columns.",
            where=f"{len(values)} columns, {len(names)} names",
            expected="a name for each column",
        )
    known = [value for value in values if drawable(value, logarithmic)]
    if not known:
        return figure(title, element("p", "There is nothing to draw here.", class_="empty"))
    spoken = _spoken(names, values, logarithmic)
    stride = -(-len(values) // MOST_COLUMNS)
    groups = [values[at : at + stride] for at in range(0, len(values), stride)]
    up = log_scale(known) if logarithmic else linear_scale([0.0, *known])
    left = 10 + DIGIT_WIDTH * max(len(name) for _, name in up.ticks)
    width, floor = (WIDTH - RIGHT - left) / len(groups), HEIGHT - 40.0

    def y(value: float) -> float:
        return floor - up.place(value) * (floor - TOP)

    zero = floor if logarithmic else y(0.0)
    drawn = []
    for place, group in enumerate(groups):
        fit = [value for value in group if drawable(value, logarithmic)]
        if fit:
            top = y(max(fit, key=abs))
            drawn.append(
                f"M{left + width * (place + 0.12):.1f} {zero:.1f}V{top:.1f}"
                f"h{width * 0.76:.1f}V{zero:.1f}z"
            )
    written, depth = along.below(names[::stride], left, width, floor)
    picture = element(
        "svg",
        element("title", title),
        element("desc", spoken),
        *_levels(up.ticks, left, y),
        element("path", d="".join(drawn), class_="bar own"),
        element("line", x1=left, x2=WIDTH - RIGHT, y1=zero, y2=zero, class_="axis"),
        *written,
        element("text", label, x=WIDTH - RIGHT, y=floor + depth + 14, text_anchor="end",
                class_="axis-name"),
        viewBox=f"0 0 {WIDTH} {floor + depth + 20:.0f}",
        role="img",
    )  # fmt: skip
    return figure(f"{title}, logarithmic" if logarithmic else title, picture)


def _levels(
    ticks: Sequence[tuple[float, str]], left: float, y: Callable[[float], float]
) -> list[Html]:
    return [
        fragment(
            element("line", x1=left, x2=WIDTH - RIGHT, y1=y(at), y2=y(at), class_="grid"),
            element("text", name, x=left - 7, y=y(at) + 4, text_anchor="end", class_="tick"),
        )
        for at, name in ticks
    ]


def _spoken(names: Sequence[str], values: Sequence[float], logarithmic: bool) -> str:
    shown = [place for place, value in enumerate(values) if drawable(value, logarithmic)]
    most, least = max(shown, key=values.__getitem__), min(shown, key=values.__getitem__)
    return (
        f"{len(values)} columns. The highest is {number(values[most], 3)}, at {names[most]}; the"
        f" lowest is {number(values[least], 3)}, at {names[least]}."
    )
