"""Every option of `elman train`, on tiny data; what the seed fixes; the configuration file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import elman, elman_here, refused, trained
from tests.e2e.samples import STORY_TINY, TINY, labelled, story, write

LABELS = [
    ("--cell", "rnn"),
    ("--cell", "rnn", "--nonlinearity", "relu"),
    ("--cell", "lstm"),
    ("--cell", "gru"),
    ("--cell", "gru", "--no-reset-after"),
    ("--bidirectional",),
    ("--no-bidirectional",),
    *(("--pooling", kind, *way) for kind in ("last", "max", "mean", "attention")
      for way in ((), ("--no-bidirectional", "--num-layers", 2))),
    ("--num-layers", 2, "--dropout", 0.5),
    ("--dropout", 0),
    ("--unit", "characters"),
    ("--unit", "characters", "--max-length", 3),
    ("--lowercase",),
    ("--no-lowercase", "--min-count", 1),
    ("--max-vocabulary", 3),
    ("--batch-size", 1, "--epochs", 1),
    ("--batch-size", 10**6),
    ("--patience", 0),
]  # fmt: skip

BOTH = [
    ("--optimizer", "sgd"),
    ("--optimizer", "sgd", "--momentum", 0, "--weight-decay", 0),
    *(("--schedule", kind, "--epochs", 4)
      for kind in ("one-cycle", "cosine", "constant", "plateau")),
    *(("--clip", kind, "--clip-at", 0.1) for kind in ("norm", "value")),
    ("--clip", "none"),
    *(("--on-divergence", policy) for policy in ("skip", "halve-lr")),
    ("--threads", 2),
    ("--seed", 2**63 - 1),
    ("--checkpoint-seconds", 0),
    ("--learning-rate", 1e-5),
]  # fmt: skip

STORIES = [
    ("--bptt-steps", 0),
    ("--bptt-steps", 8, "--bptt-window", 24),
    ("--bptt-steps", 1),
    ("--bptt-steps", 10**6),
    ("--unit", "characters"),
    ("--no-tied",),
    ("--embedding-size", 3),
    ("--cell", "rnn", "--num-layers", 2),
    ("--cell", "gru", "--no-reset-after", "--num-layers", 2, "--bptt-steps", 4),
]  # fmt: skip


def name(options: tuple[object, ...]) -> str:
    return " ".join(map(str, options))


def finite(facts: dict[str, Any]) -> bool:
    return all(isinstance(value, float) and value == value for value in facts["test"].values())


@pytest.mark.parametrize("options", [*LABELS, *BOTH], ids=name)
def test_options_of_a_many_to_one_run(tmp_path: Path, options: tuple[object, ...]) -> None:
    write(tmp_path / "reviews.csv", labelled(40))
    assert finite(trained("reviews.csv", *TINY, *options, cwd=tmp_path).facts())
    answer = elman_here("predict", "runs/reviews", "a lovely film", "", cwd=tmp_path)
    assert len(answer.lines()) == 2


@pytest.mark.parametrize("options", [*STORIES, *BOTH], ids=name)
def test_options_of_a_language_model(tmp_path: Path, options: tuple[object, ...]) -> None:
    story(tmp_path / "story.txt", 16)
    assert finite(trained("story.txt", *STORY_TINY, *options, cwd=tmp_path).facts())
    answer = elman_here("generate", "runs/story", "--length", 3, cwd=tmp_path)
    assert answer.code == 0


def test_the_shape_of_a_table_can_be_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled(40))
    options = ("--shape", "language_model", *STORY_TINY)
    facts = trained("reviews.csv", *options, cwd=tmp_path).facts()
    assert facts["shape"] == "language_model"


def weights(run: Path) -> dict[str, bytes]:
    manifest = json.loads((run / "run.json").read_bytes())
    return {
        which: (
            run / "generations" / str(manifest[which]["number"]) / "weights.safetensors"
        ).read_bytes()
        for which in ("best", "last")
    }


@pytest.mark.parametrize("shape", ["reviews.csv", "story.txt"])
def test_the_same_seed_gives_the_same_weights(tmp_path: Path, shape: str) -> None:
    write(tmp_path / "reviews.csv", labelled(40))
    story(tmp_path / "story.txt", 16)
    options = (*STORY_TINY, "--dropout", 0.3, "--seed", 5)
    trained(shape, *options, "--out", "a", cwd=tmp_path)
    other_process = elman("train", shape, *options, "--out", "b", cwd=tmp_path)
    assert other_process.code == 0
    trained(shape, *options[:-1], 6, "--out", "c", cwd=tmp_path)
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    assert weights(tmp_path / "a")["last"] != weights(tmp_path / "c")["last"]


def recorded(run: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((run / "training.json").read_text())["config"]
    return config


def test_a_configuration_file_has_the_keys_of_the_options(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled(40))
    (tmp_path / "run.toml").write_text(
        'cell = "gru"\nreset_after = false\nepochs = 1\nhidden_size = 5\n'
        "bidirectional = false\nlearning_rate = 0.01\nseed = 3\n"
    )
    options = ("--hidden-size", 6, "--bidirectional", "--out", "a")
    trained("reviews.csv", "--config", "run.toml", *options, cwd=tmp_path)
    config = recorded(tmp_path / "a")
    assert config["cell"] == "gru"
    assert config["reset_after"] is False
    assert (config["epochs"], config["seed"], config["learning_rate"]) == (1, 3, 0.01)
    assert (config["hidden_size"], config["bidirectional"]) == (6, True)  # the command line wins
    same = (
        "--cell",
        "gru",
        "--no-reset-after",
        "--epochs",
        1,
        "--learning-rate",
        0.01,
        "--seed",
        3,
    )
    trained("reviews.csv", *same, *options[:-1], "b", cwd=tmp_path)
    assert weights(tmp_path / "a") == weights(tmp_path / "b")


def test_every_fault_of_a_configuration_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled(40))
    (tmp_path / "run.toml").write_text('hiden_size = 5\ncell = "lstn"\nepochs = "many"\n')
    options = ("--config", "run.toml", "--clip", "sometimes", "--dropout", 1, "--learning-rate", -1)
    answer = elman_here("train", "reviews.csv", *options, "--momentum", 0.5, cwd=tmp_path)
    refused(
        answer, 4, "run.toml", "'hiden_size'", "'hidden_size'", "lstn", "'lstm'", "epochs",
        "clip", "'norm'", "dropout", "learning_rate", "momentum",
    )  # fmt: skip
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"cell = gru\n", ["run.toml", "line 1"]),
        (b"\xff\xfe", ["run.toml", "TOML"]),
        (b"[training]\nepochs = 1\n", ["'training'"]),
        (b"epochs = 1\nepochs = 2\n", ["run.toml"]),
        (b"cell = " + b"[" * 100_000, ["run.toml"]),
        (None, ["run.toml", "No such file"]),
    ],
    ids=["no TOML", "no text", "a table", "twice", "deep", "missing"],
)
def test_a_file_that_is_no_configuration(
    tmp_path: Path, content: bytes | None, words: list[str]
) -> None:
    write(tmp_path / "reviews.csv", labelled(40))
    if content is not None:
        (tmp_path / "run.toml").write_bytes(content)
    answer = elman_here("train", "reviews.csv", "--config", "run.toml", cwd=tmp_path)
    refused(answer, 4, *words)


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        ("reviews.csv", ("--hidden-size", 10**6), ["hidden_size", "65536"]),
        ("reviews.csv", ("--num-layers", 65), ["num_layers", "64"]),
        ("reviews.csv", ("--threads", 10**9), ["threads", "1024"]),
        ("reviews.csv", ("--seed", 2**63), ["seed"]),
        ("reviews.csv", ("--epochs", 10**400), ["epochs"]),
        ("reviews.csv", ("--clip-at", 1e300), ["clip_at"]),
        ("reviews.csv", ("--learning-rate", "nan"), ["learning_rate"]),
        ("reviews.csv", ("--hidden-size", 4.5), ["hidden_size", "integer"]),
        ("reviews.csv", ("--tied",), ["tied", "many_to_one"]),
        ("reviews.csv", ("--bptt-steps", 3), ["bptt_steps"]),
        ("story.txt", ("--pooling", "max"), ["pooling", "language_model"]),
        ("story.txt", ("--bptt-steps", 8, "--bptt-window", 4), ["bptt_window"]),
        ("story.txt", ("--tied", "--embedding-size", 3), ["embedding_size", "--no-tied"]),
        ("reviews.csv", ("--nonlinearity", "relu"), ["nonlinearity", "rnn"]),
        ("reviews.csv", ("--no-reset-after",), ["reset_after", "gru"]),
    ],
)  # fmt: skip
def test_values_that_no_run_can_have(
    tmp_path: Path, data: str, options: tuple[object, ...], words: list[str]
) -> None:
    write(tmp_path / "reviews.csv", labelled(40))
    story(tmp_path / "story.txt", 16)
    refused(elman_here("train", data, *options, cwd=tmp_path), 4, *words)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "Usage"),
        (("fly",), "fly"),
        (("train",), "data"),
        (("train", "a.csv", "--hiden-size", 4), "--hidden-size"),
        (("generate",), "run"),
        (("train", "a.csv", "b.csv"), "b.csv"),
        (("predict", "runs/a", "--top", 0), "--top"),
    ],
)
def test_commands_that_make_no_sense(tmp_path: Path, words: tuple[object, ...], named: str) -> None:
    answer = elman_here(*words, cwd=tmp_path)
    assert answer.code == 2, answer
    assert named in answer.err + answer.out
