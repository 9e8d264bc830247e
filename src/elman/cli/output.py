"""Pages that a verb writes where `--out` says."""

from __future__ import annotations

from pathlib import Path

from elman.errors import ConfigurationError


def write_page(out: Path, page: str) -> None:
    """Write a page, in place of an older one.

    Raises:
        ConfigurationError: the place cannot be written to.
    """
    from elman.training.files import replace_file

    try:
        replace_file(out, page.encode())
    except OSError as error:
        raise ConfigurationError(
            f"The page cannot be written: {error.strerror}.",
            where=str(out),
            expected="the name of a file, in a folder that is there and may be written to",
            next_step="choose another place with --out",
        ) from error
