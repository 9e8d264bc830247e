"""The experiments of the lab: what they measure, and the pages that tell it."""

from __future__ import annotations

import json
import math
from functools import partial
from importlib import import_module

import pytest
import torch

from elman import LSTM, RNN
from elman.insight.lab import cost, exploding, memory, order, padding, vanishing
from elman.insight.lab.catalogue import EXPERIMENTS, run
from elman.insight.lab.corpus import Numbering, paragraphs, sentences
from elman.insight.lab.drawing import generator, made
from elman.insight.lab.learning import Network, Update, share_right, train
from elman.insight.lab.page import render_page
from elman.insight.lab.report import Bars, Grid, Report
from elman.insight.lab.tasks import TASKS, Batch
from elman.insight.pictures.kinds import Lines
from tests.markup import parsed, tags, words
from tests.tolerances import GRADIENT


def quiet(text: str) -> None:
    """What an experiment says goes nowhere."""


def check_report(report: Report) -> None:
    """Every sentence and number is there, on a page without a script."""
    page = render_page(report, "elman lab NAME --seed 0", "1.0")
    shown = words(parsed(page.split("\n", 1)[1]))
    parts = [part for chapter in report.chapters for part in chapter.parts]
    pictures = [part for part in parts if isinstance(part, Lines | Bars)]
    assert pictures
    assert any(isinstance(part, Grid) for part in parts)
    for picture in pictures:
        assert picture.look.startswith("Look at ")
        assert picture.look in shown
        if isinstance(picture, Lines):
            assert len(picture.series) <= 4
    for sentence in report.finding:
        assert " ".join(sentence.split()) in shown
    assert any(letter.isdigit() for letter in report.finding[0])
    assert "elman lab NAME --seed 0" in shown
    assert tags(page)["script"] == 0
    assert tags(page)["svg"] >= len(pictures)
    assert json.loads(json.dumps(report.numbers))


# --- vanishing


def test_the_rnn_s_gradient_falls_by_orders_of_magnitude_where_the_lstm_s_does_not() -> None:
    told: list[str] = []
    report = run("vanishing", 0, told.append)
    check_report(report)
    assert told == list(vanishing.NETWORKS)
    left = report.numbers["left after 99 steps"]
    assert left["plain RNN"] < 1e-15
    assert left["LSTM, chrono"] > 1e-3
    assert left["LSTM, chrono"] / left["plain RNN"] > 1e12
    assert left["orthogonal R"] / left["plain RNN"] > 1e10
    assert left["skip over 10"] / left["plain RNN"] > 1e10
    assert vanishing.orders(left["plain RNN"]) in report.finding[0]


def test_the_gradient_is_that_of_torch_nn() -> None:
    ours = made(vanishing.NETWORKS["plain RNN"], 1)
    theirs = torch.nn.RNN(vanishing.SYMBOLS, vanishing.UNITS, dtype=torch.float64)
    theirs.load_state_dict(ours.state_dict())
    mine = vanishing.gradient_norms(ours, 1)
    other = vanishing.gradient_norms(theirs, 1)  # type: ignore[arg-type]
    assert ((mine - other).abs() / other.max()).max() <= GRADIENT[torch.float64]


def test_the_skip_network_sees_its_state_of_ten_steps_before() -> None:
    layer = made(vanishing.NETWORKS["skip over 10"], 0)
    x = torch.randn(25, 1, vanishing.SYMBOLS, dtype=torch.float64)
    W, R, b, b_hh = layer.all_weights[0][:4]
    R_a, R_s = R.chunk(2)
    b_a, b_s = b_hh.chunk(2)
    h = [torch.zeros(vanishing.UNITS, dtype=torch.float64)] * vanishing.SKIP
    with torch.no_grad():
        for step in x[:, 0]:
            a = W[: vanishing.UNITS] @ step + b[: vanishing.UNITS]
            a = a + R_a @ h[-1] + b_a + R_s @ h[-vanishing.SKIP] + b_s
            h.append(torch.tanh(a))
        output = layer(x)[0]
    assert torch.allclose(output[-1, 0], h[-1], atol=1e-12, rtol=0)


