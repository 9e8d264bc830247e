"""An explanation as one HTML file: inline pictures, no network, no script."""

from __future__ import annotations

from collections.abc import Sequence

from elman.data.wording import counted
from elman.insight.explain import Explanation
from elman.insight.pictures import chapters
from elman.insight.pictures.kinds import Chapter, Columns, Lines, Picture, visible
from elman.insight.pictures.training import training_chapter
from elman.insight.watching import Sample
from elman.pages.charts import line_chart
from elman.pages.columns import column_chart
from elman.pages.document import Section, document
from elman.pages.matrix import matrix_map
from elman.pages.tables import facts, fold
from elman.pages.text import Html, element, fragment, shorten

ANSWERS = 3


def render_explanation(found: Explanation, *, title: str, command: str, version: str) -> str:
    """The text of an HTML file.

    Args:
        found: what is shown.
        title: of the page: the run's name.
        command: that makes the same page again.
        version: of Elman.
    """
    sections = [Section(one.anchor, one.heading, _chapter(one)) for one in chapters(found)]
    sections.append(Section("reproduce", "To reproduce", element("pre", element("code", command))))
    return document(
        f"{title} explained",
        fragment(element("h1", title), _headline(found), _answers(found)),
        sections,
        f"Written by Elman {version}.",
    )


def render_training(samples: Sequence[Sample], *, title: str, command: str, version: str) -> str:
    """The text of an HTML file about samples of a training.

    Args:
        samples: as `watch_training` gives them.
        title: of the page: the run's name.
        command: that trained.
        version: of Elman.
    """
    chapter = training_chapter(samples)
    sections = [
        Section(chapter.anchor, chapter.heading, _chapter(chapter)),
        Section("reproduce", "To reproduce", element("pre", element("code", command))),
    ]
    return document(
        f"{title} in training", element("h1", title), sections, f"Written by Elman {version}."
    )


def drawn(picture: Picture) -> Html:
    """A picture as inline SVG, with what to look at below it."""
    if isinstance(picture, Lines):
        chart = line_chart(
            picture.title, picture.series, x_label=picture.across,
            references=picture.references, logarithmic=picture.logarithmic,
        )  # fmt: skip
    elif isinstance(picture, Columns):
        chart = column_chart(
            picture.title, picture.names, picture.values, label=picture.label,
            logarithmic=picture.logarithmic,
        )  # fmt: skip
    else:
        chart = matrix_map(
            picture.title, picture.values, picture.rows, picture.columns,
            logarithmic=picture.logarithmic, square=picture.square,
        )  # fmt: skip
    return element("div", chart, element("p", picture.look, class_="note look"))


def _headline(found: Explanation) -> Html:
    (name,) = visible([found.example.answer])
    said, behind = found.example.scale.headline(name, dict(found.answers)[found.example.answer])
    text = shorten(found.example.text, 60)
    return element(
        "p",
        "Why ",
        element("b", said),
        f"{behind and ' '}{behind} for “{text}”?",
        class_="headline",
        dir="auto",
    )


def _answers(found: Explanation) -> Html:
    first = found.answers[:ANSWERS]
    names = visible([name for name, _ in first])
    told = (found.example.scale.told(value) for _, value in first)
    return facts(dict(zip(names, told, strict=True)))


def _chapter(chapter: Chapter) -> Html:
    told = [element("p", sentence) for sentence in chapter.told]
    more = (
        [fold(counted(len(chapter.more), "more picture"), _grid(chapter.more))]
        if chapter.more
        else []
    )
    return fragment(*told, _grid(chapter.pictures), *more)


def _grid(pictures: Sequence[Picture]) -> Html:
    return element("div", *map(drawn, pictures), class_="pair")
