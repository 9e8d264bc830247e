"""N-gram language models: proper distributions, and the figures of a calculation by hand."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from elman.baselines.kneser_ney import (
    FALLBACK_DISCOUNTS,
    KneserNey,
    WittenBell,
    modified_discounts,
)
from elman.baselines.ngram_counts import count_ngrams, history_windows
from elman.errors import UsageError

Model = type[KneserNey] | type[WittenBell]
MODELS: list[Model] = [KneserNey, WittenBell]


def random_documents(seed: int, vocabulary: int, documents: int) -> list[list[int]]:
    """Token numbers with a skew, so that some follow others often and some never occur."""
    draw = random.Random(seed)  # noqa: S311
    return [
        [int((vocabulary - 1) * draw.random() ** 3) for _ in range(draw.randrange(0, 60))]
        for _ in range(documents)
    ]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_sum_to_one_after_seen_and_unseen_contexts(model: Model, order: int) -> None:
    documents = random_documents(seed=order, vocabulary=30, documents=40)
    fitted = model().fit(documents, vocabulary_size=30, order=order)
    seen = [document[:cut] for document in documents[:8] for cut in range(0, len(document), 7)]
    draw = random.Random(1)  # noqa: S311
    unseen = [[draw.randrange(30) for _ in range(length)] for length in range(7)]
    for history in [*seen, *unseen, [29, 29, 29]]:
        probabilities = fitted.probabilities(history)
        assert probabilities.shape == (30,)
        assert probabilities.sum() == pytest.approx(1.0, abs=1e-12)
        assert probabilities.min() > 0


@pytest.mark.parametrize("model", MODELS)
def test_documents_multiply_their_tokens_probabilities(model: Model) -> None:
    fitted = model().fit(random_documents(3, 20, 20), vocabulary_size=20, order=3)
    document = [5, 0, 0, 19, 3, 3]
    expected = sum(
        math.log(fitted.probabilities(document[:place])[token])
        for place, token in enumerate(document)
    )
    assert fitted.log_probability(document) == pytest.approx(expected, rel=1e-12)
    assert fitted.perplexity([document, []]) == pytest.approx(math.exp(-expected / 6), rel=1e-12)


def test_kneser_ney_by_hand() -> None:
    # Two documents over the vocabulary {0, 1, 2}: 0 1 and 0 1 2. Bigrams: (begin)0 twice, 01 twice,
    # 12 once: n1 = 1, n2 = 2, n3 = 0, so the discounts are 0.5, 1 and 1.5.
    # Continuation counts: each of 0, 1, 2 has one different predecessor, discount 0.5 each.
    fitted = KneserNey().fit([[0, 1], [0, 1, 2]], vocabulary_size=3, order=2)
    unigram = (1 - 0.5) / 3 + (3 * 0.5 / 3) * (1 / 3)  # 1/3 for every token
    after_zero = [1 / 2 * unigram, (2 - 1) / 2 + 1 / 2 * unigram, 1 / 2 * unigram]
    after_one = [0.5 * unigram, 0.5 * unigram, (1 - 0.5) / 1 + 0.5 * unigram]
    assert fitted.probabilities([0]).tolist() == pytest.approx(after_zero, rel=1e-12)
    assert fitted.probabilities([0, 1]).tolist() == pytest.approx(after_one, rel=1e-12)
    assert fitted.probabilities([2]).tolist() == pytest.approx([1 / 3] * 3, rel=1e-12)


def test_kneser_ney_prefers_tokens_that_follow_many_others() -> None:
    # Token 1 is frequent but only ever follows 0; token 2 is rarer and follows 3, 4 and 5.
    documents = [[0, 1]] * 10 + [[3, 2], [4, 2], [5, 2]]
    kneser_ney = KneserNey().fit(documents, vocabulary_size=8, order=2)
    witten_bell = WittenBell().fit(documents, vocabulary_size=8, order=2)
    after_unseen = kneser_ney.probabilities([7])
    assert after_unseen[2] > after_unseen[1]
    assert witten_bell.probabilities([7])[2] < witten_bell.probabilities([7])[1]


def test_witten_bell_by_hand() -> None:
    fitted = WittenBell().fit([[0, 1], [0, 1, 2]], vocabulary_size=3, order=2)
    unigram = [(2 + 3 / 3) / 8, (2 + 3 / 3) / 8, (1 + 3 / 3) / 8]
    after_zero = [unigram[0] / 3, (2 + unigram[1]) / 3, unigram[2] / 3]
    assert fitted.probabilities([0]).tolist() == pytest.approx(after_zero, rel=1e-12)
    assert fitted.probabilities([2]).tolist() == pytest.approx(unigram, rel=1e-12)


def test_discounts_from_counts_of_counts() -> None:
    # n1 = 10, n2 = 4, n3 = 2, n4 = 1: Y = 10 / 18.
    counts = np.array([1] * 10 + [2] * 4 + [3] * 2 + [4] + [9], dtype=np.int64)
    y = 10 / 18
    expected = (1 - 2 * y * 4 / 10, 2 - 3 * y * 2 / 4, 3 - 4 * y * 1 / 2)
    assert modified_discounts(counts) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("counts", [[1, 1, 1], [2, 2], [1] * 3 + [2] * 50 + [3] * 400, []])
def test_discounts_fall_back_where_they_are_undefined(counts: list[int]) -> None:
    assert modified_discounts(np.array(counts, dtype=np.int64)) == FALLBACK_DISCOUNTS


def test_counts_equal_counting_one_by_one() -> None:
    documents = random_documents(seed=9, vocabulary=6, documents=10)
    windows = history_windows(documents, order=3, begin=6)
    by_hand: dict[tuple[int, ...], int] = {}
    for document in documents:
        padded = [6, 6, *document]
        for place in range(len(document)):
            trigram = tuple(padded[place : place + 3])
            by_hand[trigram] = by_hand.get(trigram, 0) + 1
    table = count_ngrams(windows, base=7)[2]
    assert sorted(table.counts.tolist()) == sorted(by_hand.values())
    assert int(table.counts.sum()) == sum(map(len, documents))


@pytest.mark.parametrize("model", MODELS)
def test_nothing_to_learn_from_gives_the_uniform_distribution(model: Model) -> None:
    fitted = model().fit([[]], vocabulary_size=4, order=3)
    assert fitted.probabilities([1, 2]).tolist() == pytest.approx([0.25] * 4)


@pytest.mark.parametrize("model", MODELS)
def test_a_token_outside_the_vocabulary_is_refused(model: Model) -> None:
    with pytest.raises(UsageError, match=r"token 4 .*\n.*document 1"):
        model().fit([[0], [1, 4]], vocabulary_size=4)
    fitted = model().fit([[0, 1]], vocabulary_size=4)
    with pytest.raises(UsageError, match="token -1"):
        fitted.log_probability([-1])


def test_misuse_is_refused() -> None:
    with pytest.raises(UsageError, match="order 0"):
        KneserNey().fit([[0]], vocabulary_size=1, order=0)
    with pytest.raises(UsageError, match="not been fitted"):
        WittenBell().probabilities([])
    with pytest.raises(UsageError, match="no token"):
        KneserNey().fit([[0]], vocabulary_size=1).perplexity([[]])
