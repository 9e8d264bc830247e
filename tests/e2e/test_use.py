"""What one does with a run: predict, generate, evaluate, load, move."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import elman
from elman.training.shapes.many_to_one.predictor import Classifier
from tests.e2e.conftest import Trained
from tests.e2e.program import elman as program
from tests.e2e.program import elman_here, refused, trained
from tests.e2e.samples import labelled, only, story, write
from tests.e2e.stopping import OPTIONS, make_data

TEXTS = ["a lovely film", "dreadful plot and actor", "zebra"]


def predictions(run: Path, *words: object, cwd: Path) -> list[dict[str, object]]:
    answer = elman_here("predict", run, *words, "--json", cwd=cwd)
    assert answer.code == 0, answer.err
    rows: list[dict[str, object]] = answer.facts()["predictions"]
    return rows


def test_words_files_and_standard_input_are_answered_alike(
    reviews_run: Trained, tmp_path: Path
) -> None:
    wanted = predictions(reviews_run.run, *TEXTS, cwd=tmp_path)
    assert [row["text"] for row in wanted] == TEXTS
    rows = [{"text": text} for text in TEXTS]
    for ending in ("csv", "tsv", "jsonl", "parquet"):
        path = write(tmp_path / f"items.{ending}", rows)
        assert predictions(reviews_run.run, "--file", path, cwd=tmp_path) == wanted
    (tmp_path / "items.txt").write_text("\n".join(TEXTS))
    assert predictions(reviews_run.run, "--file", "items.txt", cwd=tmp_path) == wanted
    piped = program("predict", reviews_run.run, "--json", cwd=tmp_path, stdin="\n".join(TEXTS))
    assert piped.facts()["predictions"] == wanted
    assert len(piped.lines()) == 1


def test_load_in_python_answers_as_the_program_does(reviews_run: Trained, tmp_path: Path) -> None:
    model = elman.load(reviews_run.run)
    assert isinstance(model, Classifier)
    rows = predictions(reviews_run.run, *TEXTS, "--top", 2, cwd=tmp_path)
    for prediction, row in zip(model.predict(TEXTS), rows, strict=True):
        assert prediction.label == row["label"]
        assert prediction.probability == row["probability"]
        assert dict(prediction.probabilities) == row["top"]


def test_answers_for_people(reviews_run: Trained, tmp_path: Path) -> None:
    answer = elman_here("predict", reviews_run.run, *TEXTS, cwd=tmp_path)
    assert [re.fullmatch(r"(pos|neg)\t0\.\d{3}\t(.*)", line) is not None
            for line in answer.lines()] == [True] * 3  # fmt: skip
    answer = elman_here("predict", reviews_run.run, TEXTS[0], "--top", 2, "--quiet", cwd=tmp_path)
    assert re.fullmatch(r"(pos|neg)\t0\.\d{3}\t(pos|neg)\t0\.\d{3}\n", answer.out)


@pytest.mark.parametrize("text", ["", "   ", "\n", "🏳️‍🌈", "x" * 20_000, "a b " * 3000, "नमस्ते"])
def test_any_text_gets_an_answer(reviews_run: Trained, tmp_path: Path, text: str) -> None:
    (row,) = predictions(reviews_run.run, text, cwd=tmp_path)
    assert row["label"] in ("pos", "neg")


def test_a_column_is_named_or_the_nearest_offered(reviews_run: Trained, tmp_path: Path) -> None:
    path = write(tmp_path / "items.csv", [{"id": 1, "words": text} for text in TEXTS])
    rows = predictions(reviews_run.run, "--file", path, "--text", "words", cwd=tmp_path)
    assert [row["text"] for row in rows] == TEXTS
    answer = elman_here("predict", reviews_run.run, "--file", path, "--text", "word", cwd=tmp_path)
    refused(answer, 3, "'words'")


def test_the_same_seed_writes_the_same_text(story_run: Trained, tmp_path: Path) -> None:
    def write_text(seed: int) -> str:
        options = ("--prompt", "The zebra was", "--length", 30, "--seed", seed)
        answer = elman_here("generate", story_run.run, *options, cwd=tmp_path)
        assert answer.code == 0, answer.err
        return answer.out

    first = write_text(1)
    assert first == write_text(1)
    assert first.startswith("The zebra was ")
    assert "<unknown>" not in first
    assert len({write_text(seed) for seed in range(2, 6)} | {first}) > 1
    options = ("--prompt", "The zebra was", "--length", 30, "--seed", 1)
    again = program("generate", story_run.run, *options, "--json", cwd=tmp_path)
    assert again.facts()["text"] + "\n" == first


@pytest.mark.parametrize(
    "options",
    [
        ("--temperature", 0), ("--temperature", 1e-300), ("--temperature", 1e300), ("--top-k", 1),
        ("--top-k", 10**6), ("--top-p", 1e-9), ("--length", 1), ("--prompt", ""),
        ("--prompt", "?? 🏳️‍🌈"), ("--seed", 2**63 - 1),
    ],
)  # fmt: skip
def test_every_way_of_drawing(
    story_run: Trained, tmp_path: Path, options: tuple[object, ...]
) -> None:
    answer = elman_here("generate", story_run.run, "--length", 5, *options, cwd=tmp_path)
    assert answer.code == 0, answer.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--temperature", -1), 4), (("--temperature", "nan"), 4), (("--top-k", -1), 4),
        (("--top-p", 0), 4), (("--top-p", 1.1), 4), (("--length", 0), 2), (("--seed", -1), 2),
        (("--seed", 2**70), (2, 4)), (("--temperature", "warm"), 2),
    ],
)  # fmt: skip
def test_ways_of_drawing_that_make_no_sense(
    story_run: Trained, tmp_path: Path, options: tuple[object, ...], code: int | tuple[int, ...]
) -> None:
    answer = elman_here("generate", story_run.run, *options, cwd=tmp_path)
    assert answer.code in (code if isinstance(code, tuple) else (code,)), answer
    assert str(options[0]).strip("-") in answer.err.replace("_", "-")


def test_a_language_model_says_the_next_word(story_run: Trained, tmp_path: Path) -> None:
    rows = predictions(story_run.run, "the film", "--top", 3, cwd=tmp_path)
    assert len(rows[0]["top"]) == 3  # type: ignore[arg-type]


def test_a_classifier_writes_no_text(reviews_run: Trained, tmp_path: Path) -> None:
    refused(elman_here("generate", reviews_run.run, cwd=tmp_path), 2, "elman predict")
    words = ("evaluate", reviews_run.run, "a.txt", "--target-file", "b.txt")
    refused(elman_here(*words, cwd=tmp_path), 2, "encoder and decoder")


@pytest.mark.parametrize("shape", ["reviews", "story"])
def test_evaluate_repeats_what_training_measured(
    shape: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    run: Trained = request.getfixturevalue(f"{shape}_run")
    answer = program("evaluate", run.run, "--json", cwd=tmp_path)
    assert answer.facts()["metrics"] == run.answer.facts()["test"]
    resumed = elman_here("resume", run.run, "--json", cwd=tmp_path)
    assert resumed.facts()["test"] == run.answer.facts()["test"]
    assert resumed.facts()["baselines"] == run.answer.facts()["baselines"]


def test_evaluate_on_another_file(reviews_run: Trained, story_run: Trained, tmp_path: Path) -> None:
    other = write(tmp_path / "other.parquet", labelled(20, first=7))
    facts = elman_here("evaluate", reviews_run.run, other, "--json", cwd=tmp_path).facts()
    assert facts["examples"] == 20
    shown = elman_here("evaluate", reviews_run.run, other, cwd=tmp_path)
    assert f"{facts['metrics']['accuracy']:.4f}" in shown.out
    rows = predictions(reviews_run.run, "--file", other, cwd=tmp_path)
    truth = [row["label"] for row in labelled(20, first=7)]
    right = sum(row["label"] == label for row, label in zip(rows, truth, strict=True))
    assert facts["metrics"]["accuracy"] == right / 20
    text = story(tmp_path / "other.txt", 5, first=7)
    facts = elman_here("evaluate", story_run.run, text, "--json", cwd=tmp_path).facts()
    assert facts["metrics"]["perplexity"] > 1


def test_evaluate_refuses_a_label_never_learnt(reviews_run: Trained, tmp_path: Path) -> None:
    rows = [*labelled(4), {"text": "a film", "label": "mixed"}]
    path = write(tmp_path / "other.csv", rows)
    refused(elman_here("evaluate", reviews_run.run, path, cwd=tmp_path), 3, f"{path}:6", "'mixed'")


def test_a_moved_run_still_predicts(reviews_run: Trained, tmp_path: Path) -> None:
    wanted = predictions(reviews_run.run, *TEXTS, cwd=tmp_path)
    shutil.copytree(reviews_run.run, tmp_path / "elsewhere" / "über das Meer")
    moved = Path("elsewhere") / "über das Meer"
    assert predictions(moved, *TEXTS, cwd=tmp_path) == wanted
    for name in ("training.json", "metrics.jsonl", "report.html"):  # not read by predict
        (tmp_path / moved / name).unlink()
    assert predictions(moved, *TEXTS, cwd=tmp_path) == wanted
    best = json.loads((tmp_path / moved / "run.json").read_bytes())["best"]["number"]
    for path in (tmp_path / moved / "generations").iterdir():
        if path.name != str(best):
            shutil.rmtree(path)
    assert predictions(moved, *TEXTS, cwd=tmp_path) == wanted


def test_many_texts_and_a_reader_that_has_seen_enough(reviews_run: Trained, tmp_path: Path) -> None:
    (tmp_path / "items.txt").write_text("a lovely film\n" * 300)
    rows = predictions(reviews_run.run, "--file", "items.txt", cwd=tmp_path)
    assert len(rows) == 300
    assert len({row["probability"] for row in rows}) == 1
    texts = only(labelled(30), "text")
    together = predictions(
        reviews_run.run, *(row["text"] for row in texts), cwd=tmp_path
    )  # in one batch, or one by one
    for row in together[:5]:
        (alone,) = predictions(reviews_run.run, row["text"], cwd=tmp_path)
        assert alone["probability"] == pytest.approx(row["probability"], rel=1e-5)


@pytest.mark.parametrize("verb", ["predict", "resume", "evaluate", "generate"])
def test_what_is_no_run_at_all(tmp_path: Path, verb: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    answer = elman_here(verb, "nowhere", cwd=tmp_path)
    refused(answer, 4, "no run folder nowhere", "elman train")
    refused(elman_here(verb, "file", cwd=tmp_path), 4, "no run folder file")
    refused(elman_here(verb, "empty", cwd=tmp_path), 5, "empty/run.json", "No such file")


def test_a_finished_run_on_a_disk_that_may_only_be_read(tmp_path: Path) -> None:
    """Nothing is written by those who only read, whoever they are."""
    make_data(tmp_path)
    trained("reviews.csv", *OPTIONS["reviews.csv"], "--epochs", 1, "--out", "run", cwd=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    for words in (("predict", "run", "a film"), ("evaluate", "run"), ("resume", "run")):
        assert elman_here(*words, cwd=tmp_path).code == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == before


def test_a_zipped_run_answers_as_its_folder_does(reviews_run: Trained, tmp_path: Path) -> None:
    wanted = predictions(reviews_run.run, *TEXTS, cwd=tmp_path)
    (tmp_path / "über das Meer").mkdir()
    archive = Path("über das Meer") / "a run.zip"
    made = shutil.make_archive(str(tmp_path / "run"), "zip", reviews_run.run.parent, "reviews")
    Path(made).rename(tmp_path / archive)
    (tmp_path / archive).chmod(0o400)
    other = write(tmp_path / "other.csv", labelled(20, first=7))
    before = sorted(tmp_path.rglob("*"))
    assert predictions(archive, *TEXTS, cwd=tmp_path) == wanted
    for words in ((), (other,)):
        zipped = elman_here("evaluate", archive, *words, "--json", cwd=tmp_path).facts()
        whole = elman_here("evaluate", reviews_run.run, *words, "--json", cwd=tmp_path).facts()
        assert zipped["metrics"] == whole["metrics"]
    answer = elman_here("resume", archive, cwd=tmp_path)
    refused(answer, 4, "a run.zip is an archive", "python -m zipfile -e")
    assert sorted(tmp_path.rglob("*")) == before
