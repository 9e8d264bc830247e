from __future__ import annotations

import dataclasses
import math
import re

import pytest

from elman.errors import UsageError
from elman.training.report.content import ExampleRow, Passage, ReportContent
from elman.training.report.page import render_report
from tests.markup import parsed, tags, words
from tests.report_samples import HOSTILE, hostile, language_model, languages

BARE = ReportContent(
    title="t", run_name="r", command="", elman_version="0.1.0", created="2026-03-01T12:00:00Z"
)


def _headline(content: ReportContent) -> str:
    node = parsed(render_report(content)).find(".//p[@class='headline']")
    assert node is not None
    return words(node)


def _headings(content: ReportContent) -> list[str]:
    return [words(node) for node in parsed(render_report(content)).iter("h2")]


def _scored(value: float, other: float, metric: str = "accuracy") -> ReportContent:
    return dataclasses.replace(
        BARE,
        test={metric: value},
        higher_is_better={metric: metric == "accuracy"},
        baselines={"weak": {metric: other * 0.5 if metric == "accuracy" else other * 2},
                   "rival": {metric: other}},
    )  # fmt: skip


def test_a_full_report_is_well_formed_and_has_all_its_sections() -> None:
    assert _headings(languages()) == [
        "Beside the baselines",
        "How it learned",
        "What it mistakes for what",
        "Examples",
        "What it costs",
        "The data",
        "To reproduce",
    ]
    assert "What surprises it" in _headings(language_model())


def test_empty_sections_are_left_out() -> None:
    assert _headings(BARE) == []
    assert _headline(BARE) == "This run has not been measured on a test part yet."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            _scored(0.83, 0.81),
            "Accuracy 83.0% on the test part, 2.0 points better than rival (81.0%), "
            "the best baseline.",
        ),
        (
            _scored(0.80, 0.81),
            "Accuracy 80.0% on the test part, 1.0 points worse than rival (81.0%), "
            "the best baseline.",
        ),
        (
            _scored(0.81004, 0.81),
            "Accuracy 81.0% on the test part, no better and no worse than rival (81.0%), "
            "the best baseline.",
        ),
        (
            _scored(15.0, 20.0, "perplexity"),
            "Perplexity 15 on the test part, 25.0% better than rival (20), the best baseline.",
        ),
        (
            _scored(math.inf, 20.0, "perplexity"),
            "Perplexity ∞ on the test part, worse than rival (20), the best baseline.",
        ),
        (
            _scored(math.nan, 20.0, "perplexity"),
            "The perplexity on the test part could not be measured.",
        ),
        (
            dataclasses.replace(_scored(0.5, 0.4), baselines={"x": {"accuracy": math.nan}}),
            "Accuracy 50.0% on the test part. No baseline was measured.",
        ),
    ],
)
def test_the_headline_is_honest_won_or_lost(content: ReportContent, sentence: str) -> None:
    assert _headline(content) == sentence


def test_a_lost_comparison_looks_different() -> None:
    assert 'class="behind"' in render_report(_scored(0.80, 0.81))
    assert 'class="behind"' not in render_report(_scored(0.82, 0.81))


def test_a_metric_without_direction_is_refused() -> None:
    with pytest.raises(UsageError, match="no direction is given for accuracy"):
        dataclasses.replace(BARE, test={"accuracy": 0.5})


def test_hostile_texts_stay_texts_everywhere() -> None:
    page = render_report(hostile())
    root = parsed(page)
    assert tags(page)["script"] == 0
    assert not [name for node in root.iter() for name in node.attrib if name.startswith("on")]
    assert page.count("&lt;script&gt;") >= 15
    said = "".join(root.itertext())
    assert "␛[31m" in said
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", said)


@pytest.mark.parametrize("content", [languages(), language_model()], ids=["languages", "pydocs"])
def test_a_report_refers_to_nothing_outside_and_shows_no_nan(content: ReportContent) -> None:
    page = render_report(content)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", page)
    assert not re.search(r"\b(nan|inf|None)\b", re.sub(r"<style>.*</style>", "", page))


def test_the_same_content_gives_the_same_page() -> None:
    assert render_report(languages()) == render_report(languages())


@pytest.mark.parametrize("evaluations", [0, 1, 2, 1000])
def test_any_number_of_evaluations_draws(evaluations: int) -> None:
    root = parsed(render_report(languages(evaluations)))
    section = root.find(".//section[@id='curves']")
    if not evaluations:
        assert section is None
        return
    assert section is not None
    titles = [words(figure[0]) for figure in section.iter("figure")]
    assert titles[:2] == ["Loss (nats)", "Accuracy (%)"]
    rows = next(section.iter("tbody"))
    assert min(evaluations, 20) <= len(rows) <= 42


def test_curves_show_the_baseline_the_kept_step_and_clipping() -> None:
    section = parsed(render_report(languages())).find(".//section[@id='curves']")
    assert section is not None
    said = words(section)
    assert "n-grams + logistic regression (test part) 81.6" in said
    assert "kept" in said
    assert "Clipped steps (%)" in said
    never = [{**line, "clipped_share": 0.0} for line in languages().metric_lines]
    page = render_report(dataclasses.replace(languages(), metric_lines=never))
    assert "No step&#x27;s gradient was clipped." in page
    assert "Clipped steps (%)" not in page


