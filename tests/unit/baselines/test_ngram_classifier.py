"""Logistic regression over n-grams, beside scikit-learn's."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from elman.baselines import ngram_classifier
from elman.baselines.ngram_classifier import NgramClassifier, ngrams
from elman.data.texts.units import Unit
from elman.errors import UsageError

WORDS = ["river", "stone", "cloud", "lamp", "quick", "slow", "bright", "dark", "over", "under"]


def some_texts(classes: int, number: int, seed: int) -> tuple[list[str], list[int]]:
    """Texts whose words lean towards a part of the list that depends on the label."""
    draw = random.Random(seed)  # noqa: S311
    labels = [draw.randrange(classes) for _ in range(number)]
    texts = [
        " ".join(
            WORDS[(label * 4 + int(9 * draw.random() ** 2)) % len(WORDS)]
            for _ in range(draw.randrange(1, 9))
        )
        for label in labels
    ]
    return texts, labels


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("unit", ["words", "characters"])
def test_probabilities_equal_scikit_learns(classes: int, unit: Unit) -> None:
    texts, labels = some_texts(classes, 120, seed=classes)
    unseen, _ = some_texts(classes, 40, seed=9)
    ours = NgramClassifier().fit(texts, labels, classes, unit, seed=0).log_probabilities(unseen)

    bags = CountVectorizer(analyzer=lambda text: ngrams(text, unit), binary=True)
    theirs = LogisticRegression(C=ngram_classifier.STRENGTH, max_iter=3000, tol=1e-9)
    if classes == 2:  # scikit-learn's binary form has one weight vector w = w1 - w0
        theirs.set_params(C=ngram_classifier.STRENGTH * 2)
    theirs.fit(bags.fit_transform(texts), labels)
    expected = theirs.predict_proba(bags.transform(unseen))
    np.testing.assert_allclose(ours.exp().numpy(), expected, rtol=0, atol=2e-3)


def test_words_and_characters_become_the_n_grams_promised() -> None:
    assert ngrams("Not GOOD, not", "words") == ["not", "good", ",", "not good", "good ,", ", not"]
    grams = ngrams("éa", "characters")
    assert {"é", "a", "éa", "\x02é", "a\x03", "\x02éa\x03"} <= set(grams)
    assert len(grams) == 4 + 3 + 2 + 1
    assert max(len(gram) for gram in ngrams("abcdefgh", "characters")) == 4


def test_n_grams_never_seen_in_training_are_ignored() -> None:
    model = NgramClassifier().fit(["warm sun", "cold rain"], [0, 1], 2, "words", seed=0)
    known, with_unknown, unknown = model.log_probabilities(["warm", "warm zebra", "zebra"])
    assert torch.equal(known, with_unknown)
    assert unknown.exp().tolist() == pytest.approx([0.5, 0.5], abs=1e-3)


def test_one_example_of_each_class_is_enough() -> None:
    texts = ["rot", "blau", "gelb"]
    model = NgramClassifier().fit(texts, [2, 0, 1], 3, "characters", seed=0)
    assert model.predict(texts) == [2, 0, 1]


def test_a_class_without_examples_is_unlikely_and_an_empty_text_gets_the_prior() -> None:
    model = NgramClassifier().fit(["a", "a", "b", ""], [0, 0, 1, 0], 3, "words", seed=0)
    probabilities = model.log_probabilities([""]).exp()[0]
    assert probabilities[0] > probabilities[1] > probabilities[2]
    assert model.log_probabilities([]).shape == (0, 3)


def test_fitting_twice_gives_equal_weights_and_leaves_torchs_generator_alone() -> None:
    texts, labels = some_texts(3, 60, seed=4)
    before = torch.random.get_rng_state()
    first, second = (
        NgramClassifier().fit(texts, labels, 3, "words", seed=5).log_probabilities(texts)
        for _ in range(2)
    )
    assert torch.equal(first, second)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_past_the_limits_texts_are_drawn_and_rare_n_grams_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts, labels = some_texts(2, 80, seed=6)
    monkeypatch.setattr(ngram_classifier, "MOST_WEIGHTS", 2 * 10)
    few = NgramClassifier().fit(texts, labels, 2, "words", seed=0)
    counts = {gram: sum(gram in ngrams(text, "words") for text in texts) for gram in WORDS}
    assert len(few._numbers) == 10
    assert max(counts, key=lambda gram: counts[gram]) in few._numbers

    monkeypatch.setattr(ngram_classifier, "MOST_ENTRIES", 100)
    drawn = [
        NgramClassifier().fit(texts, labels, 2, "words", seed).log_probabilities(texts)
        for seed in (0, 0, 1)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_texts_classified_in_chunks_get_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, labels = some_texts(3, 50, seed=8)
    model = NgramClassifier().fit(texts, labels, 3, "words", seed=0)
    whole = model.log_probabilities(texts)
    monkeypatch.setattr(ngram_classifier, "CHUNK", 7)
    torch.testing.assert_close(model.log_probabilities(texts), whole)


def test_misuse_is_refused() -> None:
    with pytest.raises(UsageError, match="not been fitted"):
        NgramClassifier().predict(["a"])
    with pytest.raises(UsageError, match="0 texts"):
        NgramClassifier().fit([], [], 2, "words", seed=0)
    with pytest.raises(UsageError, match="1 texts and 2 labels"):
        NgramClassifier().fit(["a"], [0, 1], 2, "words", seed=0)
    with pytest.raises(UsageError, match=r"label 2 .*\n.*text 1"):
        NgramClassifier().fit(["a", "b"], [0, 2], 2, "words", seed=0)
