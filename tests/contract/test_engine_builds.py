"""Every build of the engine that this processor can run, against the reference kernel."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ShapeError
from elman.kernels import cpu
from elman.kernels.contract import Direction, SequenceCall
from elman.kernels.engine import engine_status
from elman.layers.gru import GRU
from elman.layers.lstm import LSTM
from elman.layers.recurrent import Recurrent
from elman.layers.rnn import RNN
from elman.sequences import Ragged
from tests.tolerances import AFTER_100_STEPS, BF16, GRADIENT, NORMED_GRADIENT

pytestmark = pytest.mark.skipif(not engine_status().built, reason=engine_status().reason)
ENGINE: Any = importlib.import_module("elman._engine") if engine_status().built else None
BUILDS = ENGINE.builds() if ENGINE else ["none"]
KINDS = ["rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before"]
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn_clip_zoneout": ("rnn_tanh", {"clip": 0.5, "zoneout": 0.3}),
    "lstm_peephole_coupled": ("lstm", {"peephole": True, "coupled": True}),
    "lstm_hard": ("lstm", {"gate_nonlinearity": "hard_sigmoid", "state_nonlinearity": "relu"}),
    "lstm_projected": ("lstm", {"proj_size": 4}),
    "lstm_zoneout": ("lstm", {"zoneout": (0.2, 0.4)}),
    "lstm_joint": ("lstm", {"norm": "joint", "peephole": True}),
    "gru_joint": ("gru", {"norm": "joint", "clip": 3.0}),
    "gru_before_zoneout": ("gru_before", {"zoneout": 0.5, "nonlinearity": "sigmoid"}),
}


@pytest.fixture(params=BUILDS)
def build(request: pytest.FixtureRequest) -> Iterator[str]:
    before = ENGINE.build()
    ENGINE.choose_build(request.param)
    yield request.param
    ENGINE.choose_build(before)


def make(kind: str, hidden_size: int, kernel: str, **options: Any) -> Recurrent:
    torch.manual_seed(0)
    kind, more = VARIANTS.get(kind, (kind, {}))
    options = {"bidirectional": True, "kernel": kernel, **more, **options}
    layer: Recurrent
    if kind.startswith("rnn"):
        function: Any = kind.removeprefix("rnn_")
        layer = RNN(5, hidden_size, 2, function, **options)
    elif kind == "lstm":
        layer = LSTM(5, hidden_size, 2, **options)
    else:
        layer = GRU(5, hidden_size, 2, reset_after=kind == "gru", **options)
    return layer.eval()


def results(layer: Recurrent, batch: Ragged) -> list[Tensor]:
    """Output, final states and every gradient."""
    values = batch.values.clone().requires_grad_()
    output, state = layer.run(batch.with_values(values))
    torch.manual_seed(1)  # the weights of the loss are drawn alike in both precisions
    parts = [output.values, *state]
    loss = torch.stack([(part * torch.randn(part.shape)).sum() for part in parts]).sum()
    gradients = torch.autograd.grad(loss, [values, *layer.parameters()])
    return [output.values, *state, *gradients]


@cache
def truth(kind: str, hidden_size: int, lengths: tuple[int, ...]) -> list[Tensor]:
    """The same in float64, by the reference kernel."""
    layer = make(kind, hidden_size, "reference").double()
    return results(layer, batch_of(lengths).with_values(batch_of(lengths).values.double()))


def batch_of(lengths: tuple[int, ...]) -> Ragged:
    torch.manual_seed(2)
    return Ragged(torch.randn(sum(lengths), 5), lengths)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hidden_size", [5, 16, 37, 70])
@pytest.mark.parametrize("lengths", [(6,) * 13, (9, 0, 4, 4, 1, 8, 2, 5, 3), (1,)])
def test_a_build_is_as_exact_as_float32_allows(
    build: str, kind: str, hidden_size: int, lengths: tuple[int, ...]
) -> None:
    found = results(make(kind, hidden_size, "cpu"), batch_of(lengths))
    assert_exact(found, truth(kind, hidden_size, lengths), build)


@pytest.mark.parametrize("kind", VARIANTS)
@pytest.mark.parametrize("hidden_size", [16, 37])
def test_a_build_is_as_exact_for_every_variant(build: str, kind: str, hidden_size: int) -> None:
    lengths = (9, 0, 4, 4, 1, 8, 2, 5, 3)
    found = results(make(kind, hidden_size, "cpu"), batch_of(lengths))
    tolerance = (NORMED_GRADIENT if "joint" in kind else GRADIENT)[torch.float32]
    assert_exact(found, truth(kind, hidden_size, lengths), build, tolerance)


@pytest.mark.parametrize("kind", [*KINDS, *VARIANTS])
def test_bfloat16_rounds_what_the_reference_rounds(build: str, kind: str) -> None:
    lengths = (9, 0, 4, 4, 1, 8, 2, 5, 3)
    batch = batch_of(lengths)
    found = results(make(kind, 37, "cpu", precision="bf16"), batch)
    assert_near(found, results(make(kind, 37, "reference", precision="bf16"), batch), build)
    full = results(make(kind, 37, "cpu"), batch)
    assert not any(torch.equal(one, other) for one, other in zip(found, full, strict=True))


# A relu's slope jumps where rounding moves a sum across 0, and a norm makes rounding larger.
@pytest.mark.parametrize("kind", ["rnn_tanh", "lstm", "gru", "gru_before"])
def test_bfloat16_is_near_to_full_precision(build: str, kind: str) -> None:
    lengths = (9, 0, 4, 4, 1, 8, 2, 5, 3)
    found = results(make(kind, 37, "cpu", precision="bf16"), batch_of(lengths))
    assert_near(found, truth(kind, 37, lengths), build)


def assert_near(found: list[Tensor], expected: list[Tensor], build: str) -> None:
    for number, (one, true) in enumerate(zip(found, expected, strict=True)):
        scale = max(1.0, float(true.detach().abs().max()))
        difference = float((one - true).detach().abs().max())
        assert difference <= BF16 * scale, f"{build}: result {number}"


def assert_exact(
    found: list[Tensor],
    exact: list[Tensor],
    build: str,
    tolerance: float = GRADIENT[torch.float32],
) -> None:
    for number, (one, true) in enumerate(zip(found, exact, strict=True)):
        scale = float(true.detach().abs().max())
        difference = float((one - true).detach().abs().max())
        assert difference <= tolerance * scale, f"{build}: result {number}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [1, 2])
def test_threads_share_out_the_rows(build: str, kind: str, threads: int) -> None:
    lengths = (9, 0, 4, 4, 1, 8, 2, 5, 3)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        runs = [results(make(kind, 37, "cpu"), batch_of(lengths)) for _ in range(2)]
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, other) for one, other in zip(*runs, strict=True))
    assert_exact(runs[0], truth(kind, 37, lengths), build)


def test_processors_run_the_widest_build_first(build: str) -> None:
    assert build in BUILDS
    assert BUILDS[-1] == "portable"
    with pytest.raises(ValueError, match="no build of that name"):
        ENGINE.choose_build("abacus")


@pytest.mark.parametrize("kind", KINDS)
def test_no_number_is_not_hidden(build: str, kind: str) -> None:
    layer = make(kind, 20, "cpu")
    batch = Ragged(torch.full((4, 5), torch.nan), [4])
    with torch.no_grad():
        output, _ = layer.run(batch)
    assert bool(torch.isnan(output.values).all())


ONE_CALL = """
import elman, torch
elman.GRU(5, 16, kernel="cpu")(torch.randn(3, 2, 5))
print(open("/proc/self/maps").read())
"""


def test_the_process_has_one_openmp_runtime() -> None:
    """The engine uses the libgomp that torch has loaded; other libraries may bring theirs."""
    done = subprocess.run(
        [sys.executable, "-c", ONE_CALL], capture_output=True, text=True, check=True
    )
    paths = {line.split()[-1] for line in done.stdout.splitlines() if len(line.split()) > 5}
    runtimes = {path for path in paths if "gomp" in path or "iomp" in path or "libomp" in path}
    assert len(runtimes) == 1, runtimes
    assert "torch" in runtimes.pop()


def test_the_callers_floating_point_state_is_restored() -> None:
    tiny = torch.tensor([1e-40])
    assert float(tiny * 0.5) != 0
    make("lstm", 16, "cpu").run(Ragged(torch.randn(6, 5), [3, 3]))
    assert float(tiny * 0.5) != 0


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_no_call_can_make_the_engine_read_beyond_its_tensors(data: st.DataObject) -> None:
    """Any shapes at all: an answer, or a ShapeError."""
    number = st.integers(1, 4)
    kind = data.draw(st.sampled_from([("rnn", 1), ("lstm", 4), ("gru", 3)]))
    hidden, inputs, batch = data.draw(number), data.draw(number), data.draw(number)
    sizes = tuple(data.draw(st.lists(st.integers(-1, 4), min_size=1, max_size=4)))
    rows = kind[1] * hidden

    def tensor(*shape: int) -> Tensor:
        """Of this shape, or now and then of another."""
        wrong = data.draw(st.integers(0, 19)) == 0
        return torch.zeros([size + data.draw(number) if wrong else size for size in shape])

    weights = CellWeights(tensor(rows, inputs), tensor(rows, hidden), tensor(rows), tensor(rows))
    states = tuple(tensor(batch, hidden) for _ in range(2 if kind[0] == "lstm" else 1))
    spec: Any = kind[0]
    steps = tensor(max(0, sum(sizes)), inputs)
    call = SequenceCall(CellSpec(spec), steps, sizes, (Direction(weights, states),))
    try:
        result = cpu.run(call)
    except ShapeError:
        return
    assert result.output.shape == (sum(sizes), hidden)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_steps_stay_near_to_float64(build: str, kind: str) -> None:
    torch.manual_seed(0)
    layers = [make(kind, 128, name) for name in ("cpu", "reference")]
    batch = Ragged(torch.randn(8 * 100, 5), [100] * 8)
    exact = results(layers[1].double(), batch.with_values(batch.values.double()))
    found = results(layers[0], batch)
    outputs = 1 + len(layers[0].cell.state_names)
    for one, true in zip(found[:outputs], exact[:outputs], strict=True):
        assert float((one - true).detach().abs().max()) <= AFTER_100_STEPS, build
    assert_exact(found[outputs:], exact[outputs:], build)
