"""Whether the native core was built, and what the processor it would run on can do."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_HOW_TO_BUILD = (
    "To build it, install Elman again where there is a C++17 compiler; with ELMAN_REQUIRE_ENGINE=1 "
    "in the environment, an installation that cannot build it stops and shows the compiler's error."
)


@dataclass(frozen=True)
class EngineStatus:
    """What `elman doctor` says about the native core.

    Args:
        built: whether the compiled module can be imported.
        reason: one sentence: what computes now, and what to do if the module is missing.
        processor: feature name to whether the processor has it; empty when not built.
    """

    built: bool
    reason: str
    processor: Mapping[str, bool]


def engine_status() -> EngineStatus:
    """Look for the native core and say what was found.

    Example:
        >>> "reference kernel" in engine_status().reason
        True
    """
    try:
        engine = importlib.import_module("elman._engine")
    except ImportError as error:
        reason = f"not built ({error}); the reference kernel computes everything. {_HOW_TO_BUILD}"
        return EngineStatus(False, reason, MappingProxyType({}))
    reason = (
        f"built with {engine.compiled_with()}; its {engine.build()} build computes, and the "
        "reference kernel what the engine does not serve."
    )
    return EngineStatus(True, reason, MappingProxyType(engine.processor_features()))


_MAPS = Path("/proc/self/maps")
_OPENMP = ("libgomp", "libiomp", "libomp")


def openmp_runtimes() -> list[str] | None:
    """The OpenMP runtimes that the process has loaded, by path; None where the system does not say.

    The native core uses the one that torch has loaded. With two, each keeps threads of its own,
    and they compete for the processors.
    """
    if not _MAPS.is_file():
        return None
    lines = _MAPS.read_text(encoding="utf-8", errors="replace").splitlines()
    fields = [line.split(maxsplit=5) for line in lines]
    paths = {Path(found[5]) for found in fields if len(found) > 5}
    return sorted(str(path) for path in paths if path.name.startswith(_OPENMP))
