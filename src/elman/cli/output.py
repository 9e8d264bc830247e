"""Pages that a verb writes where `--out` says."""

from __future__ import annotations

from pathlib import Path

from elman.errors import ConfigurationError


def check_place(out: Path | None) -> None:
    """Refuse a place that cannot hold a page, before the work that the page is about.

    Raises:
        ConfigurationError: its folder is not there, or it is a folder itself.
    """
    if out is None:
        return
    if not out.parent.is_dir():
        raise _refusal("No such folder", out)
    if out.is_dir():
        raise _refusal("Is a directory", out)


def write_page(out: Path, page: str) -> None:
    """Write a page, in place of an older one.

    Raises:
        ConfigurationError: the place cannot be written to.
    """
    from elman.training.files import replace_file

    try:
        replace_file(out, page.encode())
    except OSError as error:
        raise _refusal(str(error.strerror), out) from error


def _refusal(reason: str, out: Path) -> ConfigurationError:
    return ConfigurationError(
        f"The page cannot be written: {reason}.",
        where=str(out),
        expected="the name of a file, in a folder that is there and may be written to",
        next_step="choose another place with --out",
    )
