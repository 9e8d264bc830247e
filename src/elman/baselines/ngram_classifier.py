"""The honest rival of a recurrent classifier: a bag of n-grams and logistic regression.

It knows nothing of order beyond a few neighbours, and takes seconds. Where it wins, the recurrent
model has not earned its cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Self

import torch
from torch import Tensor

from elman.data.texts.units import Unit
from elman.data.texts.vocabulary import tokenise
from elman.errors import UsageError

LONGEST: Final[dict[Unit, int]] = {"words": 2, "characters": 4, "codepoints": 4}
"""The n-grams reach from one token to this many."""

MOST_WEIGHTS: Final = 5_000_000
"""Weights are n-grams times classes; past this the n-grams in the fewest texts are left out."""

MOST_ENTRIES: Final = 5_000_000
"""N-grams in all training texts together; past this a drawn part of the texts is learnt from."""

STRENGTH: Final = 1.0
"""C of the objective: how much one example weighs against the penalty."""

ITERATIONS: Final = 60
"""Of L-BFGS, at most; a hundred gave the same accuracy within 0.002."""

CHUNK: Final = 4096
"""Texts classified at once, so that memory stays bounded."""

_BEGIN, _END = "\x02", "\x03"


class NgramClassifier:
    """Multinomial logistic regression on which n-grams a text contains.

        minimise over W, b:  sum over texts of -log p(label | text) + |W|^2 / (2 C)
        p(. | text) = softmax(x W + b)

    where x is 1 for each n-gram in the text (words: 1 and 2 tokens, lower case; characters: 1 to 4,
    with the text's beginning and end as characters of their own). N-grams never seen in training
    are ignored. The objective is convex and its minimisation starts from 0, so the answer is one.

    Source: Wang and Manning (2012), "Baselines and bigrams: simple, good sentiment and topic
        classification", for n-grams present or absent; Fan et al. (2008), "LIBLINEAR", section 2,
        for the objective.

    Example:
        >>> model = NgramClassifier().fit(["good film", "bad film"], [1, 0], 2, "words", seed=0)
        >>> model.predict(["a good one", "so bad"])
        [1, 0]
    """

    def __init__(self) -> None:
        self._unit: Unit = "words"
        self._numbers: dict[str, int] = {}  # n-gram to row of W
        self._weights = torch.empty(0, 0)  # [F, C]
        self._bias = torch.empty(0)  # [C]

    def fit(
        self, texts: Sequence[str], labels: Sequence[int], classes: int, unit: Unit, seed: int
    ) -> Self:
        """Learn from texts and their class numbers.

        Args:
            texts: at least one.
            labels: 0 to `classes - 1`, one for each text.
            classes: number of classes, at least 1.
            unit: whether n-grams are made of words or of characters.
            seed: draws the texts to learn from where they hold more than `MOST_ENTRIES` n-grams.

        Raises:
            UsageError: no texts, not as many labels, or a label outside the classes.
        """
        _check(texts, labels, classes)
        self._unit = unit
        drawn = _drawn(texts, unit, seed)
        bags, labels = list(drawn.values()), [labels[place] for place in drawn]
        self._numbers = _choose(bags, MOST_WEIGHTS // classes)
        inputs = self._inputs(bags)
        self._weights, self._bias = _minimise(inputs, torch.tensor(labels), classes)
        return self

    def log_probabilities(self, texts: Sequence[str]) -> Tensor:
        """The natural logarithm of the probability of each class: [B, classes]."""
        if not len(self._bias):
            raise UsageError(
                "the n-gram classifier has not been fitted", next_step="call fit first"
            )
        chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
        scores = [torch.empty(0, len(self._bias)), *map(self._scores, chunks)]
        return torch.log_softmax(torch.cat(scores), dim=1)

    def predict(self, texts: Sequence[str]) -> list[int]:
        """The likeliest class of each text."""
        return [int(label) for label in self.log_probabilities(texts).argmax(dim=1)]

    def _scores(self, texts: Sequence[str]) -> Tensor:
        inputs = self._inputs([ngrams(text, self._unit) for text in texts])
        scores: Tensor = torch.sparse.mm(inputs, self._weights) + self._bias
        return scores

    def _inputs(self, bags: Sequence[Sequence[str]]) -> Tensor:
        """The bags as a sparse matrix of ones, [B, F]."""
        known = [[self._numbers[gram] for gram in bag if gram in self._numbers] for bag in bags]
        lengths = torch.tensor([len(numbers) for numbers in known], dtype=torch.int64)
        rows = torch.repeat_interleave(torch.arange(len(bags)), lengths)
        columns = torch.tensor([place for places in known for place in places], dtype=torch.int64)
        size = (len(bags), len(self._numbers))
        places, ones = torch.stack([rows, columns]), torch.ones(len(columns))
        return torch.sparse_coo_tensor(places, ones, size, check_invariants=True).coalesce()


def ngrams(text: str, unit: Unit) -> list[str]:
    """The different n-grams of a text, in order of first appearance.

    Example:
        >>> ngrams("Good film", "words")
        ['good', 'film', 'good film']
    """
    tokens = tokenise(text, unit, lowercase=unit == "words")
    if unit != "words":
        tokens = [_BEGIN, *tokens, _END]
    return list(dict.fromkeys(_windows(tokens, unit)))


def _windows(tokens: Sequence[str], unit: Unit) -> Iterator[str]:
    joint = " " if unit == "words" else ""
    for length in range(1, LONGEST[unit] + 1):
        for start in range(len(tokens) - length + 1):
            yield joint.join(tokens[start : start + length])


def _check(texts: Sequence[str], labels: Sequence[int], classes: int) -> None:
    if not texts or len(texts) != len(labels):
        raise UsageError(
            f"{len(texts)} texts and {len(labels)} labels",
            expected="at least one text, and one label for each",
        )
    wrong = [place for place, label in enumerate(labels) if not 0 <= label < classes]
    if wrong:
        raise UsageError(
            f"label {labels[wrong[0]]} is not a class number",
            where=f"text {wrong[0]}",
            expected=f"0 to {classes - 1}",
        )


def _drawn(texts: Sequence[str], unit: Unit, seed: int) -> dict[int, list[str]]:
    """The n-grams of each text by its place: of all texts, or of drawn ones until they are many."""
    order = torch.randperm(len(texts), generator=torch.Generator().manual_seed(seed))
    drawn: dict[int, list[str]] = {}
    entries = 0
    for place in order.tolist():
        drawn[place] = ngrams(texts[place], unit)
        entries += len(drawn[place])
        if entries >= MOST_ENTRIES:
            break
    return dict(sorted(drawn.items()))


def _choose(bags: Sequence[Sequence[str]], most: int) -> dict[str, int]:
    """The n-grams in the most texts, numbered; of equally common ones the first in the alphabet."""
    counts = Counter(gram for bag in bags for gram in bag)
    chosen = sorted(counts, key=lambda gram: (-counts[gram], gram))[:most]
    return {gram: number for number, gram in enumerate(chosen)}


def _minimise(inputs: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """W [F, C] and b [C] by L-BFGS from 0, the gradient written out.

    d/dW = x^T (p - y) / B + W / (C B);  d/db = sum of (p - y) / B
    """
    texts = len(labels)
    decay = 1.0 / (STRENGTH * texts)
    weights = torch.zeros(inputs.shape[1], classes)
    bias = torch.zeros(classes)
    transposed = inputs.t().coalesce()
    chosen = torch.nn.functional.one_hot(labels, classes)
    optimiser = torch.optim.LBFGS(
        [weights, bias],
        max_iter=ITERATIONS,
        history_size=10,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-6,
        tolerance_change=1e-7,
    )

    def objective() -> float:
        log_p = torch.log_softmax(torch.sparse.mm(inputs, weights) + bias, dim=1)
        errors = (log_p.exp() - chosen) / texts
        weights.grad = torch.sparse.mm(transposed, errors) + decay * weights
        bias.grad = errors.sum(0)
        loss = -(log_p * chosen).sum() / texts + decay / 2 * weights.square().sum()
        return float(loss)

    optimiser.step(objective)
    return weights, bias
