"""Folders of images or of sounds as datasets."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from elman.data.arrays.dataset import array_dataset
from elman.data.arrays.files import choose_file_form, read_labelled_arrays
from elman.data.arrays.labelled import ArrayDataset
from elman.data.arrays.labelled_files import files_in, labelled_files
from elman.data.examples import LabelledArray
from elman.data.files.images import IMAGE_ENDINGS, ImageForm
from elman.data.files.wav import WAV_ENDINGS
from elman.data.options import DataOptions
from elman.data.splits import GIVEN_FILE, PARTS, Part, divide
from elman.data.wording import counted, quoted
from elman.errors import DataError


def load_folder(options: DataOptions) -> ArrayDataset:
    """Read, understand and divide a folder of images or of WAV files.

    Raises:
        DataError: the folder holds no such files, or one cannot be read or has no label.
        UsageError: the pattern of file names makes no sense.
    """
    folder = Path(options.data)
    endings = kind_in(folder)
    named = {part: value for part in PARTS[1:] if (value := getattr(options, part)) is not None}
    patterns = {part: value for part, value in named.items() if not os.path.isdir(value)}
    files = labelled_files(folder, endings, options.file_names, patterns)
    form = choose_file_form([file.path for file in files])
    digest = hashlib.sha256()
    given: dict[Part, list[LabelledArray]] = {}
    sources: dict[Part, str] = {}
    for file, example in zip(files, read_labelled_arrays(files, form, digest.update), strict=True):
        given.setdefault(file.part or "train", []).append(example)
    for part in given:
        sources[part] = f"files {patterns[part]!r}" if part in patterns else "folders of that name"
    for part in named.keys() - patterns.keys():
        others = labelled_files(Path(named[part]), endings, options.file_names)
        given[part] = read_labelled_arrays(others, form, digest.update)
        sources[part] = GIVEN_FILE
    sources.pop("train", None)
    parts = divide(given, sources, options.seed, options.data)
    image = isinstance(form, ImageForm)
    by = f"names, {options.file_names!r}" if options.file_names else "folders"
    return array_dataset(
        options,
        parts,
        form,
        "one_to_one" if image else "many_to_one",
        f"{counted(len(files), 'image' if image else 'sound')} labelled by their {by}",
        digest.hexdigest(),
    )


def kind_in(folder: Path) -> tuple[str, ...]:
    """The endings of the files that a folder holds: those of images, or those of sounds.

    Raises:
        DataError: it holds both, or neither.
    """
    images, sounds = files_in(folder, IMAGE_ENDINGS), files_in(folder, WAV_ENDINGS)
    if bool(images) != bool(sounds):
        return IMAGE_ENDINGS if images else WAV_ENDINGS
    held = f"{counted(len(images), 'image')} and {counted(len(sounds), 'sound')}"
    held = held if images else "no images and no sounds"
    raise DataError(
        f"{str(folder)!r} is a folder that holds {held}.",
        where=str(folder),
        expected=f"files that end in {', '.join(IMAGE_ENDINGS)}, or in {', '.join(WAV_ENDINGS)}",
        next_step=f"ls {quoted(folder)}, then name one of its files or a folder of such files",
    )
