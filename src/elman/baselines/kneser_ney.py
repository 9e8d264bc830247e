"""Interpolated n-gram language models: Kneser-Ney and Witten-Bell.

Both mix the estimate of each order with that of the order below, down to the uniform distribution
over the vocabulary:

    p(w | h) = explained(h, w) / total(h) + gamma(h) p(w | h without its oldest token)

so every word of the vocabulary has a probability above 0, and the probabilities sum to 1 after any
context, seen or unseen. They are the honest rival of a recurrent language model on a small corpus.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, Self

import numpy as np

from elman.baselines.ngram_counts import (
    UNSEEN,
    Floats,
    Integers,
    OrderCounts,
    check_tokens,
    child_keys,
    continuation_counts,
    count_ngrams,
    history_windows,
    positions,
)
from elman.errors import UsageError

FALLBACK_DISCOUNTS: Final = (0.5, 1.0, 1.5)
"""Half of each count, where so few n-grams leave Chen and Goodman's discounts undefined."""


class _Interpolated(ABC):
    """What the two models share: counting, mixing the orders, scoring."""

    def __init__(self) -> None:
        self._base = 0
        self._orders: tuple[OrderCounts, ...] = ()
        self._explained: list[Floats] = []  # each order: [events]
        self._gammas: list[Floats] = []  # each order: [contexts]

    @abstractmethod
    def _estimate(self, counts: Integers, contexts: Integers, size: int) -> tuple[Floats, Floats]:
        """The explained share of each event [events] and the rest of each context [contexts]."""

    @abstractmethod
    def _counts_of(self, number: int) -> Integers:
        """The counts that order `number` (0 for the unigrams) is estimated from."""

    def fit(self, documents: Sequence[Sequence[int]], vocabulary_size: int, order: int = 3) -> Self:
        """Count the n-grams of the documents.

        Args:
            documents: token numbers, 0 to `vocabulary_size - 1`; each document starts afresh. An
                end-of-document token is counted like any other, where the caller has put one.
            vocabulary_size: number of tokens, the unknown one included.
            order: longest n-gram; 3 predicts from the two tokens before.

        Raises:
            UsageError: for a token outside the vocabulary or an order below 1.
        """
        check_tokens(documents, vocabulary_size, order)
        self._base = vocabulary_size + 1  # the last number stands for "before the document"
        windows = history_windows(documents, order, begin=vocabulary_size)
        self._orders = count_ngrams(windows, self._base)
        self._explained, self._gammas = [], []
        for number, table in enumerate(self._orders):
            contexts = table.event_keys // self._base
            counts = self._counts_of(number)
            explained, gammas = self._estimate(counts, contexts, len(table.context_keys))
            self._explained.append(explained)
            self._gammas.append(gammas)
        return self

    def _probabilities(self, windows: Integers) -> Floats:
        """The probability of the last token of each row after the others: [N, order] to [N]."""
        order, words = windows.shape[1], windows[:, -1]
        result = np.full(len(windows), 1.0 / (self._base - 1))
        contexts = np.zeros(len(windows), dtype=np.int64)
        for length, table in enumerate(self._orders):
            if length:
                keys = child_keys(contexts, windows[:, order - 1 - length], self._base)
                contexts = positions(table.context_keys, keys)
            events = positions(table.event_keys, child_keys(contexts, words, self._base))
            explained = _take(self._explained[length], events, otherwise=0.0)
            result = explained + _take(self._gammas[length], contexts, otherwise=1.0) * result
        return result

    def probabilities(self, history: Sequence[int]) -> Floats:
        """The probability of every token of the vocabulary after the document's tokens so far.

        Shapes:
            returns [V], which sums to 1.
        """
        size = self._fitted_size([history])
        begin_and_history = [size] * (len(self._orders) - 1) + list(history)
        context = begin_and_history[len(begin_and_history) - len(self._orders) + 1 :]
        rows = np.tile(np.array([*context, 0], dtype=np.int64), (size, 1))
        rows[:, -1] = np.arange(size)
        return self._probabilities(rows)

    def log_probability(self, document: Sequence[int]) -> float:
        """The natural logarithm of the probability of the whole document."""
        size = self._fitted_size([document])
        windows = history_windows([document], len(self._orders), begin=size)
        return float(np.log(self._probabilities(windows)).sum())

    def perplexity(self, documents: Sequence[Sequence[int]]) -> float:
        """The perplexity per token: exp(- sum of log p / number of tokens).

        Raises:
            UsageError: when there is no token to score.
        """
        tokens = sum(len(document) for document in documents)
        if not tokens:
            raise UsageError(
                "there is no token to score", expected="at least one document that is not empty"
            )
        return math.exp(-sum(map(self.log_probability, documents)) / tokens)

    def _fitted_size(self, documents: Sequence[Sequence[int]]) -> int:
        if not self._orders:
            raise UsageError("the n-gram model has not been fitted", next_step="call fit first")
        check_tokens(documents, self._base - 1, len(self._orders))
        return self._base - 1


