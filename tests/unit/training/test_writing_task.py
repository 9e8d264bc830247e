"""Learning to write: losses by hand, what is chosen, copies of unknown tokens, and the report."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from elman.data.batches import ragged
from elman.data.examples import TextPair
from elman.data.texts.vocabulary import Vocabulary
from elman.models.decoding import Sampling
from elman.models.search import Search
from elman.training.config import TrainingConfig
from elman.training.shapes.encoder_decoder.config import choose
from elman.training.shapes.encoder_decoder.rivals import rivals
from elman.training.shapes.encoder_decoder.shape import ENCODER_DECODER
from elman.training.shapes.writing.report import report, right_and_wrong
from elman.training.shapes.writing.task import WritingTask
from elman.training.shapes.writing.writer import Writing
from tests.markup import parsed
from tests.translation_samples import pair_data, pair_task, pairs

END = Vocabulary.end_id


def nothing() -> None:
    return None


def surprises(task: WritingTask, pair: TextPair) -> list[float]:
    """In nats, of each token of a target and of its end, one pair by itself."""
    data = task.parts["train"]
    place = data.shown.index(pair.text)
    target = list(data.targets[place])
    with torch.no_grad():
        reading = task.model.encode(ragged([data.inputs[place]]))
        scores = task.model.decoder(ragged([[END, *target]]), reading)[0]
    rows = scores.log_softmax(1).tolist()
    return [-row[token] for row, token in zip(rows, [*target, END], strict=True)]


def test_the_loss_of_a_batch_is_its_mean_surprise_at_the_tokens_to_write() -> None:
    task, seen = pair_task(), []
    for batch in range(task.batches(1)):
        outcome = task.loss(1, batch, ())
        rows = [int(row) for row in task.places(1, batch).split("rows ")[1].split(", ")]
        members = [pair for pair in pairs(14) if pair.row in rows]
        wanted = [one for pair in members for one in surprises(task, pair)]
        assert float(outcome.mean.detach()) == pytest.approx(sum(wanted) / len(wanted), 1e-5)
        assert outcome.count == len(wanted)
        assert outcome.steps == len(wanted) + sum(len(pair.text) for pair in members)
        assert outcome.carried == ()
        seen += rows
    assert sorted(seen) == [pair.row for pair in pairs(14)]


def test_the_share_of_own_tokens_rises_to_what_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task, shares = pair_task(scheduled_sampling=0.5), []
    forward = task.model.decoder.forward

    def watched(tokens: Any, reading: Any, own: float = 0.0) -> Any:
        shares.append(own)
        return forward(tokens, reading, own)

    monkeypatch.setattr(task.model.decoder, "forward", watched)
    for epoch in range(3):
        task.loss(epoch, 0, ())
    assert shares == [0.0, 0.25, 0.5]


def test_the_metrics_are_those_of_the_texts_written() -> None:
    task = pair_task()
    task.model.eval()
    for part, beams in (("validation", 1), ("test", 2)):
        measured = task.evaluate(part, nothing)  # type: ignore[arg-type]
        written = task.written(part, Search(beams), nothing)  # type: ignore[arg-type]
        references = task.parts[part].references  # type: ignore[index]
        exact = [list(one[0].tokens) == ref for one, ref in zip(written, references, strict=True)]
        assert measured["exact_match"] == sum(exact) / len(exact)
        assert list(measured) == ["character_error_rate", "exact_match", "loss"]
        assert all(math.isfinite(value) for value in measured.values())
    assert task.metric.name == "character_error_rate"
    assert not task.metric.higher_is_better


def test_words_are_chosen_by_bleu() -> None:
    task = pair_task(unit="words", target_unit="words")
    task.model.eval()
    assert task.metric.name == "bleu"
    assert list(task.evaluate("test", nothing)) == ["bleu", "chrf", "exact_match", "loss"]


def copying_task(**changes: Any) -> WritingTask:
    """Writes an unknown token and then the end, looking at the second token of the source."""
    data = pair_data(test=[TextPair("a xyz b", "xyz", 2)])
    task = pair_task(data, unit="words", target_unit="words", bidirectional=False, **changes)
    task.model.eval()
    unknown, decoder = Vocabulary.unknown_id, task.model.decoder
    with torch.no_grad():
        decoder.output.weight.zero_()
        decoder.output.bias.zero_()
        decoder.output.bias[unknown] = 5.0

    def looking(queries: torch.Tensor, memory: Any) -> tuple[torch.Tensor, torch.Tensor]:
        weights = torch.zeros(*queries.shape[:2], memory.values.shape[1])
        weights[..., 1:2] = 1.0
        return weights @ memory.values, weights

    decoder.attention.forward = looking  # type: ignore[union-attr, method-assign]
    return task


def test_an_unknown_token_reads_as_what_was_attended_to() -> None:
    task = copying_task()
    (ranked,) = task.written("test", Search(1), nothing)
    assert set(ranked[0].tokens) == {"xyz"}
    assert set(ranked[0].numbers) == {Vocabulary.unknown_id}
    assert ranked[0].text.startswith("xyz")
    data = task.parts["test"]
    (drawn,) = task.writer.draw(data.inputs, Sampling(0), data.copies)
    assert drawn.tokens == ranked[0].tokens


def test_of_an_empty_source_nothing_is_copied() -> None:
    writer = copying_task().writer
    ((one, *_),) = writer.write([[]], Search(1), [[]])
    assert set(one.numbers) == {Vocabulary.unknown_id}
    assert one.text == ""


def test_without_copying_no_unknown_token_is_written() -> None:
    (ranked,) = copying_task(copy_unknown=False).written("test", Search(3), nothing)
    assert all(Vocabulary.unknown_id not in one.numbers for one in ranked)


def config_of(**values: Any) -> TrainingConfig:
    return TrainingConfig.checked({"data": "letters.csv"} | values)


LONG = "this is a sentence of more than three words"


@pytest.mark.parametrize(
    ("text", "target", "asked", "units", "lowercase"),
    [
        (LONG, "Dies ist ein Satz aus mehr als drei Wörtern", {}, ("words", "words"), False),
        (LONG, "2024-05-31", {}, ("characters", "characters"), True),
        (LONG, "2024-05-31", {"unit": "words"}, ("words", "characters"), True),
        (LONG, "Satz", {"target_unit": "words"}, ("characters", "words"), False),
        ("Kuwait", "क का कि की कु कू के कै को कौ ख खा खि खी खु खू खे खै खो खौ ग गा गि गी गु गू गे",
         {}, ("characters", "codepoints"), True),
    ],
)  # fmt: skip
def test_what_a_step_is_follows_from_both_sides(
    text: str, target: str, asked: dict[str, str], units: tuple[str, str], lowercase: bool
) -> None:
    data = pair_data(train=[TextPair(text, target, row) for row in range(9)])
    choices, reasons = choose(config_of(**asked), data)
    assert (choices["unit"], choices["target_unit"]) == units
    assert choices["lowercase"] == lowercase
    assert choices["min_count"] == (2 if units[1] == "words" else 1)
    assert choices["label_smoothing"] == 0.1
    assert set(reasons) == {"unit", "target unit"}
    for key, value in asked.items():
        assert reasons[key.replace("_", " ")] == f"a step is one of the {value}, as asked for"


def test_many_pairs_of_characters_are_not_smoothed() -> None:
    data = pair_data(train=[TextPair("abc", "cba", row) for row in range(2000)])
    assert choose(config_of(), data)[0]["label_smoothing"] == 0.0


def test_without_attention_nothing_is_copied() -> None:
    assert not choose(config_of(attention="none"), pair_data())[0]["copy_unknown"]
    assert choose(config_of(), pair_data())[0]["copy_unknown"]


def test_the_rival_writes_the_target_of_the_nearest_source() -> None:
    data = pair_data(train=pairs(14), test=[pairs(14)[3], TextPair("zzz", "z", 9)])
    measured = rivals(pair_task(data))["nearest training pair"]
    assert measured["exact_match"] == 0.5


def test_the_report_shows_examples_and_what_was_attended_to() -> None:
    task = pair_task()
    task.model.eval()
    fields = report(task)
    assert len(fields["right"]) + len(fields["wrong"]) == 5
    row = [*fields["right"], *fields["wrong"]][0]
    assert row.text[::-1] == row.expected
    assert 0 < row.confidence < 1
    (section,) = fields["sections"]
    assert len(parsed(f"<div>{section.content}</div>").findall(".//svg")) == 4
    without = pair_task(attention="none", copy_unknown=False)
    without.model.eval()
    assert not report(without)["sections"][0].content


def test_right_examples_are_spread_and_wrong_ones_surest_first() -> None:
    task = pair_task(pair_data(test=pairs(40)))
    texts = [pair.target if number % 2 else "?" for number, pair in enumerate(pairs(40))]
    best = [Writing((), tuple(text), text, -1.0, -float(n)) for n, text in enumerate(texts)]
    right, wrong = right_and_wrong(task, best)
    assert right[:12] == list(range(1, 40, 2))[:12]
    assert wrong == list(range(0, 40, 2))
    assert set(right) <= set(range(1, 40, 2))


def test_only_options_of_its_own_groups_are_its_own() -> None:
    names = {name for group in ENCODER_DECODER.options for name in group.model_fields}
    assert {"source", "target_file", "attention", "beams", "unit"} <= names
    assert "pooling" not in names


def test_a_smoothed_loss_wants_a_share_of_every_token() -> None:
    task, plain = pair_task(label_smoothing=0.25), pair_task()
    plain.model.load_state_dict(task.model.state_dict())
    data = task.parts["train"]
    inputs, targets = data.inputs[:3], data.targets[:3]
    reading = task.model.encode(ragged(inputs))
    scores = task.model.decoder(ragged([[END, *target] for target in targets]), reading)[0]
    every = -scores.log_softmax(1).mean(1)
    wanted = 0.75 * plain.writer.losses(inputs, targets) + 0.25 * every
    assert task.writer.losses(inputs, targets, 0.0, 0.25).tolist() == pytest.approx(wanted.tolist())
    smooth, sharp = (float(one.loss(0, 0, ()).mean.detach()) for one in (task, plain))
    assert smooth != pytest.approx(sharp)
    task.model.eval()
    plain.model.eval()  # the loss that is told is never smoothed
    assert task.evaluate("test", nothing) == plain.evaluate("test", nothing)
