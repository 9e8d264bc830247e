"""What must hold of the package as a whole, whichever of its parts one uses."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import elman
from elman.kernels.engine import engine_status

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "elman").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def modules_after(statement: str) -> set[str]:
    """The names of the modules that a fresh interpreter has loaded after a statement."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


def called_names(source: Path) -> set[str]:
    """Dotted names of everything that a file calls or imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            names.add(ast.unparse(node.func))
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_one_version_everywhere() -> None:
    assert elman.__version__ == PROJECT["version"] == importlib.metadata.version("elman")


def test_the_core_dependencies_are_those_of_the_design() -> None:
    names = [requirement.split(">=")[0] for requirement in PROJECT["dependencies"]]
    assert names == [
        "torch",
        "numpy",
        "safetensors",
        "pydantic",
        "typer",
        "rich",
        "pyarrow",
        "regex",
    ]
    extras = {"demo", "images", "translation", "plots", "export", "serve", "bench", "dev"}
    assert set(PROJECT["optional-dependencies"]) == extras


def test_the_constraints_name_exact_versions_and_the_torch_we_test_with() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert pins["torch"] == "2.13.0"
    assert pins.keys() >= {"numpy", "pytest", "mypy", "ruff", "nanobind", "scikit-build-core"}


@pytest.mark.parametrize("module", ["elman", "elman.cli", "elman.__main__"])
def test_importing_loads_no_torch(module: str) -> None:
    loaded = modules_after(f"import {module}")
    assert module in loaded
    assert not loaded & {"torch", "numpy", "pyarrow"}


def test_loading_a_model_loads_no_compiler() -> None:
    """Which would take longer than all the rest of it."""
    run = ROOT / "tests" / "fixtures" / "format-1" / "labels.zip"
    assert run.is_file()
    loaded = modules_after(f"import elman; elman.load({str(run)!r})")
    assert "torch" in loaded
    assert not {"torch._dynamo", "torch.fx.experimental.symbolic_shapes"} & loaded


def test_python_m_elman_is_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "elman", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "train" in done.stdout


def test_every_name_that_elman_offers_can_be_had() -> None:
    assert {"RNN", "LSTM", "GRU"} <= set(dir(elman))
    for name in elman.__all__:
        assert getattr(elman, name) is not None
    with pytest.raises(AttributeError, match="LSTMM"):
        _ = elman.LSTMM


def test_nothing_runs_code_that_a_file_brings() -> None:
    banned = {"eval", "exec", "pickle", "cPickle", "dill", "shelve", "joblib", "cloudpickle"}
    banned |= {"torch.load", "torch.save", "yaml.load", "marshal", "numpy.load", "np.load"}
    assert len(SOURCES) > 20
    for source in SOURCES:
        found = {
            name for name in called_names(source) if name in banned or name.split(".")[0] in banned
        }
        assert not found, f"{source.relative_to(ROOT)} uses {found}"


def test_the_engine_is_there_where_it_is_required() -> None:
    status = engine_status()
    if os.environ.get("ELMAN_REQUIRE_ENGINE") == "1":
        assert status.built, status.reason
    if status.built:
        assert set(status.processor) == {"avx2", "avx512f", "avx512_bf16", "amx_bf16"}
        assert "built with" in status.reason


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="no list of processor flags here")
def test_the_engine_and_the_operating_system_agree_on_the_processor() -> None:
    engine = pytest.importorskip("elman._engine", reason="the native core was not built")
    flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    features = engine.processor_features()
    tiles = features.pop("amx_bf16")
    assert features == {
        "avx2": {"avx2", "fma"} <= flags,
        "avx512f": "avx512f" in flags,
        "avx512_bf16": "avx512_bf16" in flags,
    }
    # a system may have the flags and not grant this process the registers
    assert not tiles or {"amx_tile", "amx_bf16"} <= flags


def test_without_the_native_core_the_status_says_how_to_build_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "elman._engine", None)
    status = engine_status()
    assert not status.built
    assert not status.processor
    assert "reference kernel" in status.reason
    assert "ELMAN_REQUIRE_ENGINE=1" in status.reason


def test_every_package_of_the_source_tree_is_installed() -> None:
    packages = sorted({source.parent for source in SOURCES})
    assert len(packages) >= 9
    for folder in packages:
        name = ".".join(folder.relative_to(ROOT / "src").parts)
        assert importlib.import_module(name).__doc__, f"{name} has no docstring"
