"""Line charts as inline SVG, drawn to be read at the width of a telephone too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elman.pages.scales import Scale, drawable, linear_scale, log_scale, position_scale
from elman.pages.text import Html, element, fragment, number

WIDTH, HEIGHT = 400, 230
TOP, RIGHT, BOTTOM = 12, 16, 40
DIGIT_WIDTH = 7.0
MOST_DOTS = 40
MOST_POINTS = 600
STYLES = 4


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name and its points (x, y), with x rising; a NaN leaves a gap."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Band:
    """A range around a line: its name, and its points (x, low, high), with x rising."""

    name: str
    points: Sequence[tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Reference:
    """A horizontal line to compare with, such as a baseline."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plot's place inside the drawing, and both scales."""

    width: int
    left: float
    across: Scale
    up: Scale

    def x(self, value: float) -> float:
        return self.left + self.across.place(value) * (self.width - RIGHT - self.left)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - self.up.place(value) * (HEIGHT - BOTTOM - TOP)


def line_chart(
    title: str,
    series: Sequence[Series],
    *,
    x_label: str = "step",
    references: Sequence[Reference] = (),
    bands: Sequence[Band] = (),
    marked: tuple[float, str] | None = None,
    logarithmic: bool = False,
    small: bool = False,
) -> Html:
    """Lines over a common horizontal axis, with legend, round ticks and a spoken description.

    Args:
        title: what is drawn, with the unit.
        series: the lines; values that cannot be drawn (NaN, infinite, not positive on a
            logarithmic scale) leave a gap.
        x_label: name of the horizontal axis.
        references: horizontal lines.
        bands: ranges behind the lines, the widest first; points that cannot be drawn are left out.
        marked: place on the horizontal axis to mark, and its name.
        logarithmic: whether the vertical axis is logarithmic.
        small: for three charts in a row rather than two.
    """
    drawn = [
        Series(line.name, [point for point in line.points if drawable(point[1], logarithmic)])
        for line in series
    ]
    level = [reference for reference in references if drawable(reference.value, logarithmic)]
    ranges = [
        Band(band.name, [p for p in band.points if all(drawable(y, logarithmic) for y in p[1:])])
        for band in bands
    ]
    xs = [x for line in drawn for x, _ in line.points]
    if not xs:
        return figure(title, element("p", "Nothing has been measured yet.", class_="empty"))
    ys = [y for line in drawn for _, y in line.points] + [each.value for each in level]
    ys += [y for band in ranges for point in band.points for y in point[1:]]
    up = log_scale(ys) if logarithmic else linear_scale(ys)
    left = 10 + DIGIT_WIDTH * max(len(name) for _, name in up.ticks)
    width = 300 if small else WIDTH
    frame = _Frame(width, left, position_scale(xs, 4 if small else 5), up)
    lines = [_line(frame, index, line, logarithmic) for index, line in enumerate(series)]
    picture = element(
        "svg",
        element("title", title),
        element("desc", _spoken(drawn, level, x_label)),
        *(_band(frame, band) for band in ranges),
        _axes(frame, x_label),
        *([_mark(frame, *marked)] if marked else []),
        *(_level(frame, reference) for reference in level),
        *lines,
        viewBox=f"0 0 {width} {HEIGHT}",
        role="img",
    )
    shown = f"{title}, logarithmic" if logarithmic else title
    return figure(shown, fragment(_legend(drawn, level, ranges), picture))


def figure(title: str, content: Html) -> Html:
    """A chart with its title above it."""
    return element("figure", element("figcaption", title), content, class_="chart")


def _spoken(series: Sequence[Series], references: Sequence[Reference], x_label: str) -> str:
    sentences = []
    for line in series:
        if not line.points:
            sentences.append(f"{line.name}: no points.")
            continue
        (first_x, first), (last_x, last) = line.points[0], line.points[-1]
        values = [y for _, y in line.points]
        sentences.append(
            f"{line.name}: {number(first)} at {x_label} {number(first_x)}, "
            f"{number(last)} at {x_label} {number(last_x)}, "
            f"lowest {number(min(values))}, highest {number(max(values))}."
        )
    sentences += [f"{each.name}: {number(each.value)}." for each in references]
    return " ".join(sentences)


