"""Image and sound files as arrays of one form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from elman.data.arrays.labelled_files import LabelledFile
from elman.data.examples import LabelledArray
from elman.data.files.images import IMAGE_ENDINGS, ImageForm, choose_form, read_image
from elman.data.files.mel import SoundForm, choose_sound_form, log_mel
from elman.data.files.source import Digest
from elman.data.files.wav import WAV_ENDINGS, read_wav

FILE_ENDINGS = (*IMAGE_ENDINGS, *WAV_ENDINGS)
FileForm = ImageForm | SoundForm


def choose_file_form(paths: Sequence[Path]) -> FileForm:
    """The form that suits most of some files, which are all images or all sounds.

    Raises:
        DataError: a file cannot be read as what its ending says.
    """
    if paths[0].suffix.lower() in IMAGE_ENDINGS:
        return choose_form(paths)
    return choose_sound_form([read_wav(path, _undigested).rate for path in paths])


def read_array(path: Path, form: FileForm, digest: Digest) -> np.ndarray:
    """The pixels [C, H, W] of an image, or the log-mel frames [T, bands] of a sound.

    Raises:
        DataError: the file cannot be read.
    """
    if isinstance(form, ImageForm):
        return read_image(path, form, digest)
    return log_mel(read_wav(path, digest), form)


def read_labelled_arrays(
    files: Sequence[LabelledFile], form: FileForm, digest: Digest
) -> list[LabelledArray]:
    """The arrays of labelled files; names and labels are digested beside their bytes.

    Raises:
        DataError: a file cannot be read; it is named.
    """
    examples = []
    for file in files:
        digest(f"{file.name}\0{file.label}\0{file.part}\0".encode())
        values = read_array(file.path, form, digest)
        examples.append(LabelledArray(values, file.label, file.row, file.name))
    return examples


def _undigested(content: bytes) -> None:
    """The bytes are digested when they are read for good."""
