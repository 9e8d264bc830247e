"""From labelled arrays in three parts to a dataset, whatever they were read from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from elman.data.arrays.labelled import ArrayDataset, Form, target_words
from elman.data.examples import LabelledArray, Target
from elman.data.files.images import ImageForm
from elman.data.files.mel import SoundForm
from elman.data.options import DataOptions
from elman.data.splits import PARTS, Part, Parts
from elman.data.texts.labels import are_amounts, check_amounts, check_classes, with_known_labels
from elman.data.wording import counted

ArrayShape = Literal["one_to_one", "many_to_one"]


def array_dataset(
    options: DataOptions,
    parts: Parts[LabelledArray],
    form: Form,
    shape: ArrayShape,
    what: str,
    sha256: str,
    *,
    label: str | None = None,
    origins: Mapping[Part, str] | None = None,
    notes: tuple[str, ...] = (),
) -> ArrayDataset:
    """A dataset whose labels can be learned.

    Args:
        options: what the user asked for.
        parts: the examples, divided.
        form: of every array.
        shape: of model.
        what: the examples and where their labels come from, in words.
        sha256: digest of the source.
        label: the column of the labels, where there is one.
        origins: the file of each part, where it is not the data itself.
        notes: facts about the reading.

    Raises:
        DataError: the labels are all the same, or numbers are wanted and one is none, or a fixed
            part has a label that never occurs in training.
    """
    everything = [*parts.train, *parts.validation, *parts.test]
    labels = {one.label for one in everything}
    kind = options.label_kind or ("number" if are_amounts(labels) else "class")
    target: Target = kind
    moved: list[str] = []
    if kind == "number":
        check_amounts(everything, options.data)
    else:
        check_classes(everything, options.data, label)
        parts, moved = with_known_labels(parts, origins or dict.fromkeys(PARTS, options.data))
    words = {"one_to_one": "one to one", "many_to_one": "many to one"}[shape]
    return ArrayDataset(
        name=Path(options.data).name,
        shape=shape,
        shape_reason=f"{words}: {what} ({target_words(target, len(labels))})",
        target=target,
        train=tuple(parts.train),
        validation=tuple(parts.validation),
        test=tuple(parts.test),
        split_reason=parts.reason,
        sha256=sha256,
        notes=(*notes, *form_notes(form), *moved, *_repeated(parts)),
        reads="frames" if shape == "many_to_one" else None,
        form=form,
    )


def form_notes(form: Form) -> tuple[str, ...]:
    """What was done to files, in words."""
    if isinstance(form, ImageForm):
        colours = "grey" if form.channels == 1 else "colour"
        return (f"images are read as {form.height} x {form.width} pixels in {colours}",)
    if isinstance(form, SoundForm):
        return (
            f"sounds are read at {form.rate:,} Hz as log-mel frames of {form.bands} bands, "
            "25 ms each, one every 10 ms",
        )
    return ()


def _repeated(parts: Parts[LabelledArray]) -> tuple[str, ...]:
    """A note on the test examples that a model has already seen in training, if there are any."""
    seen = {one.values.tobytes() for one in parts.train}
    number = sum(one.values.tobytes() in seen for one in parts.test)
    verb = "occurs" if number == 1 else "occur"
    said = f"{counted(number, 'example')} of the test part also {verb} in train"
    return (said,) if number else ()