def _legend(
    series: Sequence[Series], references: Sequence[Reference], bands: Sequence[Band]
) -> Html:
    entries = [
        (f"line line-{index % STYLES}", line.name, number(line.points[-1][1], 3))
        for index, line in enumerate(series)
        if line.points
    ]
    shades = [element("li", _shade(), f" {band.name}") for band in bands if band.points]
    if len(entries) + len(references) + len(shades) < 2:
        return fragment()
    entries += [("reference", each.name, number(each.value, 3)) for each in references]
    return element(
        "ul",
        *(
            element("li", _swatch(style), f" {name} ", element("b", value))
            for style, name, value in entries
        ),
        *shades,
        class_="legend",
    )


def _swatch(style: str) -> Html:
    stroke = element("line", x1=0, y1=5, x2=26, y2=5, class_=style)
    return element("svg", stroke, viewBox="0 0 26 10", aria_hidden="true")


def _shade() -> Html:
    area = element("rect", x=0, y=0, width=26, height=10, class_="band")
    return element("svg", area, viewBox="0 0 26 10", aria_hidden="true")


def _label(content: str, x: float, y: float, anchor: str, style: str = "tick") -> Html:
    return element("text", content, x=x, y=y, text_anchor=anchor, class_=style)


def _axes(frame: _Frame, x_label: str) -> Html:
    right, floor = frame.width - RIGHT, HEIGHT - BOTTOM
    rows = [
        fragment(
            element("line", x1=frame.left, x2=right, y1=frame.y(v), y2=frame.y(v), class_="grid"),
            _label(name, frame.left - 7, frame.y(v) + 4, "end"),
        )
        for v, name in frame.up.ticks
    ]
    columns = [
        fragment(
            element("line", x1=frame.x(v), x2=frame.x(v), y1=floor, y2=floor + 4, class_="axis"),
            _label(name, frame.x(v), floor + 17, "middle"),
        )
        for v, name in frame.across.ticks
    ]
    base = element("line", x1=frame.left, x2=right, y1=floor, y2=floor, class_="axis")
    return fragment(*rows, base, *columns, _label(x_label, right, HEIGHT - 5, "end", "axis-name"))


def _mark(frame: _Frame, value: float, name: str) -> Html:
    x = frame.x(value)
    late = x > (frame.left + frame.width - RIGHT) / 2
    return fragment(
        element("line", x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, class_="mark"),
        _label(name, x - 5 if late else x + 5, TOP + 3, "end" if late else "start", "mark-name"),
    )


def _level(frame: _Frame, reference: Reference) -> Html:
    y = frame.y(reference.value)
    return element("line", x1=frame.left, x2=frame.width - RIGHT, y1=y, y2=y, class_="reference")


def _band(frame: _Frame, band: Band) -> Html:
    """The area between the lows and the highs."""
    there = [(x, high) for x, _, high in band.points]
    back = [(x, low) for x, low, _ in reversed(band.points)]
    outline = "L".join(f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in there + back)
    return element("path", d=f"M{outline}Z", class_="band") if outline else fragment()


def _line(frame: _Frame, index: int, series: Series, logarithmic: bool) -> Html:
    """One path with its gaps, and dots where they are few enough to be told apart."""
    style = f"line-{index % STYLES}"
    runs = _runs(series.points, logarithmic)
    path = "".join(
        ("M" if place == 0 else "L") + f"{frame.x(x):.1f} {frame.y(y):.1f}"
        for run in runs
        for place, (x, y) in enumerate(run)
    )
    dots = [
        element(
            "circle",
            element("title", f"{series.name}: {number(y)} at {number(x)}"),
            cx=frame.x(x),
            cy=frame.y(y),
            r=3.5 if len(series.points) == 1 else 2.2,
            class_=f"dot {style}",
        )
        for run in runs
        for x, y in run
        if len(series.points) <= MOST_DOTS
    ]
    return fragment(element("path", d=path, class_=f"line {style}"), *dots)


def _runs(
    points: Sequence[tuple[float, float]], logarithmic: bool
) -> list[Sequence[tuple[float, float]]]:
    """Stretches without a gap; a series too long to show its gaps is one thinned stretch."""
    if len(points) > MOST_POINTS:
        return [_thinned([point for point in points if drawable(point[1], logarithmic)])]
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if drawable(y, logarithmic):
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return list(runs)


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """At most MOST_POINTS points that keep the ends and every stretch's lowest and highest."""
    if len(points) <= MOST_POINTS:
        return points
    stretch = -(-len(points) * 2 // (MOST_POINTS - 2))
    kept = {0, len(points) - 1}
    for start in range(0, len(points), stretch):
        indices = range(start, min(start + stretch, len(points)))
        kept.add(min(indices, key=lambda index: points[index][1]))
        kept.add(max(indices, key=lambda index: points[index][1]))
    return [points[index] for index in sorted(kept)]
