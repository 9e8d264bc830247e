"""`elman doctor`: what is installed, what computes, and what to tell in a bug report."""

from __future__ import annotations

import importlib.metadata
import json as json_format
import os
import platform

import typer

from elman.cli.options import Debug, Json, Quiet

_LIBRARIES = ("torch", "numpy", "safetensors", "pydantic", "pyarrow", "regex", "typer", "rich")
_EXTRAS = {
    "demo": ("babel", "scikit-learn", "statsmodels", "matplotlib"),
    "images": ("pillow",),
    "translation": ("sacrebleu",),
    "export": ("onnx", "onnxruntime"),
    "serve": ("fastapi", "uvicorn"),
}


def doctor(
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say which versions are installed and which kernel computes, for a bug report."""
    import torch

    from elman.kernels.dispatch import KERNELS
    from elman.kernels.engine import engine_status, openmp_runtimes

    engine, runtimes = engine_status(), openmp_runtimes()
    facts = {
        "elman": _version("elman"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "torch threads": torch.get_num_threads(),
        "CPU engine": engine.reason,
        "processor features": dict(engine.processor),
        "OpenMP runtimes": "not counted: this system does not say what a process has loaded"
        if runtimes is None
        else {"loaded": len(runtimes), "from": runtimes},
        "kernels": [kernel.NAME for kernel in KERNELS],
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "extras": {
            extra: {name: _version(name) for name in names} for extra, names in _EXTRAS.items()
        },
    }
    if json:
        print(json_format.dumps(facts, ensure_ascii=False))
        return
    for name, value in facts.items():
        if isinstance(value, dict):
            value = "; ".join(f"{key} {_shown(one)}" for key, one in value.items())
        print(f"{name + ':':20}{_shown(value)}")


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "missing" if value is None else str(value)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(doctor)