# --- learning


def _network(name: str, seed: int = 0) -> Network:
    task = TASKS[name]
    return made(lambda: Network(LSTM(task.width, 8, forget_bias=1.0), task.answers), seed)


def _batch(name: str, draw: torch.Generator) -> Batch:
    return TASKS[name].draw(torch.tensor([1, 2, 3, 2]), draw)


def test_training_lowers_the_loss_and_ends_with_right_answers() -> None:
    network = _network("recall")
    adam = partial(torch.optim.Adam, lr=0.03)
    before = share_right(network, TASKS["recall"], 2, 0)
    history = train(network, partial(_batch, "recall"), 150, adam, seed=0, clip=1.0)
    assert history[-1].loss < history[0].loss / 4
    assert share_right(network, TASKS["recall"], 2, 0) > max(0.9, before)


def test_training_stops_where_a_number_is_not_finite() -> None:
    sgd = partial(torch.optim.SGD, lr=1e30)
    history = train(_network("adding"), partial(_batch, "adding"), 50, sgd, seed=0, clip=None)
    assert len(history) < 50
    assert not exploding.finite(history)


def test_a_clipped_update_is_as_long_as_the_bound_says() -> None:
    network = _network("adding")
    before = [weight.detach().clone() for weight in network.parameters()]
    sgd = partial(torch.optim.SGD, lr=1.0)
    (update,) = train(network, partial(_batch, "adding"), 1, sgd, seed=0, clip=1e-3)
    moved = [w.detach() - old for w, old in zip(network.parameters(), before, strict=True)]
    assert update.norm > 1e-2
    assert float(torch.cat([one.flatten() for one in moved]).norm()) == pytest.approx(
        1e-3, rel=1e-3
    )


def test_making_a_network_leaves_the_caller_s_generator_alone() -> None:
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    first, again = made(lambda: RNN(2, 3), 1), made(lambda: RNN(2, 3), 1)
    assert torch.equal(torch.rand(1), wanted)
    assert torch.equal(first.weight_ih_l0, again.weight_ih_l0)
    assert not torch.equal(first.weight_ih_l0, made(lambda: RNN(2, 3), 2).weight_ih_l0)


# --- memory and exploding, shortened; in full below


def test_memory_measures_every_cell_at_every_lag() -> None:
    told: list[str] = []
    report = memory.run(0, told.append, updates=2)
    check_report(report)
    assert told == [f"{task}, {cell}" for task in TASKS for cell in memory.CELLS]
    for cells in report.numbers["share right"].values():
        assert set(cells) == {"RNN", "IRNN", "GRU", "LSTM"}
        assert all(len(shares) == len(memory.LAGS) for shares in cells.values())


def test_exploding_tells_of_every_way() -> None:
    report = exploding.run(0, quiet, updates=12)
    check_report(report)
    assert set(report.numbers) == {"as it is", "clipping", "smaller rate", "LSTM"}
    assert len(report.numbers["as it is"]["loss"]) < 12
    assert "no finite number" in report.finding[0]
    assert len(report.numbers["LSTM"]["loss"]) == 12


def test_the_numbers_of_a_history() -> None:
    history = [Update(4.0, 3.0), Update(2.0, 0.5), Update(1.0, math.inf)]
    assert not exploding.finite(history)
    assert exploding.finite(history[:2])
    assert exploding.largest_norm(history) == 3.0
    assert exploding.last_loss(history[:2]) == 3.0
    assert exploding.clipped_share(history[:2]) == 0.5


@pytest.mark.parametrize(
    ("shares", "lag"),
    [([1.0] * 11, 200), ([0.9, 0.95] + [0.0] * 9, 2), ([0.0] + [1.0] * 10, 0)],
)
def test_the_reach_ends_at_the_first_lag_that_fails(shares: list[float], lag: int) -> None:
    assert memory.reach(shares) == lag


def test_fresh_sequences_are_not_those_of_training() -> None:
    trained = generator(0, 1).initial_seed()
    assert generator(0, -1).initial_seed() != trained


