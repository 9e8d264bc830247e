"""The report of a run: one HTML file that needs no network and runs no script."""

from __future__ import annotations

from elman.pages.document import Section, document
from elman.pages.tables import facts, fold, table
from elman.pages.text import Html, element, fragment, number
from elman.training.report.content import ReportContent
from elman.training.report.curves import curves_section
from elman.training.report.examples import confusion_section, examples_section, passages_section
from elman.training.report.result import headline, result_section


def render_report(content: ReportContent) -> str:
    """The report as the text of an HTML file; a section with nothing to tell is left out."""
    sections = [
        Section("result", "Beside the baselines", result_section(content)),
        Section("curves", "How it learned", curves_section(content)),
        Section("confusion", "What it mistakes for what", confusion_section(content)),
        Section("examples", "Examples", examples_section(content)),
        Section("passages", "What surprises it", passages_section(content)),
        *content.sections,
        Section("cost", "What it costs", _cost(content)),
        Section("data", "The data", _data(content)),
        Section("reproduce", "To reproduce", _reproduce(content)),
    ]
    names = dict.fromkeys(name for name in (content.title, content.run_name) if name)
    title = " · ".join(names) or "A run"
    return document(
        title,
        fragment(element("h1", title), headline(content)),
        [section for section in sections if section.content],
        f"Written by Elman {content.elman_version}, {content.created}.",
    )


def _cost(content: ReportContent) -> Html:
    parts = [facts(content.cost)] if content.cost else []
    if content.parameters:
        total = sum(count for _, _, count in content.parameters)
        rows = [
            [name, " × ".join(map(str, shape)) or "scalar", number(count)]
            for name, shape, count in content.parameters
        ]
        rows.append(["All together", "", number(total)])
        weights = table("Weights", ["Name", "Shape", "Parameters"], rows, numeric=(1, 2))
        parts.append(fold(f"All {number(total)} parameters, weight by weight", weights))
    return fragment(*parts)


def _data(content: ReportContent) -> Html:
    reasons = {name.capitalize(): reason for name, reason in content.reasons.items() if reason}
    pairs = {**content.data, **reasons}
    notes = [element("li", note, dir="auto") for note in content.notes]
    return fragment(
        *([facts(pairs)] if pairs else []),
        *([element("h3", "Notes"), element("ul", *notes)] if notes else []),
    )


def _reproduce(content: ReportContent) -> Html:
    if not content.command:
        return fragment()
    return fragment(
        element("pre", element("code", content.command)),
        element(
            "p",
            f"With Elman {content.elman_version} and the same data. The same seed on the same "
            "CPU gives the same weights, bit for bit.",
            class_="note after",
        ),
    )
