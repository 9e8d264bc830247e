"""The built-in source `digits`: scans of handwritten digits, as scikit-learn ships them.

Source: Alpaydin, Kaynak (1998), "Optical recognition of handwritten digits", UCI Machine Learning
Repository; its test set, written by 13 people.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from elman.data.arrays.labelled import ArrayDataset
from elman.data.examples import LabelledArray
from elman.data.files.images import ImageForm
from elman.data.splits import seeded_split
from elman.errors import MissingExtra

SPLIT_SEED: Final = 0
BRIGHTEST: Final = 16
"""Of the scans; the files of images that one may predict for go to 255."""


def load(seed: int) -> ArrayDataset:
    """1,797 images of 8 x 8 pixels, light on dark, each labelled with its digit.

    Args:
        seed: the run's; the split does not follow it, so that all runs are measured on one test
            part.

    Raises:
        MissingExtra: when scikit-learn is not installed.

    Example:
        >>> dataset = load(seed=0)
        >>> dataset.train[0].values.shape, len(dataset.test)
        ((1, 8, 8), 180)
    """
    try:
        import sklearn
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtra("scikit-learn", "demo", "The built-in source 'digits'") from error
    scans = load_digits()
    pixels = np.round(scans.images * (255 / BRIGHTEST)).astype(np.uint8)[:, None]
    examples = [
        LabelledArray(image, str(digit), row)
        for row, (image, digit) in enumerate(zip(pixels, scans.target, strict=True), 1)
    ]
    places = seeded_split(len(examples), SPLIT_SEED)
    train, validation, test = (tuple(examples[place] for place in part) for part in places)
    digest = hashlib.sha256(pixels.tobytes() + scans.target.astype(np.uint8).tobytes())
    return ArrayDataset(
        name="digits",
        shape="one_to_one",
        shape_reason="one to one: each image is labelled with its digit (10 labels)",
        target="class",
        train=train,
        validation=validation,
        test=test,
        split_reason=f"fixed split 80/10/10 (seed {SPLIT_SEED}, whatever the run's seed)",
        sha256=digest.hexdigest(),
        notes=(
            f"handwritten digits of scikit-learn {sklearn.__version__}: {len(examples):,} scans of "
            "8 x 8 pixels in 16 shades, light on dark",
        ),
        form=ImageForm(8, 8, 1),
    )