def test_lines_with_missing_odd_or_infinite_values_leave_gaps() -> None:
    lines: list[dict[str, object]] = [
        {},
        {"step": 1, "train_loss": math.nan, "validation": None},
        {"step": 2, "train_loss": "a lot", "validation": {"accuracy": math.inf}},
        {"step": 3, "train_loss": 1.0, "validation": {"accuracy": 0.5}, "gradient_norm": True},
    ]
    page = render_report(dataclasses.replace(BARE, metric_lines=lines))
    section = parsed(page).find(".//section[@id='curves']")
    assert section is not None
    assert [words(figure[0]) for figure in section.iter("figure")] == [
        "Loss (nats)", "Accuracy (%)"]  # fmt: skip
    assert len(list(section.iter("circle"))) == 2


def test_confusions_are_listed_most_frequent_first() -> None:
    counts = [[5, 3, 1], [0, 9, 4], [0, 0, 7]]
    content = dataclasses.replace(BARE, confusion=(["a", "b", "c"], counts))
    section = parsed(render_report(content)).find(".//section[@id='confusion']")
    assert section is not None
    body = next(section.iter("tbody"))
    assert [[words(cell) for cell in row] for row in body] == [
        ["b", "c", "4", "30.8%"],
        ["a", "b", "3", "33.3%"],
        ["a", "c", "1", "11.1%"],
    ]


def test_a_faultless_confusion_says_so_and_one_of_many_labels_is_cut_to_the_worst() -> None:
    clean = dataclasses.replace(BARE, confusion=(["a", "b"], [[5, 0], [0, 0]]))
    assert "Every example was told rightly." in render_report(clean)
    count = 300
    counts = [[9 if i == j else 0 for j in range(count)] for i in range(count)]
    counts[250][7] = 5
    wide = dataclasses.replace(BARE, confusion=([f"label {i}" for i in range(count)], counts))
    page = render_report(wide)
    assert "the 48 of 300 labels with the most errors" in page
    assert "label 250 taken for label 7: 5 of 14" in page
    assert len(page) < 300_000


def test_examples_and_long_texts() -> None:
    content = dataclasses.replace(
        BARE,
        wrong=[ExampleRow("x" * 10_000_000, "a", "b", 0.9)],
        right=[ExampleRow("", "a", "a", 1.0)],
    )
    page = render_report(content)
    assert len(page) < 30_000
    assert "more characters)" in page
    assert "Told wrongly" in page
    assert "Told rightly" in page


def test_passages_have_their_numbers_in_words() -> None:
    passage = Passage((("The", math.nan), (" cat", 2.0), (" <sat>", 8.0), ("\n", 5.0)))
    section = parsed(
        render_report(dataclasses.replace(BARE, passages=[passage, Passage(())]))
    ).find(".//section[@id='passages']")
    assert section is not None
    assert (
        "5 bits a token on average. Most surprising: “<sat>” (8 bits), “line break” (5 bits), "
        "“cat” (2 bits)."
    ) in words(section)
    assert len(section.findall("p[@class='passage']")) == 1


def test_tokens_are_laid_along_their_text() -> None:
    def join(tokens: object) -> str:
        return "Well, (he said) no.\n"

    tokens = ["Well", ",", "(", "he", "said", ")", "no", ".", "\n", "<end>"]
    passage = Passage.from_tokens(tokens, [1.0] * 10, join)
    assert "".join(piece for piece, _ in passage.pieces) == "Well, (he said) no.\n<end>"
    assert [piece for piece, _ in passage.pieces][3:7] == ["he", " said", ")", " no"]


def test_weights_are_added_up() -> None:
    content = dataclasses.replace(BARE, parameters=[("w", (2, 3), 6), ("b", (), 1)])
    section = parsed(render_report(content)).find(".//section[@id='cost']")
    assert section is not None
    rows = [[words(cell) for cell in row] for row in next(section.iter("tbody"))]
    assert rows == [["w", "2 × 3", "6"], ["b", "scalar", "1"], ["All together", "", "7"]]


def test_the_command_stands_there_exactly() -> None:
    command = "elman train 'my file.csv' --text \"a & b\" --out runs/x  --seed 0"
    root = parsed(render_report(dataclasses.replace(BARE, command=command)))
    assert next(iter(root.iter("code"))).text == command


def test_the_hostile_sample_is_hostile() -> None:
    assert "<script>" in HOSTILE
    assert "\ud800" in HOSTILE


def test_many_metrics_stand_below_each_other() -> None:
    many = {"mase": 0.5, "scaled_mse": 0.25, "coverage": 0.8, "loss": 1.0, "mean_absolute_error": 2}
    many |= {"a": 1, "b": 2}
    content = dataclasses.replace(
        BARE, test=many, baselines={"rival": {"mase": 1.5}},
        higher_is_better=dict.fromkeys(many, False), loss_unit="scaled values",
        metric_lines=[{"step": 1, "train_loss": 1.0, "validation": {}}],
    )  # fmt: skip
    page = parsed(render_report(content))
    table = next(one for one in page.iter("table") if "All metrics" in words(one))
    assert [[words(cell) for cell in row] for row in table.iter("tr")][:3] == [
        ["", "This model", "rival"], ["MASE", "0.5", "1.5"], ["Scaled MSE", "0.25", ""],
    ]  # fmt: skip
    assert "Loss (scaled values)" in words(page)
