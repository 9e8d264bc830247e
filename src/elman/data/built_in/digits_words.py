"""The built-in source `digits-words`: the scans of `digits`, each with its digit's English name."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from elman.data.arrays.labelled import ArrayDataset
from elman.data.built_in import digits
from elman.data.examples import LabelledArray

NAMES: Final = "zero one two three four five six seven eight nine".split()


def load(seed: int) -> ArrayDataset:
    """1,797 images of 8 x 8 pixels, to be named letter by letter.

    Args:
        seed: the run's; the split does not follow it, so that all runs are measured on one test
            part.

    Raises:
        MissingExtra: when scikit-learn is not installed.

    Example:
        >>> dataset = load(seed=0)
        >>> dataset.train[0].values.shape, dataset.train[0].label
        ((1, 8, 8), 'zero')
    """
    scans = digits.load(seed)

    def named(examples: tuple[LabelledArray, ...]) -> tuple[LabelledArray, ...]:
        return tuple(replace(one, label=NAMES[int(one.label)]) for one in examples)

    return replace(
        scans,
        name="digits-words",
        shape="one_to_many",
        shape_reason="one to many: the name of each digit is to be written for its image",
        target="text",
        train=named(scans.train),
        validation=named(scans.validation),
        test=named(scans.test),
    )
