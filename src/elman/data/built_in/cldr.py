"""The Unicode consortium's locale data (CLDR), as the library Babel ships it."""

from __future__ import annotations

from types import ModuleType

from elman.errors import MissingExtra


def babel_for(source: str) -> ModuleType:
    """The library Babel, its part on dates included.

    Args:
        source: the built-in source that needs it, for the message.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import babel
        import babel.dates
    except ImportError as error:
        raise MissingExtra("babel", "demo", f"The built-in source {source!r}") from error
    return babel
