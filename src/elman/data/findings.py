"""What is suspicious in a dataset that can be used: rows to look at before training on them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from elman.data.examples import AnyDataset
from elman.data.views import CLASSES, answer, content, labels, length, row
from elman.data.wording import counted, rows_shown, shown

RARE: Final = 5
"""A label of fewer training examples than this can hardly be learned."""
MOSTLY: Final = 0.9
_LONG: Final = 20
_SPIKE: Final = 25
_LISTED: Final = 5


@dataclass(frozen=True)
class Finding:
    """Something suspicious.

    Args:
        what: one sentence without its end.
        part: of the data.
        rows: where to look; none where it concerns all.
    """

    what: str
    part: str
    rows: tuple[int, ...]

    def sentence(self) -> str:
        """The finding with its part and its first rows."""
        where = f" ({rows_shown(self.rows)})" if self.rows else ""
        return f"{self.part} part: {self.what}{where}"


def findings(dataset: AnyDataset) -> list[Finding]:
    """All that is suspicious, in the order of the parts."""
    found: list[Finding] = []
    if dataset.shape == "forecaster":
        return [finding for one in dataset.train for finding in _spikes(one)]
    train: Sequence[Any] = dataset.train
    found += _again(train, dataset.validation)
    found += _contradictions(train)
    if dataset.target in CLASSES:
        found += _balance(train)
    for part, examples in (("train", train), ("validation", dataset.validation),
                           ("test", dataset.test)):  # fmt: skip
        found += _odd_characters(part, examples)
        found += _outliers(part, examples)
    return found


def _finding(what: str, part: str, examples: Sequence[Any]) -> Finding:
    return Finding(what, part, tuple(row(one) for one in examples))


def _again(train: Sequence[Any], held: Sequence[Any]) -> Iterator[Finding]:
    """Examples of the validation part that training shows already."""
    seen = {content(one) for one in train}
    again = [one for one in held if content(one) in seen]
    if again:
        verb = "is" if len(again) == 1 else "are"
        yield _finding(f"{counted(len(again), 'example')} {verb} in train too", "validation", again)


def _contradictions(train: Sequence[Any]) -> Iterator[Finding]:
    """Examples that an earlier one contradicts."""
    first: dict[Any, Any] = {}
    against = []
    for one in train:
        said = answer(one)
        if said is not None and first.setdefault(content(one), said) != said:
            against.append(one)
    if against:
        number = counted(len(against), "example")
        yield _finding(
            f"{number} with another answer than an earlier one of the same content",
            "train",
            against,
        )


def _balance(train: Sequence[Any]) -> Iterator[Finding]:
    """A class that is nearly all there is, and those that are hardly there."""
    counts = Counter(label for one in train for label in labels(one))
    if not counts:
        return
    commonest, most = counts.most_common(1)[0]
    if most > MOSTLY * counts.total() and not hasattr(train[0], "tags"):
        share = most / counts.total()
        yield Finding(f"{share:.0%} of the labels are {shown(commonest)}", "train", ())
    rare = sorted(label for label, count in counts.items() if count < RARE)
    if rare:
        few = [one for one in train if not set(rare).isdisjoint(labels(one))]
        names = ", ".join(map(shown, rare[:_LISTED])) + (", ..." if len(rare) > _LISTED else "")
        what = f"{counted(len(rare), 'label')} of fewer than {RARE} examples: {names}"
        yield _finding(what, "train", few)


def _odd_characters(part: str, examples: Sequence[Any]) -> Iterator[Finding]:
    """Texts with characters that stand for lost ones, or that control a terminal."""
    odd = [one for one in examples if _odd(str(getattr(one, "text", "")))]
    if odd:
        yield _finding(
            f"{counted(len(odd), 'text')} with replacement or control characters", part, odd
        )


def _odd(text: str) -> bool:
    if text.isascii() and text.isprintable():
        return False
    return any(
        sign == "\ufffd" or (unicodedata.category(sign) == "Cc" and sign not in "\t\n\r")
        for sign in text
    )


def _outliers(part: str, examples: Sequence[Any]) -> Iterator[Finding]:
    """Examples that are many times as long as the one in the middle."""
    lengths = [length(one) for one in examples]
    if not lengths:
        return
    middle = sorted(lengths)[len(lengths) // 2]
    long = [
        one for one, steps in zip(examples, lengths, strict=True) if steps > _LONG * max(middle, 5)
    ]
    if long:
        what = f"{counted(len(long), 'example')} more than {_LONG} times as long as the middle one"
        yield _finding(what, part, long)


def _spikes(series: Any) -> Iterator[Finding]:
    """Values that lie far from both of their neighbours, and on the same side of them."""
    import numpy as np

    values = series.values
    if len(values) < 3:
        return
    step = np.diff(values)
    usual = float(np.nanmedian(np.abs(step)))
    with np.errstate(invalid="ignore"):
        far = np.minimum(np.abs(step[:-1]), np.abs(step[1:])) > _SPIKE * usual
        turned = step[:-1] * step[1:] < 0
    places = np.flatnonzero(far & turned) + 1 if usual > 0 else np.empty(0, dtype=np.int64)
    if len(places):
        rows = tuple(int(series.rows[place]) for place in places)
        what = f"{series.name!r}: {counted(len(places), 'value')} far from both neighbours"
        yield Finding(what, "train", rows)
