"""Counts of n-grams, as sorted arrays: what every n-gram language model starts from.

A context is read backwards, from its newest token to its oldest, so that the parent of a context in
the tree is the same context without its oldest token: exactly the one that a model backs off to.
Sorted 64-bit keys instead of nested dictionaries hold two million tokens in tens of megabytes, and
answer a whole document at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elman.errors import UsageError

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

UNSEEN = -1


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """The n-grams of one order: contexts of n - 1 tokens, each with the words seen after it.

    Args:
        context_keys: sorted; parent context's number times `base`, plus the context's oldest token.
        event_keys: sorted; context's number times `base`, plus the word that follows.
        counts: how often each of `event_keys` was seen, in the same order.
    """

    context_keys: Integers
    event_keys: Integers
    counts: Integers


def history_windows(documents: Sequence[Sequence[int]], order: int, begin: int) -> Integers:
    """One row for each token: its `order - 1` predecessors in its own document, then itself.

    Args:
        documents: token numbers; a document's first tokens are preceded by `begin`.
        order: width of a row, at least 1.
        begin: the number that stands for "before the document"; it is never predicted.

    Shapes:
        returns [N, order], N the number of tokens in all documents.

    Example:
        >>> history_windows([[5, 6]], order=3, begin=9).tolist()
        [[9, 9, 5], [9, 5, 6]]
    """
    padded = [np.full(order - 1, begin, dtype=np.int64)]
    rows = [np.empty((0, order), dtype=np.int64)]
    for document in documents:
        tokens = np.concatenate([*padded, np.asarray(document, dtype=np.int64)])
        if len(document):
            rows.append(np.lib.stride_tricks.sliding_window_view(tokens, order))
    return np.concatenate(rows)


def positions(sorted_keys: Integers, wanted: Integers) -> Integers:
    """Where each wanted key stands among the sorted ones, or `UNSEEN`."""
    if not len(sorted_keys):
        return np.full(len(wanted), UNSEEN, dtype=np.int64)
    places = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return np.where(sorted_keys[places] == wanted, places, UNSEEN)


def child_keys(parents: Integers, tokens: Integers, base: int) -> Integers:
    """The key of each (parent, token) pair; a child of an unseen parent is unseen."""
    return np.where(parents == UNSEEN, UNSEEN, parents * base + tokens)


def count_ngrams(windows: Integers, base: int) -> tuple[OrderCounts, ...]:
    """The counts of every order from 1 to the width of the windows.

    Args:
        windows: rows of `history_windows`.
        base: larger than every token number, `begin` included.

    Shapes:
        windows [N, order]; returns `order` tables, the unigrams first.

    Example:
        >>> tables = count_ngrams(history_windows([[0, 1, 0, 1]], order=2, begin=2), base=3)
        >>> tables[0].counts.tolist()  # token 0 twice, token 1 twice
        [2, 2]
        >>> tables[1].event_keys.tolist(), tables[1].counts.tolist()  # 01, 10, (begin)0
        ([1, 3, 6], [2, 1, 1])
    """
    order = windows.shape[1]
    words = windows[:, -1]
    contexts = np.zeros(len(windows), dtype=np.int64)
    context_keys = np.zeros(1, dtype=np.int64)
    tables = []
    for length in range(order):
        if length:
            keys = child_keys(contexts, windows[:, order - 1 - length], base)
            context_keys, contexts = np.unique(keys, return_inverse=True)
        event_keys, counts = np.unique(contexts * base + words, return_counts=True)
        tables.append(OrderCounts(context_keys, event_keys, counts.astype(np.int64)))
    return tuple(tables)


def continuation_counts(below: OrderCounts, above: OrderCounts, base: int) -> Integers:
    """For each n-gram of `below`, the number of different tokens seen before it: N1+(. h w).

    Source: Chen and Goodman (1999), "An empirical study of smoothing techniques for language
    modeling", section 2.7, after equation 26.
    """
    contexts, words = np.divmod(above.event_keys, base)
    parents = above.context_keys[contexts] // base
    places = positions(below.event_keys, parents * base + words)
    return np.bincount(places, minlength=len(below.event_keys)).astype(np.int64)


def check_tokens(documents: Sequence[Sequence[int]], vocabulary_size: int, order: int) -> None:
    """Refuse an order below 1 and tokens outside the vocabulary.

    Raises:
        UsageError: naming the document and the token.
    """
    if order < 1:
        raise UsageError(f"an n-gram model of order {order}", expected="an order of at least 1")
    for number, document in enumerate(documents):
        if len(document) and not 0 <= min(document) <= max(document) < vocabulary_size:
            wrong = next(token for token in document if not 0 <= token < vocabulary_size)
            raise UsageError(
                f"token {wrong} is not in the vocabulary",
                where=f"document {number}",
                expected=f"token numbers from 0 to {vocabulary_size - 1}",
            )
