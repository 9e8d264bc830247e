"""Elman where the native core was not built: it computes, and says what it lacks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from elman.kernels import engine

REFUSED = """
import sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name == "elman._engine":
            raise ModuleNotFoundError("refused by a test", name=name)

sys.meta_path.insert(0, Refusal())
"""

CALLS = """
import json, warnings
import elman, torch

def said(run):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [[one.category.__name__, str(one.message)] for one in caught]

x = torch.randn(4, 2, 3, requires_grad=True)
answers = {}
answers["made"] = said(lambda: elman.LSTM(3, 5))
answers["by name"] = said(lambda: elman.LSTM(3, 5, kernel="reference")(x))
answers["meta"] = said(lambda: elman.LSTM(3, 5, device="meta")(x.detach().to("meta")))
answers["first"] = said(lambda: elman.LSTM(3, 5, num_layers=2)(x)[0].sum().backward())
answers["second"] = said(lambda: elman.GRU(3, 5)(x, lengths=[4, 1]))
try:
    elman.LSTM(3, 5, kernel="cpu")(x)
except elman.errors.KernelUnavailable as error:
    answers["refused"] = str(error)
answers["trained"] = bool(x.grad.ne(0).any())
print(json.dumps(answers))
"""

DOCTOR = """
sys.argv = ["elman", "doctor", *sys.argv[1:]]
from elman.cli import main
main()
"""


def printed(code: str, *words: str) -> str:
    """What a process of its own prints, the native core refused to it."""
    return subprocess.run(
        [sys.executable, "-c", REFUSED + code, *words], capture_output=True, text=True, check=True
    ).stdout


def test_it_warns_once_when_the_first_layer_runs_on_the_reference_instead() -> None:
    answers = json.loads(printed(CALLS))
    assert answers["made"] == answers["by name"] == answers["meta"] == answers["second"] == []
    ((category, message),) = answers["first"]
    assert category == "UserWarning"
    assert "native core was not built" in message
    assert "elman doctor" in message
    assert "native core was not built" in answers["refused"]
    assert answers["trained"]


def test_doctor_says_so_and_how_to_build_it() -> None:
    facts = json.loads(printed(DOCTOR, "--json"))
    assert facts["CPU engine"].startswith("not built (refused by a test)")
    assert "ELMAN_REQUIRE_ENGINE=1" in facts["CPU engine"]
    assert facts["processor features"] == {}


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
def test_the_openmp_runtimes_of_a_process_are_counted() -> None:
    runtimes = json.loads(printed(DOCTOR, "--json"))["OpenMP runtimes"]
    assert runtimes["loaded"] == len(runtimes["from"]) == 1
    assert "gomp" in runtimes["from"][0]
    assert f"OpenMP runtimes:    loaded 1; from {runtimes['from'][0]}\n" in printed(DOCTOR)


def test_doctor_says_where_they_cannot_be_counted() -> None:
    code = "from pathlib import Path; from elman.kernels import engine; engine._MAPS = Path('no')\n"
    assert "OpenMP runtimes:    not counted" in printed(code + DOCTOR)


LOADED = """\
7f00-7f10 r-xp 00000000 fe:00 11  /a b/torch/lib/libgomp.so.1
7f10-7f20 r--p 00000000 fe:00 11  /a b/torch/lib/libgomp.so.1
7f20-7f30 r-xp 00000000 fe:00 12  /opt/intel/libiomp5.so
7f30-7f40 r-xp 00000000 fe:00 13  /opt/libgomp/libm.so.6
7f40-7f50 rw-p 00000000 00:00 0
7f50-7f60 rw-p 00000000 00:00 0   [heap]
"""


def test_each_runtime_is_counted_once_and_no_other_library(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = tmp_path / "maps"
    monkeypatch.setattr(engine, "_MAPS", maps)
    assert engine.openmp_runtimes() is None
    maps.write_text(LOADED, encoding="utf-8")
    assert engine.openmp_runtimes() == ["/a b/torch/lib/libgomp.so.1", "/opt/intel/libiomp5.so"]
