"""Encoder and decoder from the command line: train, resume, predict, generate, evaluate, refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import elman
from elman.training.shapes.encoder_decoder.predictor import Translator
from tests.e2e.program import elman as program
from tests.e2e.program import elman_here, refused
from tests.e2e.samples import TINY, write

WORDS = "ab ba abc cab bca aab bba cca aca bcb abca".split()
ROWS = [{"source": f"{one}{two}", "target": f"{two}{one}"} for one in WORDS for two in WORDS[:3]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    write(folder / "pairs.csv", ROWS)
    answer = elman_here("train", "pairs.csv", *TINY, "--json", cwd=folder)
    assert answer.code == 0, answer.err
    facts = answer.facts()
    assert facts["shape"] == "encoder_decoder"
    assert list(facts["test"]) == ["character_error_rate", "exact_match", "loss"]
    assert set(facts["baselines"]) == {"nearest training pair"}
    return folder / "runs" / "pairs"


def test_words_files_and_standard_input_are_answered_alike(run: Path, tmp_path: Path) -> None:
    texts = ["abc", "ba", "zzz"]
    words = elman_here("predict", run, *texts, "--json", cwd=tmp_path).facts()["predictions"]
    assert [row["text"] for row in words] == texts
    assert all(0 < row["probability"] <= 1 and isinstance(row["written"], str) for row in words)
    (tmp_path / "items.txt").write_text("\n".join(texts))
    path = write(tmp_path / "items.csv", [{"source": text, "id": 1} for text in texts])
    for given in (("--file", "items.txt"), ("--file", path, "--text", "source")):
        rows = elman_here("predict", run, *given, "--json", cwd=tmp_path).facts()["predictions"]
        assert rows == words
    piped = program("predict", run, "--json", cwd=tmp_path, stdin="\n".join(texts))
    assert piped.facts()["predictions"] == words
    model = elman.load(run)
    assert isinstance(model, Translator)
    assert [answer.text for answer in model.predict(texts)] == [row["written"] for row in words]


def test_the_best_few_are_told_for_people_and_for_programs(run: Path, tmp_path: Path) -> None:
    answer = elman_here("predict", run, "abc", "--top", 3, cwd=tmp_path)
    assert len(answer.lines()[0].split("\t")) == 7
    (row,) = elman_here("predict", run, "abc", "--top", 3, "--json", cwd=tmp_path).facts()[
        "predictions"
    ]
    assert len(row["top"]) == 3
    assert next(iter(row["top"])) == row["written"]


@pytest.mark.parametrize("text", ["", "   ", "🏳️‍🌈", "x" * 3000, "नमस्ते"])
def test_any_text_gets_an_answer(run: Path, tmp_path: Path, text: str) -> None:
    answer = elman_here("predict", run, text, "--json", cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert len(answer.facts()["predictions"]) == 1


def test_a_text_can_be_drawn(run: Path, tmp_path: Path) -> None:
    def drawn(seed: int) -> str:
        answer = elman_here(
            "generate", run, "--prompt", "abc", "--seed", seed, "--temperature", 2, cwd=tmp_path
        )
        assert answer.code == 0, answer.err
        return answer.out

    assert drawn(1) == drawn(1)
    assert len({drawn(seed) for seed in range(6)}) > 1


def test_it_is_measured_on_its_test_part_and_on_other_files(run: Path, tmp_path: Path) -> None:
    facts = elman_here("evaluate", run, "--json", cwd=run.parent.parent).facts()
    recorded = json.loads((run / "run.json").read_text())["results"]["test"]
    assert facts["metrics"] == pytest.approx(recorded)
    path = write(tmp_path / "new.csv", ROWS[:7])
    facts = elman_here("evaluate", run, path, "--json", cwd=tmp_path).facts()
    assert facts["examples"] == 7
    assert list(facts["metrics"]) == ["character_error_rate", "exact_match", "loss"]
    bare = write(tmp_path / "bare.csv", [{"one": "a", "two": "b", "three": "c"}])
    refused(elman_here("evaluate", run, bare, cwd=tmp_path), 3, "--source one")


def test_a_run_of_a_table_is_measured_on_parallel_files(run: Path, tmp_path: Path) -> None:
    write(tmp_path / "new.csv", ROWS[:7])
    for side in ("source", "target"):
        (tmp_path / f"{side}s.txt").write_text("".join(row[side] + "\n" for row in ROWS[:7]))
    words = ("evaluate", run, "sources.txt", "--target-file", "targets.txt")
    facts = elman_here(*words, "--json", cwd=tmp_path).facts()
    of_table = elman_here("evaluate", run, "new.csv", "--json", cwd=tmp_path).facts()
    assert facts["metrics"] == of_table["metrics"]
    assert (facts["examples"], facts["data"]) == (7, "sources.txt")
    refused(elman_here(*words[:3], cwd=tmp_path), 3, "--target-file TARGETS")
    refused(elman_here(*words[:2], *words[3:], cwd=tmp_path), 2, "sources before it")
    refused(elman_here(*words[:4], "none.txt", cwd=tmp_path), 3, "none.txt")
    (tmp_path / "short.txt").write_text("a\n")
    refused(elman_here(*words[:4], "short.txt", cwd=tmp_path), 3, "wc -l")


def test_a_run_of_parallel_files_is_resumed_and_measured_from_anywhere(tmp_path: Path) -> None:
    for name, rows in (("train", ROWS[6:]), ("new", ROWS[:6])):
        for side, ending in (("source", "en"), ("target", "de")):
            lines = "".join(row[side] + "\n" for row in rows)
            (tmp_path / f"{name}.{ending}").write_text(lines)
    command = ("train", "train.en", "--target-file", "train.de", *TINY, "--attention", "additive",
               "--input-feeding", "--scheduled-sampling", 0.5)  # fmt: skip
    answer = elman_here(*command, "--json", cwd=tmp_path)
    assert answer.code == 0, answer.err
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = tmp_path / "runs" / "train"
    resumed = elman_here("resume", run, "--json", cwd=elsewhere)
    assert resumed.facts()["test"] == answer.facts()["test"]
    data = tmp_path / "new.en"
    facts = elman_here("evaluate", run, data, "--json", cwd=elsewhere).facts()
    assert facts["examples"] == 6


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        (("--pooling", "max"), 4, "The shape encoder_decoder has no option pooling"),
        (("--attention", "cosine"), 4, "'dot', 'general', 'additive' or 'none'"),
        (("--attention", "none", "--input-feeding"), 4, "has nothing to feed"),
        (("--beams", 0), 4, "greater than or equal to 1"),
        (("--target", "targets"), 3, "Did you mean 'target'"),
    ],
)
def test_wrong_options_are_refused(
    tmp_path: Path, options: tuple[object, ...], code: int, expected: str
) -> None:
    write(tmp_path / "pairs.csv", ROWS)
    refused(elman_here("train", "pairs.csv", *options, cwd=tmp_path), code, expected)
    assert not (tmp_path / "runs").exists()
