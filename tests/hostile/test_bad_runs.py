"""Run folders that are damaged or forged: refused by name, never a traceback, never changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from elman.errors import CorruptRunError
from elman.training.manifest import MODEL_FILES, STATE_FILES, sealed
from elman.training.saved_run import open_run
from tests.e2e.program import elman_here, refused
from tests.e2e.stopping import (
    OPTIONS,
    assert_same_ending,
    ending,
    interrupted_after,
    make_data,
)

Damage = Callable[[bytes], bytes | None]
"""What becomes of a file's content; None takes the file away."""

DAMAGES: dict[str, Damage] = {
    "missing": lambda content: None,
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "cut by one byte": lambda content: content[:-1],
    "longer": lambda content: content + b"\n",
    "first byte flipped": lambda content: flipped(content, 0),
    "middle byte flipped": lambda content: flipped(content, len(content) // 2),
    "last byte flipped": lambda content: flipped(content, len(content) - 1),
}


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs that were stopped in their second epoch: the best generation is not the last."""
    home = tmp_path_factory.mktemp("originals")
    make_data(home)
    for data in OPTIONS:
        words = ("train", data, *OPTIONS[data], "--epochs", 2, "--out", home / data[:5])
        assert interrupted_after(14, *words, cwd=home).code == 130
    return home


@pytest.fixture(params=["revie", "story"])
def run(originals: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    shutil.copytree(originals / request.param, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def labels_run(originals: Path, tmp_path: Path) -> Path:
    shutil.copytree(originals / "revie", tmp_path / "run")
    return tmp_path / "run"


def manifest_of(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run.json").read_bytes())
    del content["sha256"]
    return content


def put_manifest(run: Path, content: object) -> None:
    """Write run.json with a seal that fits, as a forger would."""
    (run / "run.json").write_bytes(sealed(json.dumps(content).encode()))


def file_of(run: Path, which: str, name: str) -> Path:
    return run / "generations" / str(manifest_of(run)[which]["number"]) / name


def put(path: Path, content: bytes | None) -> None:
    path.unlink()
    if content is not None:
        path.write_bytes(content)


def contents(run: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


def assert_refused(run: Path, verb: str, *named: str, code: int = 5) -> None:
    """The verb refuses the run by name, and does not touch it."""
    before = contents(run)
    answer = elman_here(verb, "run", *(["a film"] if verb == "predict" else []), cwd=run.parent)
    error = refused(answer, code, *named)
    assert len(error) < 1500
    assert contents(run) == before


def test_the_runs_are_as_these_tests_need_them(run: Path) -> None:
    manifest = manifest_of(run)
    assert manifest["best"]["number"] != manifest["last"]["number"]
    assert set(manifest["best"]["files"]) == set(MODEL_FILES)
    assert manifest["previous"]["last"]["number"] == manifest["best"]["number"]
    assert set(manifest["last"]["files"]) == {*MODEL_FILES, *STATE_FILES}
    assert elman_here("predict", "run", "a film", cwd=run.parent).code == 0
    assert elman_here("resume", "run", cwd=run.parent).code == 0


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", MODEL_FILES)
def test_a_damaged_file_of_the_best_generation(run: Path, name: str, damage: Damage) -> None:
    path = file_of(run, "best", name)
    put(path, damage(path.read_bytes()))
    assert_refused(run, "predict", name, str(path.relative_to(run.parent)))
    if name == "weights.safetensors":
        assert_refused(run, "evaluate", name)


@pytest.mark.parametrize(
    ("name", "damage"), list(zip([*MODEL_FILES, *STATE_FILES], DAMAGES, strict=False))
)
def test_from_a_damaged_checkpoint_one_goes_back_to_the_one_before(
    run: Path, name: str, damage: str, tmp_path: Path
) -> None:
    """Told aloud, however quiet the run shall be, and with the same end, bit for bit."""
    shutil.copytree(run, tmp_path / "whole")
    assert elman_here("resume", "whole", cwd=tmp_path).code == 0
    path = file_of(run, "last", name)
    put(path, DAMAGES[damage](path.read_bytes()))
    answer = elman_here("resume", "run", "--quiet", cwd=run.parent)
    assert answer.code == 0, answer.err
    assert answer.err.startswith("WARNING: ")
    assert str(path.relative_to(run.parent)) in answer.err
    assert "the checkpoint before it" in answer.err
    assert_same_ending(run, ending(tmp_path / "whole"))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", [*MODEL_FILES, *STATE_FILES])
def test_where_the_checkpoint_before_is_damaged_too(run: Path, name: str, damage: Damage) -> None:
    path = file_of(run, "last", name)
    put(path, damage(path.read_bytes()))
    before = run / "generations" / str(manifest_of(run)["previous"]["last"]["number"])
    (before / "state.json").unlink()
    assert_refused(run, "resume", name, str(path.relative_to(run.parent)))
    assert elman_here("predict", "run", "a film", cwd=run.parent).code == 0


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_record_of_the_training(run: Path, damage: Damage) -> None:
    put(run / "training.json", damage((run / "training.json").read_bytes()))
    assert_refused(run, "resume", "training.json")
    assert_refused(run, "evaluate", "training.json")
    assert elman_here("predict", "run", "a film", cwd=run.parent).code == 0


@pytest.mark.parametrize("name", ["missing", "empty", "cut", "cut by one byte"])
def test_a_manifest_that_is_cut(run: Path, name: str) -> None:
    put(run / "run.json", DAMAGES[name]((run / "run.json").read_bytes()[:-1]))
    for verb in ("predict", "resume", "evaluate"):
        assert_refused(run, verb, "run.json")


def test_every_byte_of_the_manifest_counts(labels_run: Path) -> None:
    path = labels_run / "run.json"
    content = path.read_bytes()
    for place in range(0, len(content), 3):
        path.write_bytes(flipped(content, place))
        with pytest.raises(CorruptRunError) as caught:
            open_run(labels_run)
        assert caught.value.where == str(path)
    path.write_bytes(flipped(content, 0))
    assert_refused(labels_run, "predict", "run.json")


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "newer": (lambda content: content | {"format": 2}, "pip install --upgrade elman"),
    "no format": (lambda content: content | {"format": "1"}, "damaged"),
    "a list": (lambda content: [content], "damaged"),
    "an extra key": (lambda content: content | {"code": "print()"}, "damaged"),
    "a negative generation": (lambda content: numbered(content, -1), "damaged"),
    "another generation": (lambda content: numbered(content, 99), "99"),
    "an endless generation": (lambda content: numbered(content, 10**300), "cannot be read"),
    "a path": (lambda content: renamed(content, "../../../../etc/passwd"), "other files"),
    "a missing name": (lambda content: renamed(content, None), "model.json"),
    "a wrong digest": (lambda content: with_digest(content, "0" * 64), "altered"),
    "no digest": (lambda content: with_digest(content, "x"), "damaged"),
}  # fmt: skip


def numbered(content: dict[str, Any], number: int) -> dict[str, Any]:
    return content | {which: content[which] | {"number": number} for which in ("best", "last")}


def renamed(content: dict[str, Any], name: str | None) -> dict[str, Any]:
    changed = json.loads(json.dumps(content))
    for which in ("best", "last"):
        record = changed[which]["files"].pop("model.json")
        if name is not None:
            changed[which]["files"][name] = record
    return dict(changed)


def with_digest(content: dict[str, Any], digest: str) -> dict[str, Any]:
    files = {name: record | {"sha256": digest} for name, record in content["best"]["files"].items()}
    return content | {"best": content["best"] | {"files": files}}


@pytest.mark.parametrize(("change", "word"), MANIFESTS.values(), ids=MANIFESTS)
def test_manifests_that_no_elman_wrote(
    labels_run: Path, change: Callable[[dict[str, Any]], object], word: str
) -> None:
    put_manifest(labels_run, change(manifest_of(labels_run)))
    assert_refused(labels_run, "predict", word)


@pytest.mark.parametrize(
    "content",
    [b"[" * 1_000_000, b'{"format":' * 200_000, b"\xff\xfe\x00", b"null", b"{}", b"NaN",
     b'{"format": 1e999}', b'{"format": ' + b"9" * 5000 + b"}", b"\xef\xbb\xbf{}"],
    ids=["deep list", "deep object", "no text", "null", "nothing", "NaN", "infinite", "long",
         "mark"],
)  # fmt: skip
def test_manifests_that_are_hardly_json(labels_run: Path, content: bytes) -> None:
    (labels_run / "run.json").write_bytes(content)
    for verb in ("predict", "resume", "evaluate"):
        assert_refused(labels_run, verb, "run.json")


# --- forged: the digests fit, the content does not


def forge(run: Path, which: str, name: str, content: bytes) -> None:
    """Put other content into a file, and its size and digest into the manifest."""
    manifest = manifest_of(run)
    record = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    if which == "training":
        manifest["training"] = record
        (run / name).write_bytes(content)
    else:
        manifest[which]["files"][name] = record
        file_of(run, which, name).write_bytes(content)
    put_manifest(run, manifest)


def forge_json(run: Path, which: str, name: str, change: Callable[[dict[str, Any]], Any]) -> None:
    path = run / name if which == "training" else file_of(run, which, name)
    forge(run, which, name, json.dumps(change(json.loads(path.read_bytes()))).encode())


MODELS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "wider": lambda model: model | {"hidden_size": 5},
    "vast": lambda model: model | {"hidden_size": 65_536, "num_layers": 64},
    "beyond the limit": lambda model: model | {"hidden_size": 10**9},
    "no cell": lambda model: model | {"cell": {"kind": "os.system"}},
    "another cell": lambda model: model | {"cell": model["cell"] | {"kind": "gru"}},
    "another shape": lambda model: model | {"shape": "pickle"},
    "more classes": lambda model: model | {"classes": 7},
    "other tokens": lambda model: model | {"vocabulary_size": 9},
    "no object": lambda model: [model],
    "an extra key": lambda model: model | {"hook": "import os"},
    "NaN": lambda model: model | {"dropout": float("nan")},
}


@pytest.mark.parametrize("change", MODELS.values(), ids=MODELS)
def test_forged_descriptions(labels_run: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    forge_json(labels_run, "best", "model.json", change)
    assert_refused(labels_run, "predict")


VOCABULARIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no labels": lambda words: words | {"labels": []},
    "twice": lambda words: words | {"labels": [words["labels"][0]] * len(words["labels"])},
    "no tokens": lambda words: words | {"text": {}},
    "numbers": lambda words: words | {"text": words["text"] | {"tokens": [1, 2, 3]}},
    "max_length 0": lambda words: words | {"max_length": 0},
    "max_length -1": lambda words: words | {"max_length": -1},
    "target": lambda words: words | {"target": "world"},
    "a list": lambda words: [words],
}


@pytest.mark.parametrize("change", VOCABULARIES.values(), ids=VOCABULARIES)
def test_forged_vocabularies(labels_run: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    forge_json(labels_run, "best", "vocabulary.json", change)
    assert_refused(labels_run, "predict")


def test_a_rating_whose_labels_are_no_numbers(labels_run: Path) -> None:
    forge_json(labels_run, "best", "vocabulary.json", lambda words: words | {"target": "rating"})
    words = ("evaluate", "run", labels_run.parent / "other.csv")
    (labels_run.parent / "other.csv").write_text("text,label\na film,pos\nb,neg\n")
    refused(elman_here(*words, cwd=labels_run.parent), 5)


Tensors = dict[str, torch.Tensor]

WEIGHTS: dict[str, Callable[[Tensors], Tensors | bytes]] = {
    "one missing": lambda tensors: dict(list(tensors.items())[1:]),
    "one more": lambda tensors: tensors | {"hook": torch.zeros(2)},
    "another shape": lambda tensors: {name: one[None].clone() for name, one in tensors.items()},
    "NaN": lambda tensors: {name: one * float("nan") for name, one in tensors.items()},
    "whole numbers": lambda tensors: {name: one.long() for name, one in tensors.items()},
    "no tensors": lambda tensors: {},
    "no safetensors": lambda tensors: b"\x80\x04\x95 a pickle it might be",
    "a vast header": lambda tensors: (2**63).to_bytes(8, "little") + b"{}",
    "deep": lambda tensors: (100_000).to_bytes(8, "little") + b"[" * 100_000,
}


@pytest.mark.parametrize("change", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("name", ["weights.safetensors", "optimizer.safetensors",
                                  "carried.safetensors"])  # fmt: skip
@pytest.mark.parametrize("data", list(OPTIONS))
def test_forged_tensors(
    originals: Path, tmp_path: Path, data: str, name: str,
    change: Callable[[Tensors], Tensors | bytes], request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    run = tmp_path / "run"
    shutil.copytree(originals / data[:5], run)
    forged = change(load_tensors(file_of(run, "last", name).read_bytes()))
    content = forged if isinstance(forged, bytes) else save_tensors(forged)
    if content == file_of(run, "last", name).read_bytes():
        return  # nothing is carried in a run of labels
    forge(run, "last", name, content)
    assert_refused(run, "resume")
    if name == "weights.safetensors":
        forge(run, "best", name, content)
        assert_refused(run, "predict")


STATES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "an epoch before the first": lambda state: state | {"epoch": -1},
    "an epoch after the last": lambda state: state | {"epoch": 1000},
    "a batch before the first": lambda state: state | {"batch": -1},
    "a batch after the last": lambda state: state | {"batch": 10**6},
    "a step before the first": lambda state: state | {"step": -1},
    "endless": lambda state: state | {"step": 10**400},
    "another batch": lambda state: state | {"done": True, "epoch": 3},
    "NaN": lambda state: state | {"plateau_factor": float("nan")},
    "a best that is no number": lambda state: state | {"best_value": float("inf")},
    "an extra key": lambda state: state | {"hook": 1},
    "nothing": lambda state: [],
}


@pytest.mark.parametrize("change", STATES.values(), ids=STATES)
def test_forged_states(labels_run: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    forge_json(labels_run, "last", "state.json", change)
    assert_refused(labels_run, "resume", "state.json")


TRAININGS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda training: {},
    "no configuration": lambda training: training | {"config": None},
    "an unknown cell": lambda training: training | {"config": training["config"] | {"cell": "x"}},
    "another size": lambda training: training | {"config": training["config"] | {"hidden_size": 7}},
    "no data": lambda training: training | {"data": {}},
    "data as a number": lambda training: training | {"data": 3},
    "no command": lambda training: {key: training[key] for key in training if key != "command"},
}


@pytest.mark.parametrize("change", TRAININGS.values(), ids=TRAININGS)
def test_forged_records_of_the_training(
    labels_run: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    forge_json(labels_run, "training", "training.json", change)
    assert_refused(labels_run, "resume")


@pytest.mark.parametrize("content", [None, b"", b"[]\n" * 99, b"\0" * 999, b"[" * 99_999],
                         ids=["missing", "empty", "lists", "NUL", "deep"])  # fmt: skip
def test_damaged_metrics(labels_run: Path, content: bytes | None) -> None:
    put(labels_run / "metrics.jsonl", content)
    assert_refused(labels_run, "resume", "metrics.jsonl")
    assert elman_here("predict", "run", "a film", cwd=labels_run.parent).code == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(labels_run: Path) -> None:
    path = file_of(labels_run, "best", "weights.safetensors")
    path.unlink()
    os.mkfifo(path)
    answer = elman_here("predict", "run", "a film", cwd=labels_run.parent)
    refused(answer, 5, "weights.safetensors")
