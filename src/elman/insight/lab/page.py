"""A report as a page."""

from __future__ import annotations

from elman.insight.draw import drawn
from elman.insight.lab.report import Bars, Chapter, Grid, Report
from elman.insight.pictures.kinds import Lines
from elman.pages.bars import bar_chart
from elman.pages.document import Section, document
from elman.pages.tables import facts, table
from elman.pages.text import Html, element, fragment


def render_page(report: Report, command: str, version: str) -> str:
    """The text of an HTML file.

    Args:
        report: what was found.
        command: that gives the same page again.
        version: of Elman.
    """
    headline, *rest = report.finding
    opening = fragment(
        element("h1", report.title),
        element("p", headline, class_="headline"),
        *(element("p", sentence) for sentence in rest),
    )
    sections = [
        Section(f"part-{number}", chapter.heading, _chapter(chapter))
        for number, chapter in enumerate(report.chapters, start=1)
    ]
    reproduce = fragment(facts(report.setting), element("pre", element("code", command)))
    sections.append(Section("reproduce", "To reproduce", reproduce))
    return document(report.title, opening, sections, f"Written by Elman {version}.")


def _chapter(chapter: Chapter) -> Html:
    pictures = [_picture(part) for part in chapter.parts if not isinstance(part, Grid)]
    tables = [_table(part) for part in chapter.parts if isinstance(part, Grid)]
    return fragment(
        *(element("p", paragraph) for paragraph in chapter.paragraphs),
        *([element("div", *pictures, class_="pair")] if pictures else []),
        *tables,
    )


def _picture(part: Lines | Bars) -> Html:
    if isinstance(part, Lines):
        return drawn(part)
    return element(
        "div", bar_chart(part.title, part.bars), element("p", part.look, class_="note look")
    )


def _table(part: Grid) -> Html:
    return table(
        part.caption, part.columns, part.rows, numeric=range(part.words, len(part.columns))
    )
