"""A trained model, taken from its run folder."""

from __future__ import annotations

from pathlib import Path

from elman.errors import CorruptRunError
from elman.training.checkpoint import read_json
from elman.training.saved_run import open_run
from elman.training.shapes.contract import Predictor
from elman.training.shapes.model_file import content_of
from elman.training.shapes.registry import SHAPES, shape_named


def load(run: str | Path) -> Predictor:
    """The best generation of a run, ready to predict.

    Args:
        run: the run folder, or a zip archive of it.

    Returns:
        The `Predictor` of the run's shape: a `Classifier` for many to one, a `Generator` for a
        language model.

    Raises:
        ConfigurationError: there is no such folder.
        CorruptRunError: a file is missing, altered, or of a newer format.
    """
    saved = open_run(Path(run))
    return predictor_of(saved.read(saved.manifest.best))


def predictor_of(files: dict[str, bytes]) -> Predictor:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    described = read_json(files["model.json"], "model.json")
    said = described if isinstance(described, dict) else {}
    name, reads = said.get("shape"), said.get("reads")
    parts = shape_named(name, reads)
    if parts is None:
        raise CorruptRunError(
            "The model file does not describe a model of this version.",
            where=f"model.json: shape {name!r}" + (f", reads {reads!r}" if reads else ""),
            expected="one of " + ", ".join(dict.fromkeys(name for name, _ in SHAPES)),
            next_step="copy the run folder again from where it was whole, or train again",
        )
    description = content_of(parts.description, files["model.json"], "model.json")
    return parts.predictor(description, files["vocabulary.json"], files["weights.safetensors"])
