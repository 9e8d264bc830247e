"""What a report tells: plain numbers and texts, gathered before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from elman.errors import UsageError
from elman.pages.document import Section


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """One example of the test part, and what the model said to it.

    Args:
        text: the input; `Html` where it is no text but a picture.
        expected: the truth.
        predicted: the model's answer.
        confidence: the probability the model gave its answer, 0 to 1.
    """

    text: str
    expected: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of running text with the model's surprise at each token.

    Args:
        pieces: the text as it reads, spacing included, cut into tokens; with each its surprise
            in bits, -log2 p(token | what stands before it). NaN where there is none.
    """

    pieces: Sequence[tuple[str, float]]

    @classmethod
    def from_tokens(
        cls, tokens: Sequence[str], bits: Sequence[float], join: Callable[[Sequence[str]], str]
    ) -> Passage:
        """Lay tokens along the text that they read as, so that its spacing is kept.

        Args:
            tokens: of the text, in order.
            bits: surprise at each token.
            join: makes readable text of tokens.

        Example:
            >>> Passage.from_tokens(["Hello", "you"], [3.0, 1.0], " ".join).pieces
            (('Hello', 3.0), (' you', 1.0))
        """
        text, position = join(tokens), 0
        pieces = []
        for token, surprise in zip(tokens, bits, strict=True):
            found = text.find(token, position)
            end = position if found < 0 else found + len(token)
            pieces.append((text[position:end] or token, surprise))
            position = end
        return cls(tuple(pieces))


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything in a report; what is empty is left out of the page.

    Args:
        title: names the data, such as "languages".
        run_name: name of the run folder.
        command: the exact command to reproduce the run.
        elman_version: version that made the run.
        created: date and time, ISO 8601.
        data: facts about the data: name, hash, counts of each part.
        reasons: why it was done this way, one sentence each, by what was chosen: "shape", "split".
        notes: further facts.
        metric_lines: lines of metrics.jsonl: step, epoch, train_loss, validation_loss,
            validation (metric to number), learning_rate, gradient_norm, clipped_share,
            tokens_per_second, seconds. Missing values and NaN leave a gap.
        best_step: step of the generation that was kept.
        test: metric to value on the test part; the first is the headline.
        baselines: name of a baseline to its metrics on the test part.
        higher_is_better: direction of each metric of `test`.
        confusion: labels and counts, rows by truth; None where there are no classes.
        right, wrong: examples of the test part.
        item: what an example is.
        passages: for language models.
        sections: of the shape's own, which stand after the examples.
        loss_unit: what losses are counted in.
        parameters: name, shape and count of each weight.
        cost: measured costs by name, ready to read.

    Raises:
        UsageError: a test metric without a direction.
    """

    title: str
    run_name: str
    command: str
    elman_version: str
    created: str
    data: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    metric_lines: Sequence[Mapping[str, object]] = ()
    best_step: int = 0
    test: Mapping[str, float] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    higher_is_better: Mapping[str, bool] = field(default_factory=dict)
    confusion: tuple[Sequence[str], Sequence[Sequence[int]]] | None = None
    right: Sequence[ExampleRow] = ()
    wrong: Sequence[ExampleRow] = ()
    item: str = "Text"
    passages: Sequence[Passage] = ()
    sections: Sequence[Section] = ()
    loss_unit: str = "nats"
    parameters: Sequence[tuple[str, Sequence[int], int]] = ()
    cost: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [metric for metric in self.test if metric not in self.higher_is_better]
        if unknown:
            raise UsageError(
                f"no direction is given for {', '.join(unknown)}",
                where="higher_is_better",
                expected="True or False for every test metric",
                next_step="add the metric to higher_is_better",
            )
