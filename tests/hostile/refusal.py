"""Asking for a refusal, and holding it to have every part that a user needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.load import load_dataset
from elman.data.options import DataOptions
from elman.errors import DataError

GOOD = [(f"text number {number}", "ab"[number % 2]) for number in range(12)]


def refused(options: DataOptions) -> DataError:
    """The refusal, which must have all its parts and name the file."""
    with pytest.raises(DataError) as caught:
        load_dataset(options)
    error = caught.value
    assert error.exit_code == 3
    assert error.what
    assert error.expected
    assert error.next_step
    return error


def refused_file(path: Path, content: str | bytes, **options: str) -> DataError:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    error = refused(DataOptions(str(path), **options))  # type: ignore[arg-type]
    assert str(path) in error.where
    return error