@pytest.mark.slow
def test_lstm_and_gru_remember_what_the_rnn_does_not() -> None:
    report = memory.run(0, quiet)
    check_report(report)
    at = memory.LAGS.index(100)
    for task in ("copy", "adding"):
        shares = report.numbers["share right"][task]
        assert min(shares["LSTM"][at], shares["GRU"][at]) > shares["RNN"][at] + 0.2


@pytest.mark.slow
def test_remedies_tame_what_explodes() -> None:
    report = exploding.run(0, quiet)
    ways = report.numbers
    assert len(ways["as it is"]["loss"]) < 50
    for way in ("clipping", "LSTM"):
        assert sum(ways[way]["loss"][-20:]) / 20 < exploding.NOTHING
    assert max(ways["LSTM"]["gradient norm"]) < 100 < max(ways["clipping"]["gradient norm"])


def test_the_catalogue_has_a_module_for_every_name() -> None:
    assert len(EXPERIMENTS) == 6
    for name, one in EXPERIMENTS.items():
        assert callable(import_module(f"elman.insight.lab.{name}").run)
        assert one.question.endswith("?")
        assert one.seconds <= 120


# --- order, padding, cost


def test_shuffled_words_are_the_same_words_in_another_order() -> None:
    words = ["a", "b", "c", "b"]
    for n in range(20):
        other = order.shuffled(words, 0, n)
        assert other != words
        assert sorted(other) == sorted(words)
        assert other == order.shuffled(words, 0, n)
    assert order.shuffled(["a", "a"], 0, 1) == ["a", "a"]


def test_a_bag_of_words_is_a_coin_and_a_reader_is_not() -> None:
    written = [["the", "cat", "sat", str(n % 7)] for n in range(40)]
    numbering = Numbering(written)
    pairs = order.Pairs.of(written, 0)
    shares = {}
    for name in (order.BAG, "GRU"):
        model = order.Reader(len(numbering), order.LAYERS[name]())
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for epoch in range(8):
            order._train(model, optimizer, written, numbering, 0, epoch)
        shares[name] = order.share_right(model, pairs, numbering)
    assert shares[order.BAG] == 0.5
    assert shares["GRU"] > 0.8


def test_order_tells_of_every_network(monkeypatch: pytest.MonkeyPatch) -> None:
    short = [words[:8] for words in sentences("test", 6, 30)[:30]]
    monkeypatch.setattr(order, "sentences", lambda part, shortest, longest: short)
    report = order.run(0, quiet, epochs=1)
    check_report(report)
    assert set(report.numbers["share right"]) == set(order.LAYERS)
    assert report.numbers["share right"][order.BAG] == 0.5


def test_sentences_and_paragraphs_are_words_of_the_help_texts() -> None:
    found = sentences("test", 6, 30)
    assert len(found) > 100
    assert all(6 <= len(words) <= 30 for words in found)
    assert all(word == word.lower() for words in found for word in words)
    assert max(map(len, paragraphs("test"))) > 30


def test_the_four_ways_of_padding_agree() -> None:
    assert padding.largest_difference([5, 1, 9, 3], seed=0) <= 1e-6
    assert set(padding.ways(0)) == {
        "Elman, no padding", "Elman, padded", "torch.nn, padded", "torch.nn, packed",
    }  # fmt: skip


def test_padding_measures_every_way(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [["word"] * (1 + n % 9) for n in range(padding.BATCH * padding.BATCHES)]
    monkeypatch.setattr(padding, "paragraphs", lambda part: few)
    report = padding.run(0, quiet, rounds=1)
    check_report(report)
    drawn = report.numbers["batches"]["drawn at random"]
    assert drawn["padding"] > report.numbers["batches"]["of like lengths"]["padding"]
    assert all(time > 0 for time in drawn["milliseconds"].values())


def test_cost_measures_every_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "LENGTHS", (4, 8, 16))
    monkeypatch.setattr(cost, "WIDTHS", (4, 8))
    report = cost.run(0, quiet, rounds=1)
    check_report(report)
    assert report.numbers["milliseconds by T"]["T"] == [4, 8, 16]
    assert set(report.numbers["powers"]) == {"RNN", "GRU", "LSTM"}
