"""run.json: what counts in a run, which files belong to it, and what they must be."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from elman.errors import CorruptRunError
from elman.training.files import FileRecord, damaged

FORMAT: Final = 1
MODEL_FILES = ("model.json", "vocabulary.json", "weights.safetensors")
STATE_FILES = ("optimizer.safetensors", "carried.safetensors", "state.json")
LARGEST = {
    "run.json": 2**20,
    "training.json": 2**24,
    "metrics.jsonl": 2**30,
    "model.json": 2**20,
    "vocabulary.json": 2**28,
    "state.json": 2**20,
}
"""Most bytes of a JSON file: beyond what any run needs, and far below what harms a reader."""

_SEAL = b',\n "sha256": '


class _Record(BaseModel):
    # A perplexity may be infinite; strict JSON would have null for it, which is no number.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, ser_json_inf_nan="constants"
    )


class Generation(_Record):
    """One saved state of a model and the records of its files."""

    number: Annotated[int, Field(ge=0)]
    files: dict[str, FileRecord]


class Checkpoint(_Record):
    """Where a run stood at one time: its best and its last generation, and its metrics so far.

    Attributes:
        best: the files of the model that is best by the validation part.
        last: the files of the newest model and of the state of the training.
        metrics: of the part of metrics.jsonl that counts.
    """

    best: Generation
    last: Generation
    metrics: FileRecord


class Results(_Record):
    """What a finished run measured, once, on the test part."""

    test: dict[str, float]
    baselines: dict[str, dict[str, float]]
    seconds: float
    parameters: int


class Manifest(Checkpoint):
    """The content of run.json, but for its seal.

    Attributes:
        format: of the run folder.
        training: of training.json.
        previous: where the run stood one checkpoint before, its files kept in case the newest
            are damaged.
        results: of a finished run.
    """

    format: int
    training: FileRecord
    previous: Checkpoint | None = None
    results: Results | None = None

    def generations(self) -> list[Generation]:
        """Every generation that counts; some may be the same."""
        earlier = [self.previous.best, self.previous.last] if self.previous else []
        return [self.best, self.last, *earlier]

    def to_bytes(self) -> bytes:
        """The content of run.json, sealed."""
        return sealed(self.model_dump_json(indent=1).encode())


def sealed(content: bytes) -> bytes:
    """A JSON object with the SHA-256 of all that stands before it as its last key.

    It tells damage, as a disk or a transfer does it, and no forger, who could make one as well.
    """
    return _with_seal(content.rstrip().removesuffix(b"}").rstrip())


def _with_seal(body: bytes) -> bytes:
    return body + _SEAL + b'"%s"\n}\n' % hashlib.sha256(body).hexdigest().encode()


def parse_manifest(content: bytes, where: str) -> Manifest:
    """The manifest in run.json.

    Args:
        content: of the file.
        where: the file, for the message.

    Raises:
        CorruptRunError: it is damaged, or of a newer format.
    """
    try:
        found = json.loads(content)
        version = found.get("format") if isinstance(found, dict) else None
        if isinstance(version, int) and version > FORMAT:
            raise CorruptRunError(
                f"This run was written by a newer Elman (format {version}).",
                where=where,
                expected=f"format {FORMAT} or older",
                next_step="pip install --upgrade elman",
            )
        del found["sha256"]
        manifest = Manifest.model_validate(found)
    except (ValidationError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise damaged("run.json", where, "a manifest") from error
    if _with_seal(content.rpartition(_SEAL)[0]) != content:
        raise damaged("run.json", where, "a manifest with its own SHA-256")
    return manifest
