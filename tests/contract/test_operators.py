"""The torch operators of the native core, and the graphs that `torch.compile` makes with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.fx import GraphModule

import elman
from elman.cells.activations import Activation
from elman.cells.spec import CellSpec
from elman.kernels import dispatch, operators
from elman.kernels.contract import SequenceCall
from elman.kernels.engine import engine_status
from elman.kernels.plan import Plan, cell_of, flatten, text_of, unflatten
from tests.contract.cases import CELLS, Case, call_of, tensors
from tests.layer_kinds import make_layer, parts

pytestmark = [
    pytest.mark.skipif(not engine_status().built, reason=engine_status().reason),
    # torch says so of its own instance when it compiles an autograd.Function
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
]

CASES = [
    Case("rnn_tanh", (3, 2)),
    Case("rnn_relu", (3, 2), "reverse", extras=("zoneout",)),
    Case("rnn_joint", (3, 2), "both", bias=False),
    Case("lstm", (3, 2), "both", extras=("resets",), dtype=torch.float32, precision="bf16"),
    Case("lstm", (3, 2), "both", extras=("restart", "mask", "zoneout")),
    Case("lstm_projected", (4, 2, 0), "both", bias=False),
    Case("lstm_peephole", (2, 2), "reverse", dtype=torch.float32),
    Case("lstm_joint", (3, 2), extras=("expected_zoneout",)),
    Case("lstm_coupled_projected", (3, 1)),
    Case("gru_reset_after", (3, 2, 0), "both", dtype=torch.float32),
    Case("gru_reset_before", (3, 2), "both", extras=("resets", "mask")),
    Case("gru_functions", (3,), extras=("restart",)),
]
every_case = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: "-".join([case.cell, case.reads, *case.extras])
)

Taken = tuple[Plan, list[Tensor | None]]


def taken_apart(case: Case) -> Taken:
    """The call as the operators see it, no tensor with a graph."""
    plan, found = flatten(call_of(case, tensors(case)))
    return plan, [None if one is None else one.detach() for one in found]


def backward_arguments(plan: Plan, given: list[Tensor | None]) -> tuple[Any, ...]:
    """All that the backward pass takes: the gradient of one final state is missing."""
    results = operators.forward(plan, given, True)
    saved = [results[0], *plan.kept(results)]
    d_results = [torch.ones_like(results[0]), *map(torch.ones_like, results[1:])]
    count = 1 + plan.parts * len(plan.reverses)
    wanted = [
        one is not None and one.is_floating_point() and place not in (*plan.masks, *plan.shares)
        for place, one in enumerate(given)
    ]
    return saved, [*d_results[: count - 1], None], wanted


# --- the operators themselves


@every_case
def test_the_forward_operator_passes_every_check_of_torch(case: Case) -> None:
    plan, given = taken_apart(case)
    for learning in (False, True):
        arguments = (given, *operators.in_schema(plan), learning)
        assert set(torch.library.opcheck(operators.forward_operator, arguments).values()) == {
            "SUCCESS"
        }


@every_case
def test_the_backward_operator_passes_every_check_of_torch(case: Case) -> None:
    plan, given = taken_apart(case)
    arguments = (given, *operators.in_schema(plan), *backward_arguments(plan, given))
    assert set(torch.library.opcheck(operators.backward_operator, arguments).values()) == {
        "SUCCESS"
    }


@every_case
def test_the_operators_compute_what_the_functions_do(case: Case) -> None:
    plan, given = taken_apart(case)
    schema = operators.in_schema(plan)
    mine = operators.forward_operator(given, *schema, True)
    for one, other in zip(mine, operators.forward(plan, given, True), strict=True):
        assert torch.equal(one, other)
    saved, d_results, wanted = backward_arguments(plan, given)
    wanted[0] = False  # what nobody asks for takes no place
    found = operators.backward_operator(given, *schema, saved, d_results, wanted)
    expected = operators.backward(plan, given, saved, d_results, wanted)
    assert [one is not None for one in expected] == wanted
    for one, true in zip(found, (one for one in expected if one is not None), strict=True):
        assert torch.equal(one, true)


@pytest.mark.parametrize(
    "cell",
    [
        *CELLS.values(),
        CellSpec("rnn", Activation("affine", 1e-9, -12345.678)),
        CellSpec("gru", Activation("leaky_relu", 1 / 3), clip=0.1),
    ],
)
def test_a_cell_survives_as_text(cell: CellSpec) -> None:
    assert cell_of(text_of(cell)) == cell


@every_case
def test_a_call_survives_being_taken_apart(case: Case) -> None:
    call = call_of(case, tensors(case))
    again = unflatten(*flatten(call))
    assert again == replace(call, directions=again.directions)
    for one, other in zip(again.directions, call.directions, strict=True):
        for field in ("weights", "initial", "restart", "kept"):
            pairs = zip(getattr(one, field), getattr(other, field), strict=True)
            assert all(mine is true for mine, true in pairs), field
        assert one.reverse == other.reverse
        assert one.resets is other.resets
        assert one.recurrent_mask is other.recurrent_mask


# --- in graphs


class Recorder:
    """A back end that counts what it is given, and runs it as it is."""

    def __init__(self) -> None:
        self.nodes: list[int] = []
        self.targets: list[str] = []

    def __call__(self, module: GraphModule, inputs: list[Tensor]) -> Any:
        graphs = [one.graph for one in module.modules() if isinstance(one, GraphModule)]
        self.nodes.append(sum(len(graph.nodes) for graph in graphs))
        self.targets += [str(node.target) for graph in graphs for node in graph.nodes]
        return module.forward


@pytest.fixture(autouse=True)
def _compiler_forgets() -> None:
    torch._dynamo.reset()


def results(layer: Any, run: Any, x: Tensor, **options: Any) -> list[Tensor]:
    """Output, final state, and the gradients of the input and of every weight."""
    x = x.detach().requires_grad_()
    output, state = run(x, **options)
    loss = output.square().sum() + sum(part.sum() for part in parts(state))
    return [output, *parts(state), *torch.autograd.grad(loss, [x, *layer.parameters()])]


def assert_equal(found: list[Tensor], expected: list[Tensor]) -> None:
    for number, (mine, true) in enumerate(zip(found, expected, strict=True)):
        assert torch.equal(mine, true), f"result {number}"


FUSED_LAYERS = ["rnn_tanh", "lstm", "lstm_projected", "gru_reset_before", "rnn_joint", "gru_joint"]


@pytest.mark.parametrize("name", FUSED_LAYERS)
def test_a_graph_holds_the_operators_and_does_not_grow_with_time(name: str) -> None:
    layer = make_layer(name, 3, 4, num_layers=2, bidirectional=True)
    counts = []
    for steps in (10, 100):
        torch._dynamo.reset()
        recorder = Recorder()
        compiled = torch.compile(layer, fullgraph=True, backend=recorder)
        x = torch.randn(steps, 2, 3)
        assert_equal(results(layer, compiled, x), results(layer, layer, x))
        assert recorder.targets.count("elman.forward.default") == 2
        assert recorder.targets.count("elman.backward.default") == 2
        counts.append(recorder.nodes)
    assert counts[0] == counts[1]
    assert len(counts[0]) == 1


@pytest.mark.parametrize("name", ["gru_reset_after", "lstm_functions"])
def test_what_the_core_serves_and_what_the_reference_serves_is_one_graph(name: str) -> None:
    layer = make_layer(name, 3, 4)
    recorder = Recorder()
    compiled: Any = torch.compile(layer, fullgraph=True, backend=recorder)
    x = torch.randn(4, 2, 3)
    with torch.no_grad():
        assert_equal([compiled(x)[0]], [layer(x)[0]])
    assert_equal(results(layer, compiled, x), results(layer, layer, x))
    assert ("elman.forward.default" in recorder.targets) == (name == "gru_reset_after")


@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning")
def test_the_default_back_end_compiles_it_and_what_stands_around_it() -> None:
    torch.manual_seed(0)
    layer, head = elman.LSTM(3, 4), torch.nn.Linear(4, 2)

    def model(x: Tensor) -> tuple[Tensor, Tensor]:
        output, state = layer(torch.tanh(x))
        return head(output).relu(), state[0]

    x = torch.randn(5, 2, 3)
    found = results(layer, torch.compile(model, fullgraph=True), x)
    for mine, true in zip(found, results(layer, model, x), strict=True):
        assert torch.allclose(mine, true, rtol=1e-5, atol=1e-6)


def test_resets_a_ragged_batch_and_masks_are_served_in_a_graph() -> None:
    case = Case("lstm", (5, 3, 0), "both", extras=("restart", "mask", "zoneout"))
    call = call_of(case, tensors(case))
    recorder = Recorder()

    def run(call: SequenceCall) -> list[Tensor]:
        result = dispatch.run(call, "cpu")
        return [result.output, *(part for state in result.final for part in state)]

    assert_equal(torch.compile(run, fullgraph=True, backend=recorder)(call), run(call))
    assert recorder.targets.count("elman.forward.default") == 1


def test_one_graph_serves_batches_of_every_size() -> None:
    layer = elman.GRU(3, 4, bidirectional=True)
    recorder = Recorder()
    compiled = torch.compile(layer, fullgraph=True, backend=recorder, dynamic=True)
    for batch in (2, 3, 7, 12):
        x = torch.randn(5, batch, 3)
        assert_equal(results(layer, compiled, x), results(layer, layer, x))
    assert len(recorder.nodes) == 1


def test_cells_that_differ_in_an_option_only_do_not_share_a_graph() -> None:
    options: list[dict[str, Any]] = [{}, {"clip": 0.1}, {"clip": 0.2}, {"coupled": True}]
    options += [{"nonlinearity": "relu"}, {"gate_nonlinearity": elman.Activation("hard_sigmoid")}]
    options += [{"gate_nonlinearity": elman.Activation("hard_sigmoid", 0.4)}]
    x = torch.randn(4, 2, 3)
    seen = []
    for own in options:
        torch.manual_seed(0)
        layer = elman.LSTM(3, 4, **own)
        compiled = torch.compile(layer, fullgraph=True, backend="eager")
        seen.append(compiled(x)[0])
        assert torch.equal(seen[-1], layer(x)[0])
    assert all(not torch.equal(seen[0], one) for one in seen[1:])


def test_an_exported_program_holds_the_operators() -> None:
    layer, x = elman.GRU(3, 4, num_layers=2).eval(), torch.randn(5, 2, 3)
    program = torch.export.export(layer, (x,))
    targets = [str(node.target) for node in program.graph.nodes]
    assert targets.count("elman.forward.default") == 2
    assert torch.equal(program.module()(x)[0], layer(x)[0])


def test_shapes_without_numbers_are_asked_of_the_operators() -> None:
    layer = elman.LSTM(3, 4, proj_size=2, bidirectional=True, kernel="cpu")
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        output, (h_n, c_n) = layer(mode.from_tensor(torch.randn(5, 2, 3)))
        output.sum().backward()
    assert output.shape == (5, 2, 4)
    assert (h_n.shape, c_n.shape) == ((2, 2, 2), (2, 2, 4))


def test_autocast_is_asked_in_a_graph_as_well() -> None:
    layer, x = elman.GRU(3, 4), torch.randn(5, 2, 3)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    full = layer(x)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = layer(x)[0]
        assert torch.equal(compiled(x)[0], rounded)
    assert not torch.equal(rounded, full)
    assert torch.equal(compiled(x)[0], full)
