"""The pictures of an explanation as PNG files, by matplotlib."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.errors import ConfigurationError, MissingExtra
from elman.insight.pictures.kinds import Chapter, Columns, Lines, Map, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (6.4, 4.2)
MARGINS = {"left": 0.16, "right": 0.97, "bottom": 0.22, "top": 0.92}
DOTS_PER_INCH = 150
MOST_NAMES = 40


def save_pictures(chapters: Sequence[Chapter], folder: Path) -> list[Path]:
    """Write each picture into a folder, which is made if it is not there.

    Args:
        chapters: whose pictures, those that the page folds away among them.
        folder: where to.

    Raises:
        MissingExtra: matplotlib is not installed.
        ConfigurationError: the folder cannot be written to.
    """
    canvas, figure = _matplotlib()
    pictures = [picture for one in chapters for picture in (*one.pictures, *one.more)]
    paths = [folder / f"{picture.name}.png" for picture in pictures]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for picture, path in zip(pictures, paths, strict=True):
            drawing = figure(figsize=SIZE)
            drawing.subplots_adjust(**MARGINS)  # several times as fast as a layout that is searched
            canvas(drawing)
            _draw(picture, drawing.add_subplot(title=picture.title))
            with warnings.catch_warnings():  # matplotlib's font has not every script's letters
                warnings.filterwarnings("ignore", "Glyph .* missing from font")
                drawing.savefig(path, dpi=DOTS_PER_INCH)
    except OSError as error:
        raise ConfigurationError(
            f"The pictures cannot be written: {error.strerror}.",
            where=str(folder),
            expected="a folder that may be written to, or the name of one to make",
            next_step="choose another place with --png",
        ) from error
    return paths


def _matplotlib() -> tuple[Any, Any]:
    """The canvas and the figure, which need no window."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("matplotlib", "plots", "Writing pictures as PNG") from error
    return FigureCanvasAgg, Figure


def _draw(picture: Picture, axes: Axes) -> None:
    if isinstance(picture, Lines):
        _lines(picture, axes)
    elif isinstance(picture, Columns):
        _columns(picture, axes)
    else:
        _map(picture, axes)


def _lines(picture: Lines, axes: Axes) -> None:
    for line in picture.series:
        axes.plot(*zip(*line.points, strict=True), label=line.name, marker=".")
    for level in picture.references:
        axes.axhline(level.value, label=level.name, color="black", linestyle=":")
    axes.set_yscale("log" if picture.logarithmic else "linear")
    axes.set_xlabel(picture.across)
    axes.legend()


def _columns(picture: Columns, axes: Axes) -> None:
    axes.bar(range(len(picture.values)), picture.values)
    axes.set_yscale("log" if picture.logarithmic else "linear")
    _name(axes.set_xticks, picture.names, rotation=60)


def _map(picture: Map, axes: Axes) -> None:
    from matplotlib.colors import LogNorm, Normalize

    largest = max(abs(value) for row in picture.values for value in row) or 1.0
    signed = any(value < 0 for row in picture.values for value in row)
    norm: Normalize = Normalize(-largest if signed else 0, largest)
    if picture.logarithmic:
        norm = LogNorm(max(1e-12 * largest, _least(picture)), largest)
    image = axes.imshow(
        picture.values,
        norm=norm,
        cmap="PuOr" if signed else "Blues",
        aspect="equal" if picture.square else "auto",
    )
    _name(axes.set_yticks, picture.rows.names)
    _name(axes.set_xticks, picture.columns.names, rotation=60)
    axes.set_ylabel(picture.rows.label)
    axes.set_xlabel(picture.columns.label)
    axes.figure.colorbar(image, ax=axes)


def _least(picture: Map) -> float:
    """The smallest number above 0, a little less so that a map of one number has a scale."""
    return 0.5 * min((value for row in picture.values for value in row if value > 0), default=1.0)


def _name(ticks: Any, names: Sequence[str], rotation: float = 0) -> None:
    stride = -(-len(names) // MOST_NAMES)
    ticks(range(0, len(names), stride), names[::stride], fontsize=7, rotation=rotation)
