"""Disguised pickles and other programs in the places of files: refused, and never run."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import subprocess
from pathlib import Path

import pytest

import elman
from elman.data.load import load_dataset
from elman.data.options import DataOptions
from elman.errors import CorruptRunError, ElmanError
from elman.training.config import read_toml
from elman.training.loop import Nobody
from elman.training.manifest import MODEL_FILES, sealed
from elman.training.stop import StopRequest
from elman.training.train import resume
from tests.e2e.stopping import OPTIONS, interrupted_after, make_data
from tests.hostile.payloads import FILES, PAYLOADS, Payload, pickled


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("payloads")
    make_data(home)
    words = ("train", "reviews.csv", *OPTIONS["reviews.csv"], "--epochs", 2, "--out", home / "run")
    assert interrupted_after(14, *words, cwd=home).code == 130
    return home / "run"


def plant(run: Path, name: str, content: bytes) -> None:
    """Put a file into a run, with digests that fit."""
    manifest = json.loads((run / "run.json").read_bytes())
    del manifest["sha256"]
    record = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    if name == "run.json":
        (run / name).write_bytes(content)
        return
    if name == "training.json":
        manifest["training"] = record
        (run / name).write_bytes(content)
    for which in ("best", "last"):
        if name in manifest[which]["files"]:
            manifest[which]["files"][name] = record
            (run / "generations" / str(manifest[which]["number"]) / name).write_bytes(content)
    (run / "run.json").write_bytes(sealed(json.dumps(manifest).encode()))


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_no_payload_is_run_from_a_run_folder(
    original: Path, tmp_path: Path, payload: Payload
) -> None:
    canary = tmp_path / "canary"
    content = payload(canary)
    for name in FILES:
        run = tmp_path / "run"
        shutil.copytree(original, run)
        plant(run, name, content)
        if name in ("model.json", "vocabulary.json", "weights.safetensors", "run.json"):
            with pytest.raises(CorruptRunError):
                elman.load(run)
        if name not in MODEL_FILES[:2]:  # which `resume` makes anew
            with pytest.raises(CorruptRunError):
                resume(run, None, Nobody(), StopRequest())
        shutil.rmtree(run)
    assert not canary.exists()


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_no_payload_is_run_from_a_file_of_data(tmp_path: Path, payload: Payload) -> None:
    canary = tmp_path / "canary"
    content = payload(canary)
    for ending in ("csv", "tsv", "jsonl", "parquet", "txt", "conllu", "bio"):
        path = tmp_path / f"data.{ending}"
        path.write_bytes(content)
        with pytest.raises(ElmanError):
            load_dataset(DataOptions(str(path)))
    (tmp_path / "run.zip").write_bytes(content)
    with pytest.raises(ElmanError):
        elman.load(tmp_path / "run.zip")
    (tmp_path / "options.toml").write_bytes(content)
    with pytest.raises(ElmanError):
        read_toml(tmp_path / "options.toml")
    assert not canary.exists()


def test_the_payloads_are_as_dangerous_as_they_look(tmp_path: Path) -> None:
    assert len(PAYLOADS) >= 30
    canary = tmp_path / "canary"
    pickle.loads(pickled(2)(canary))  # noqa: S301
    assert canary.exists()
    canary.unlink()
    script = tmp_path / "script"
    script.write_bytes(PAYLOADS["shell"](canary))
    subprocess.run(["/bin/sh", script], check=True)
    assert canary.exists()
