"""Runs that go wrong by their own options: told with a place, and no bad number is ever saved."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from elman.training.run_folder import RunFolder
from tests.e2e.program import elman_here, refused
from tests.e2e.samples import STORY_TINY, TINY, labelled, story, write

FAR = ("--clip", "none", "--optimizer", "sgd", "--learning-rate")

CASES = {
    "relu": ("reviews.csv", (*FAR, 1e30, "--cell", "rnn", "--nonlinearity", "relu"),
             ["reviews.csv, rows ", "recurrent layer 0, time step 0"]),
    "deep relu": ("reviews.csv", (*FAR, 1e12, "--cell", "rnn", "--nonlinearity", "relu",
                                  "--num-layers", 3, "--no-bidirectional"),
                  ["reviews.csv, rows ", "recurrent layer "]),
    "text": ("story.txt", (*FAR, 1e20, "--cell", "rnn", "--nonlinearity", "relu"),
             ["story.txt, steps ", "recurrent layer 0, time step "]),
    "whole documents": ("story.txt", (*FAR, 1e25, "--cell", "rnn", "--nonlinearity", "relu",
                                      "--bptt-steps", 0),
                        ["story.txt, documents that start at rows "]),
    "perplexity": ("story.txt", (*FAR, 1e4, "--momentum", 0), ["perplexity", "validation part"]),
    "weights": ("reviews.csv", ("--learning-rate", 1e38, "--weight-decay", 1e38), ["weights"]),
    "weights in one batch": ("reviews.csv", ("--learning-rate", 1e38, "--weight-decay", 1e38,
                                             "--batch-size", 100), ["weights", "update 1"]),
    "weights at a checkpoint": ("reviews.csv", ("--learning-rate", 1e38, "--weight-decay", 1e38,
                                                "--checkpoint-seconds", 0), ["weights"]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "options", "words"), CASES.values(), ids=CASES)
def test_a_run_that_diverges(
    tmp_path: Path, data: str, options: tuple[object, ...], words: list[str]
) -> None:
    write(tmp_path / "reviews.csv", labelled())
    story(tmp_path / "story.txt")
    tiny = TINY if data == "reviews.csv" else STORY_TINY
    answer = elman_here("train", data, *tiny, *options, "--out", "run", "--json", cwd=tmp_path)
    refused(answer, 6, "--learning-rate", *words)
    assert answer.facts()["error"] == "DivergedError"
    folder = RunFolder.open(tmp_path / "run")
    for generation in (folder.manifest.best, folder.manifest.last):
        weights = load(folder.read(generation)["weights.safetensors"])
        assert all(bool(torch.isfinite(weight).all()) for weight in weights.values())
    for line in folder.metric_lines():
        assert all(math.isfinite(value) for value in line["validation"].values())
    assert json.dumps(folder.metric_lines(), allow_nan=False)
    again = elman_here("resume", "run", cwd=tmp_path)  # the same numbers lead to the same place
    refused(again, 6)
    verb = ("predict", "run", "a film") if data == "reviews.csv" else ("generate", "run")
    assert elman_here(*verb, cwd=tmp_path).code == 0
