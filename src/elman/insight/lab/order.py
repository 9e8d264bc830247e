"""Whether the order of words matters: a bag of words beside networks that read.

Each sentence stands beside itself with its words shuffled. Both have the same bag of words, so that
whatever adds up its words answers both alike, and is right half of the time.

Source of the network without order: Iyyer et al. (2015), "Deep unordered composition rivals
syntactic methods for text classification", equation 1 (an average of word vectors).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from elman.data.batches import permutation
from elman.insight.lab.corpus import Numbering, Words, sentences
from elman.insight.lab.drawing import made
from elman.insight.lab.report import Bars, Chapter, Grid, Report, Say
from elman.insight.pictures.kinds import Lines
from elman.layers.cell_layer import CellLayer
from elman.layers.gru import GRU
from elman.layers.lstm import LSTM
from elman.layers.rnn import RNN
from elman.pages.bars import Bar
from elman.pages.charts import Reference, Series
from elman.pages.text import number, percentage
from elman.sequences import Ragged
from elman.training.seeds import step_seed

WIDTH, UNITS, BATCH, EPOCHS, RATE, CLIP, DROPOUT = 32, 64, 32, 10, 0.005, 1.0, 0.3
SHORTEST, LONGEST = 6, 30
EXAMPLES, SHORT = 6, 10
ROUNDING = 1e-5
"""What the order of adding the same vectors up may change."""

BAG = "bag of words"
LAYERS: Mapping[str, Callable[[], CellLayer | None]] = {
    BAG: lambda: None,
    "RNN": lambda: RNN(WIDTH, UNITS),
    "GRU": lambda: GRU(WIDTH, UNITS),
    "LSTM": lambda: LSTM(WIDTH, UNITS),
}


class Reader(nn.Module):
    """Word vectors, a layer over them or none, their mean, and a score for "as it was written".

    Args:
        words: how many there are.
        layer: that reads the vectors; None takes the mean of the vectors themselves.
    """

    def __init__(self, words: int, layer: CellLayer | None) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, WIDTH)
        self.layer = layer
        self.dropout = nn.Dropout(DROPOUT)
        self.output = nn.Linear(WIDTH if layer is None else layer.output_size, 1)

    def forward(self, texts: Ragged) -> Tensor:
        """[B]."""
        vectors = texts.with_values(self.dropout(self.embedding(texts.values)))
        read = vectors if self.layer is None else self.layer(vectors)[0]
        scores: Tensor = self.output(self.dropout(read.mean()))
        return scores[:, 0]


@dataclass(frozen=True)
class Pairs:
    """Sentences and their shuffled forms, for one part of the data."""

    written: list[Words]
    shuffled: list[Words]

    @classmethod
    def of(cls, written: list[Words], seed: int) -> Pairs:
        """Each sentence shuffled, into another order than its own where there is one."""
        return cls(written, [shuffled(words, seed, n) for n, words in enumerate(written)])


def shuffled(words: Words, seed: int, n: int) -> Words:
    """The words in an order drawn from (seed, n) that differs from theirs, if any does."""
    draw = random.Random(step_seed(seed, n))  # noqa: S311 (no secret)
    order = words
    while order == words and len(set(words)) > 1:
        order = draw.sample(words, len(words))
    return order


def run(seed: int, say: Say, epochs: int = EPOCHS) -> Report:
    """Train every network to tell sentences from their shuffled forms, and test it."""
    written = sentences("train", SHORTEST, LONGEST)
    held_out = [
        one for part in ("validation", "test") for one in sentences(part, SHORTEST, LONGEST)
    ]
    test = Pairs.of(held_out, seed)
    numbering = Numbering(written)
    curves: dict[str, list[float]] = {}
    models: dict[str, Reader] = {}
    for name, make in LAYERS.items():
        models[name] = made(partial(_reader, len(numbering), make), seed)
        optimizer = torch.optim.Adam(models[name].parameters(), lr=RATE)
        curves[name] = []
        for epoch in range(epochs):
            say(f"{name}, epoch {epoch + 1} of {epochs}")
            with torch.random.fork_rng(devices=[]):
                _train(models[name], optimizer, written, numbering, seed, epoch)
            curves[name].append(share_right(models[name], test, numbering))
    right = {name: shares[-1] for name, shares in curves.items()}
    return Report(
        "Does the order of words matter?",
        _finding(right, len(test.written)),
        [_pictures(curves, right), _examples(models, test, numbering)],
        _setting(seed, epochs, len(written), len(test.written), len(numbering)),
        {"share right": right, "share right by epoch": curves},
    )


def _reader(words: int, make: Callable[[], CellLayer | None]) -> Reader:
    return Reader(words, make())


def _train(
    model: Reader,
    optimizer: torch.optim.Optimizer,
    written: Sequence[Words],
    numbering: Numbering,
    seed: int,
    epoch: int,
) -> None:
    """One pass over the sentences, each beside a new shuffled form of it."""
    model.train()
    order = permutation(len(written), seed, epoch)
    first = len(written) * (epoch + 1)  # the test part's shuffles have the numbers below
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        wrong = [shuffled(written[n], seed, first + n) for n in chosen]
        torch.manual_seed(step_seed(seed, first + start))  # for dropout
        loss = _loss(model(numbering.batch([*(written[n] for n in chosen), *wrong])))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()


def _loss(scores: Tensor) -> Tensor:
    """Of written ones before as many shuffled ones: the cross-entropy of which of two is which."""
    pairs = torch.stack(scores.chunk(2), 1)
    return cross_entropy(pairs, torch.zeros(len(pairs), dtype=torch.int64))


@torch.no_grad()
def margins(model: Reader, pairs: Pairs, numbering: Numbering) -> Tensor:
    """[pairs] how much higher each sentence is scored than its shuffled form; 0 within rounding."""
    model.eval()
    scores = model(numbering.batch([*pairs.written, *pairs.shuffled]))
    written, wrong = scores.chunk(2)
    higher: Tensor = written - wrong
    return torch.where(higher.abs() < ROUNDING, 0.0, higher)


def share_right(model: Reader, pairs: Pairs, numbering: Numbering) -> float:
    """The share of pairs of which the sentence as written has the higher score; a tie is half."""
    found = margins(model, pairs, numbering)
    return float((found > 0).double().mean() + (found == 0).double().mean() / 2)


# --- what is told of it


def _finding(right: Mapping[str, float], pairs: int) -> list[str]:
    readers = ", ".join(
        f"the {name} {percentage(share)}" for name, share in right.items() if name != BAG
    )
    best = max((share, name) for name, share in right.items() if name != BAG)
    return [
        f"Which of two is the sentence as it was written? The bag of words is right in"
        f" {percentage(right[BAG])} of {pairs:,} pairs, as a coin would be; the {best[1]} in"
        f" {percentage(best[0])}.",
        f"All that read word by word: {readers}.",
        "Both of a pair have the same words, each as often, so that no sum or mean of word vectors"
        " can tell them apart, however long it is trained. Where order carries the answer, a"
        " network must read.",
    ]


def _pictures(curves: Mapping[str, Sequence[float]], right: Mapping[str, float]) -> Chapter:
    lines = tuple(
        Series(name, [(n, 100 * share) for n, share in enumerate(shares, start=1)])
        for name, shares in curves.items()
    )
    bars = [
        Bar(name, share, percentage(share), emphasised=name != BAG) for name, share in right.items()
    ]
    return Chapter(
        "The bag and the readers",
        [],
        [
            Lines(
                "epochs",
                "Pairs told rightly (%), epoch by epoch",
                "Look at the bag's line: it lies on the coin's, and training does not move it.",
                lines,
                "epoch",
                (Reference("a coin", 50),),
            ),
            Bars(
                "Pairs told rightly in the end",
                bars,
                "Look at the distance from the bag of words to the nearest reader: that is what the"
                " order of words is worth here.",
            ),
        ],
    )


def _examples(models: Mapping[str, Reader], test: Pairs, numbering: Numbering) -> Chapter:
    short = [n for n, words in enumerate(test.written) if len(words) <= SHORT][:EXAMPLES]
    pairs = Pairs([test.written[n] for n in short], [test.shuffled[n] for n in short])
    found = {name: margins(model, pairs, numbering) for name, model in models.items()}
    rows = [
        [" ".join(written), " ".join(wrong), *(number(float(found[name][n]), 2) for name in found)]
        for n, (written, wrong) in enumerate(zip(pairs.written, pairs.shuffled, strict=True))
    ]
    return Chapter(
        "Examples",
        [
            f"The first {EXAMPLES} pairs of at most {SHORT} words. Above 0, a network prefers the"
            " sentence as it was written."
        ],
        [Grid("How much higher the first is scored", ["Written", "Shuffled", *found], rows, 2)],
    )


def _setting(seed: int, epochs: int, train: int, test: int, words: int) -> dict[str, str]:
    return {
        "Data": f"sentences of {SHORTEST} to {LONGEST} words of Python's help texts (pydocs):"
        f" {train:,} to learn from, {test:,} to test on, from other topics",
        "Networks": f"{words:,} words, vectors of {WIDTH}; {UNITS} units; the mean over the steps;"
        f" dropout {DROPOUT}",
        "Training": f"{epochs} epochs, Adam at {RATE}, each sentence beside a new shuffled form",
        "Seed": str(seed),
    }
