"""Which column is what: by its name, by its values, or not at all."""

from __future__ import annotations

import pytest

from elman.data.files.tables import Table
from elman.data.texts.inference import Columns, Wishes, choose_columns
from elman.errors import DataError, UsageError

LONG = [f"a text that is rather long, number {number}" for number in range(12)]
SHORT = [f"short {number}" for number in range(12)]
FEW = ["yes", "no", "maybe"] * 4
OTHER_FEW = ["on", "off"] * 6
NUMBERS = [str(100_000_000_000 + number) for number in range(12)]
PARTS = ["train"] * 8 + ["dev"] * 2 + ["Test"] * 2


def table(**columns: list[str]) -> Table:
    return Table("a.csv", tuple(columns), range(2, 14), lambda name: list(columns[name]))


def chosen(given: Table, wishes: Wishes = Wishes()) -> tuple[str, str | None, str | None]:  # noqa: B008
    columns = choose_columns(given, wishes)
    return columns.text, columns.label, columns.split


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"text": LONG, "label": FEW}, ("text", "label", None)),
        ({"stars": NUMBERS, "Review": LONG}, ("Review", "stars", None)),
        ({"name": SHORT, "language": FEW}, ("name", "language", None)),
        ({"title": SHORT, "body": LONG, "category": FEW}, ("body", "category", None)),
        ({"text": SHORT, "notes": LONG, "label": FEW}, ("text", "label", None)),
        ({"language": OTHER_FEW, "label": FEW, "text": LONG}, ("text", "label", None)),
        ({"id": NUMBERS, "what": SHORT, "verdict": FEW}, ("what", "verdict", None)),
        ({"what": LONG, "where": SHORT, "verdict": FEW}, ("what", "verdict", None)),
        ({"text": LONG, "label": FEW, "split": PARTS}, ("text", "label", "split")),
        ({"text": LONG, "label": FEW, "split": FEW}, ("text", "label", None)),
        ({"anything": LONG}, ("anything", None, None)),
        ({"label": FEW}, ("label", None, None)),
        ({"id": NUMBERS, "text": LONG}, ("text", None, None)),
        ({"anything": LONG, "split": PARTS}, ("anything", None, "split")),
    ],
)
def test_columns_are_found(
    columns: dict[str, list[str]], expected: tuple[str, str | None, str | None]
) -> None:
    assert chosen(table(**columns)) == expected


def test_wishes_win() -> None:
    full = table(text=LONG, other=SHORT, label=FEW, kind=OTHER_FEW, part=PARTS, split=PARTS)
    assert chosen(full, Wishes(label="kind")) == ("text", "kind", "split")
    assert chosen(full, Wishes(text="other")) == ("other", "label", "split")
    assert chosen(full, Wishes(split="part")) == ("text", "label", "part")
    assert chosen(full, Wishes(shape="language_model")) == ("text", None, "split")
    assert choose_columns(full, Wishes(text="other", label="kind", split="part")) == Columns(
        "other", "kind", "part", ""
    )


def test_what_was_found_is_said() -> None:
    by_name = choose_columns(table(text=LONG, label=FEW, id=NUMBERS), Wishes())
    assert by_name.reason == "found the label by its name, the text by its name"
    by_value = choose_columns(table(what=LONG, verdict=FEW, where=SHORT), Wishes())
    assert by_value.reason == (
        "found the label because few values recur in it, the text as the longest"
    )


@pytest.mark.parametrize(
    ("wishes", "next_step"),
    [
        (Wishes(label="star"), "elman train a.csv --label stars"),
        (Wishes(text="Textt"), "elman train a.csv --text text"),
        (Wishes(split="spl"), "elman train a.csv --split split"),
    ],
)
def test_the_nearest_name_is_offered(wishes: Wishes, next_step: str) -> None:
    with pytest.raises(DataError, match="Did you mean") as caught:
        choose_columns(table(text=LONG, stars=FEW, split=PARTS), wishes)
    assert caught.value.next_step == next_step
    assert caught.value.expected == "one of the columns 'text', 'stars', 'split'"


@pytest.mark.parametrize(
    ("columns", "wishes", "what", "option"),
    [
        ({"text": LONG, "stars": FEW, "topic": FEW}, Wishes(), "'stars', 'topic'", "--label stars"),
        ({"text": LONG, "a": FEW, "b": OTHER_FEW}, Wishes(), "'a', 'b'", "--label a"),
        ({"one": LONG, "two": LONG, "label": FEW}, Wishes(), "'two', 'one'", "--text two"),
        ({"text": LONG, "id": NUMBERS}, Wishes("many_to_one"), "looks like labels", "--label"),
        ({"label": FEW}, Wishes(label="label"), "left for the text", "--text"),
    ],
)
def test_what_is_unclear_is_asked(
    columns: dict[str, list[str]], wishes: Wishes, what: str, option: str
) -> None:
    with pytest.raises(DataError, match=what) as caught:
        choose_columns(table(**columns), wishes)
    assert all(repr(name) in caught.value.expected for name in columns)
    assert option in caught.value.next_step


@pytest.mark.parametrize(
    "columns",
    [
        {"so good": LONG, "yes": FEW},
        {"so good": LONG, "5": [str(number % 4) for number in range(12)]},
    ],
)
def test_a_first_line_of_data_is_noticed(columns: dict[str, list[str]]) -> None:
    with pytest.raises(DataError, match="first line looks like data"):
        choose_columns(table(**columns), Wishes())
    label = list(columns)[1]
    assert chosen(table(**columns), Wishes(label=label)) == ("so good", label, None)


def test_contradictions_are_refused() -> None:
    both = table(text=LONG, label=FEW)
    with pytest.raises(DataError, match="two roles"):
        choose_columns(both, Wishes(text="text", label="text"))
    with pytest.raises(UsageError, match="reads no labels"):
        choose_columns(both, Wishes(shape="language_model", label="label"))