class KneserNey(_Interpolated):
    """Interpolated modified Kneser-Ney: absolute discounts, and lower orders that count contexts.

        p(w | h) = (c(h w) - D(c(h w))) / c(h .) + gamma(h) p(w | h without its oldest token)
        gamma(h) = (D1 N1(h .) + D2 N2(h .) + D3 N3+(h .)) / c(h .)

    where c counts occurrences at the highest order, and different preceding tokens below it.

    Source: Chen and Goodman (1999), "An empirical study of smoothing techniques for language
        modeling", Computer Speech and Language 13, "Modified Kneser-Ney smoothing"; D1, D2 and
        D3+ come from the counts of counts of each order.

    Example:
        >>> model = KneserNey().fit([[0, 1, 0, 1, 2]], vocabulary_size=4, order=2)
        >>> round(float(model.probabilities([0]).sum()), 12)
        1.0
        >>> bool(model.probabilities([0])[1] > model.probabilities([0])[2])
        True
    """

    def _counts_of(self, number: int) -> Integers:
        table = self._orders[number]
        if number == len(self._orders) - 1:
            return table.counts
        return continuation_counts(table, self._orders[number + 1], self._base)

    def _estimate(self, counts: Integers, contexts: Integers, size: int) -> tuple[Floats, Floats]:
        discounts = np.array([0.0, *modified_discounts(counts)])[np.minimum(counts, 3)]
        totals = np.bincount(contexts, weights=counts, minlength=size)
        explained = (counts - discounts) / totals[contexts]
        gammas = np.bincount(contexts, weights=discounts, minlength=size) / np.maximum(totals, 1)
        return explained, np.where(totals > 0, gammas, 1.0)


class WittenBell(_Interpolated):
    """Interpolated Witten-Bell: a context leaves as much to the order below as it has followers.

        p(w | h) = (c(h w) + N1+(h .) p(w | h without its oldest token)) / (c(h .) + N1+(h .))

    Source: Chen and Goodman (1999), "An empirical study of smoothing techniques for language
        modeling", Computer Speech and Language 13, "Witten-Bell smoothing".

    Example:
        >>> model = WittenBell().fit([[0, 1]], vocabulary_size=2, order=1)
        >>> model.probabilities([]).tolist()  # (1 + 2 / 2) / (2 + 2)
        [0.5, 0.5]
    """

    def _counts_of(self, number: int) -> Integers:
        return self._orders[number].counts

    def _estimate(self, counts: Integers, contexts: Integers, size: int) -> tuple[Floats, Floats]:
        followers = np.bincount(contexts, minlength=size).astype(np.float64)
        masses = np.bincount(contexts, weights=counts, minlength=size) + followers
        gammas = np.where(masses > 0, followers / np.maximum(masses, 1), 1.0)
        return counts / masses[contexts], gammas


def modified_discounts(counts: Integers) -> tuple[float, float, float]:
    """D1, D2 and D3+ of one order, from its counts of counts n1, n2, n3, n4.

        Y = n1 / (n1 + 2 n2);  Dk = k - (k + 1) Y n(k+1) / n(k)

    Source: Chen and Goodman (1999), "Modified Kneser-Ney smoothing", after Ney, Essen and Kneser
        (1994) for Y.
    """
    n1, n2, n3, n4 = (int((counts == k).sum()) for k in (1, 2, 3, 4))
    if not (n1 and n2 and n3):
        return FALLBACK_DISCOUNTS
    y = n1 / (n1 + 2 * n2)
    d1, d2, d3 = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    if not (0 < d1 < 1 and 0 < d2 < 2 and 0 < d3 < 3):
        return FALLBACK_DISCOUNTS
    return d1, d2, d3


def _take(table: Floats, places: Integers, otherwise: float) -> Floats:
    """The entries at the places; `otherwise` where a place is `UNSEEN`."""
    if not len(table):
        return np.full(len(places), otherwise)
    return np.where(places == UNSEEN, otherwise, table[places])
