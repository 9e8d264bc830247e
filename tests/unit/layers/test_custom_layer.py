"""Cells of one's own keep what other layers promise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, jvp, vmap

import elman
from elman.errors import KernelUnavailable
from elman.kernels import dispatch
from elman.layers.frozen import Frozen
from tests.custom_cells import CELLS
from tests.layer_kinds import parts, whole
from tests.tolerances import BF16, GRADIENT, OUTPUT

DOUBLE = torch.float64
LENGTHS = [4, 6, 0, 1]

every_cell = pytest.mark.parametrize("name", CELLS)


def made(name: str, num_layers: int = 2, **given: Any) -> Any:
    torch.manual_seed(0)
    options: dict[str, Any] = {"bidirectional": True, "dtype": DOUBLE} | given
    return elman.CustomLayer(CELLS[name], 3, 4, num_layers, **options)


def results(found: Any) -> list[Tensor]:
    output, state = found
    return [output.values if isinstance(output, elman.Ragged) else output, *parts(state)]


def assert_close(found: Any, expected: Any) -> None:
    for mine, other in zip(found, expected, strict=True):
        assert mine.shape == other.shape
        assert torch.allclose(mine, other, rtol=0, atol=OUTPUT[DOUBLE])


def assert_same_gradients(found: list[Tensor], expected: list[Tensor], leaves: Any) -> None:
    sums = [sum(part.square().sum() for part in each) for each in (found, expected)]
    ours, theirs = (torch.autograd.grad(one, leaves) for one in sums)  # type: ignore[arg-type]
    for mine, other in zip(ours, theirs, strict=True):
        assert float((mine - other).abs().max()) <= GRADIENT[DOUBLE] * float(other.abs().max())


# --- an LSTM by its step is the LSTM

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "two layers, both directions": {"num_layers": 2, "bidirectional": True, "batch_first": True},
    "without biases": {"bias": False},
    "learned state": {"initial_state": "learned", "bidirectional": True},
    "dropouts": {
        "num_layers": 2,
        "dropout": 0.3,
        "input_dropout": 0.2,
        "recurrent_dropout": 0.4,
        "weight_dropout": 0.1,
        "zoneout": (0.2, 0.3),
    },
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("training", [True, False])
def test_an_lstm_of_one_s_own_is_the_lstm(options: dict[str, Any], training: bool) -> None:
    theirs: Any = elman.LSTM(3, 4, dtype=DOUBLE, **options).train(training)
    ours: Any = elman.CustomLayer(CELLS["lstm"], 3, 4, dtype=DOUBLE, **options).train(training)
    with torch.no_grad():
        for weight in theirs.parameters():
            weight.uniform_(-0.5, 0.5)
    ours.load_state_dict(theirs.state_dict())
    batch = elman.Ragged(torch.randn(11, 3, dtype=DOUBLE), LENGTHS)
    blocks = theirs.num_layers * theirs.num_directions
    given = tuple(torch.randn(blocks, 4, 4, dtype=DOUBLE) for _ in "hc")
    resets = torch.arange(11) % 3 == 1
    for hx in (None, given):
        each = []
        for layer in (ours, theirs):
            torch.manual_seed(1)  # for the masks of dropout
            each.append(results(layer(batch, hx, resets=resets)))
        assert_close(*each)
        names = [name for name, _ in ours.named_parameters() if hx is None or "_0" not in name]
        for layer, found in zip((ours, theirs), each, strict=True):
            layer.zero_grad()
            torch.cat([part.flatten() for part in found]).square().sum().backward()
        for name in names:
            mine, other = ours.get_parameter(name).grad, theirs.get_parameter(name).grad
            scale = float(other.abs().max())
            assert float((mine - other).abs().max()) <= GRADIENT[DOUBLE] * scale, name


# --- sequences


@every_cell
def test_a_ragged_batch_equals_its_sequences_one_by_one(name: str) -> None:
    layer = made(name)
    batch = elman.Ragged(torch.randn(11, 3, dtype=DOUBLE), LENGTHS)
    padded = layer(batch.to_padded(total_length=8), lengths=LENGTHS)
    together = results(layer(batch))
    alone = [results(layer(sequence)) for sequence in batch.to_list()]
    outputs, *states = zip(*alone, strict=True)
    expected = [torch.cat(outputs), *(torch.stack(one, dim=1) for one in states)]
    assert_close(together, expected)
    assert_close(results(padded)[1:], together[1:])
    assert torch.equal(elman.Ragged.from_padded(padded[0], LENGTHS).values, together[0])
    assert not padded[0][6:].any()
    assert_same_gradients(together, expected, list(layer.parameters()))


@every_cell
def test_a_sequence_with_resets_equals_its_segments(name: str) -> None:
    layer = made(name, 1)
    x = torch.randn(7, 3, dtype=DOUBLE)
    resets = torch.zeros(7, dtype=torch.bool)
    resets[[2, 3]] = True
    output, state = layer(x, resets=resets)
    segments = [layer(x[start:end]) for start, end in ((0, 2), (2, 3), (3, 7))]
    expected = [torch.cat([each[0] for each in segments])]
    for last, first in zip(parts(segments[-1][1]), parts(segments[0][1]), strict=True):
        expected.append(torch.stack([last[0], first[1]]))  # forward ends last, reverse first
    assert_close([output, *parts(state)], expected)
    assert_same_gradients([output, *parts(state)], expected, list(layer.parameters()))


@every_cell
def test_two_halves_with_the_state_handed_over_equal_the_whole(name: str) -> None:
    layer = made(name, bidirectional=False)
    x = torch.randn(6, 2, 3, dtype=DOUBLE)
    output, end = layer(x)
    first, middle = layer(x[:3])
    second, last = layer(x[3:], middle)
    assert_close([torch.cat([first, second]), *parts(last)], [output, *parts(end)])


@every_cell
def test_the_reverse_direction_reads_each_sequence_from_its_end(name: str) -> None:
    layer = made(name, 1)
    one_way = made(name, 1, bidirectional=False)
    with torch.no_grad():
        for key, weight in one_way.named_parameters():
            weight.copy_(layer.get_parameter(key + "_reverse"))
    x = torch.randn(5, 2, 3, dtype=DOUBLE)
    lengths = [5, 3]
    output, state = layer(x, lengths=lengths)
    for b, length in enumerate(lengths):
        turned, end = one_way(x[:length, b].flip(0))
        assert_close([output[:length, b, 4:]], [turned.flip(0)])
        assert_close([part[1, b] for part in parts(state)], [part[0] for part in parts(end)])


@every_cell
def test_no_step_leaves_the_state_and_still_trains(name: str) -> None:
    layer = made(name, initial_state="learned")
    output, state = layer(torch.randn(0, 2, 3, dtype=DOUBLE))
    assert output.shape == (0, 2, 8)
    assert_close(parts(state), layer.start_state(2, layer.weight_ih_l0))
    torch.cat([output.flatten(), *(part.flatten() for part in parts(state))]).sum().backward()
    assert all(weight.grad is not None for weight in layer.parameters())


# --- gradients


@every_cell
def test_once_and_twice_through_a_whole_layer(name: str) -> None:
    layer = made(name, 1, initial_state="learned")
    x = torch.randn(3, 2, 3, dtype=DOUBLE, requires_grad=True)
    weights = dict(layer.named_parameters())

    def run(x: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(weights, values, strict=True))
        return tuple(results(functional_call(layer, named, (x,), {"lengths": [3, 2]})))

    assert torch.autograd.gradcheck(run, (x, *weights.values()), fast_mode=True)
    assert torch.autograd.gradgradcheck(run, (x, *weights.values()), fast_mode=True)


@every_cell
def test_gradients_of_each_example_by_vmap(name: str) -> None:
    layer = made(name)
    weights = {key: value.detach() for key, value in layer.named_parameters()}
    examples = torch.randn(3, 5, 3, dtype=DOUBLE)

    def loss(weights: dict[str, Tensor], example: Tensor) -> Tensor:
        output: Tensor = functional_call(layer, weights, (example,))[0]
        return output.square().sum()

    found = vmap(grad(loss), in_dims=(None, 0))(weights, examples)
    for n, example in enumerate(examples):
        each = grad(loss)(weights, example)
        for key, expected in each.items():
            scale = float(expected.abs().max())
            assert float((found[key][n] - expected).abs().max()) <= GRADIENT[DOUBLE] * scale, key


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@every_cell
def test_forward_mode_agrees_with_backward(name: str) -> None:
    layer = made(name)
    x, tangent = torch.randn(2, 5, 2, 3, dtype=DOUBLE).unbind()

    def run(x: Tensor) -> Tensor:
        output: Tensor = layer(x, lengths=[5, 2])[0]
        return output

    found = jvp(run, (x,), (tangent,))
    output, pushed = found[0], found[1]
    cotangent = torch.randn_like(output)
    leaf = x.clone().requires_grad_()
    (pulled,) = torch.autograd.grad(run(leaf), leaf, cotangent)
    assert bool(pushed.ne(0).any())
    assert torch.allclose((pushed * cotangent).sum(), (pulled * tangent).sum(), rtol=1e-10)


# --- what can be seen


@every_cell
def test_a_trace_has_all_that_the_step_returns(name: str) -> None:
    layer = made(name, zoneout=[0.2] * len(CELLS[name].state_names)).eval()
    x = torch.randn(5, 2, 3, dtype=DOUBLE)
    trace = layer.trace(x, lengths=[5, 2])
    output, state = layer(x, lengths=[5, 2])
    assert_close([trace.output, *parts(trace.state)], [output, *parts(state)])
    states = set(CELLS[name].state_names)
    new, before = {f"{part}_new" for part in states}, {f"{part}_before" for part in states}
    gates = {"lstm": "ifgo", "mgu": "fn", "sru": "fr", "memory": "s"}[name]
    for directions in trace.layers:
        for one in directions:
            assert set(one) == states | new | before | set(gates)
            assert all(part.shape[:2] == (5, 2) and not part[2:, 1].any() for part in one.values())
    assert_close([torch.cat([one["h"] for one in trace.layers[1]], dim=2)], [output])


def test_words_of_a_trace_are_the_cell_s() -> None:
    trace = made("mgu", zoneout=0.1).trace(torch.randn(2, 1, 3, dtype=DOUBLE))
    assert trace.words[0] == {
        "f": "forget gate",
        "n": "n",
        "h_before": "h before the step",
        "h_new": "h before zoneout",
        "h": "h",
    }


def test_the_reference_calls_the_step_and_the_door_says_why() -> None:
    layer = made("mgu")
    answers: list[tuple[dispatch.Answer, ...]] = []
    with dispatch.watch(lambda call, result: answers.append(dispatch.explain(call))):
        layer(torch.randn(2, 1, 3, dtype=DOUBLE))
    assert {answer.name: answer.why_not for answer in answers[0]}["reference"] is None
    insisting = made("mgu", kernel="cpu")
    with pytest.raises(KernelUnavailable, match="the cell is a Python function"):
        insisting(torch.randn(2, 1, 3, dtype=DOUBLE))


def test_repr_has_the_step_s_name() -> None:
    assert repr(made("memory", 1, bidirectional=False)) == "CustomLayer(memory, 3, 4)"
    shown = "CustomLayer(sru, 3, 4, num_layers=2, bidirectional=True, zoneout=(0.1, 0.2))"
    assert repr(made("sru", zoneout=(0.1, 0.2))) == shown


# --- weights


def test_weights_have_the_shapes_that_the_cell_says() -> None:
    found = {name: tuple(weight.shape) for name, weight in made("memory").named_parameters()}
    assert len(found) == 24
    assert found["weight_ih_l1_reverse"] == (12, 8)  # n, k and s, of both directions below
    assert found["weight_hh_l0"] == (8, 4)  # k and s
    assert (found["bias_ih_l0"], found["bias_hh_l0"]) == ((12,), (8,))
    assert (found["W_m_l0"], found["W_x_l0"], found["W_x_l1"]) == ((4, 7), (2, 3), (2, 8))
    bare = dict(made("sru", 1, bidirectional=False, bias=False).named_parameters())
    assert list(bare) == ["weight_ih_l0", "v_f_l0", "v_r_l0"]


def test_weights_begin_as_the_cell_says() -> None:
    def init(weights: Any) -> None:
        torch.nn.init.ones_(weights.bias_ih.f)
        torch.nn.init.eye_(weights.hh.n)
        torch.nn.init.zeros_(weights.u)

    def step(Wx: Any, R: Any, state: Any, *, u: Any) -> Any:
        f = torch.sigmoid(Wx.f + R.f(state.h))
        return {"h": f * state.h + (1 - f) * torch.tanh(Wx.n + R.n(state.h) + u)}

    cell = elman.CustomCell(step, gates=("f", "n"), weights={"u": ("H",)}, init=init)
    layer: Any = elman.CustomLayer(cell, 3, 4, num_layers=2)
    for _ in range(2):
        for n in range(2):
            bias = getattr(layer, f"bias_ih_l{n}")
            assert torch.equal(bias[:4], torch.ones(4))
            assert 0 < bias[4:].abs().max() <= 0.5
            assert torch.equal(getattr(layer, f"weight_hh_l{n}")[4:], torch.eye(4))
            assert not getattr(layer, f"u_l{n}").any()
        layer.reset_parameters()


# --- beside other layers


def test_a_stack_takes_it() -> None:
    torch.manual_seed(0)
    layers = [elman.CustomLayer(CELLS["sru"], 3, 4, bidirectional=True), elman.GRU(8, 8)]
    stack = elman.Stack(layers, residual=True)
    x = torch.randn(5, 2, 3)
    output, (own, last) = stack(x, lengths=[5, 2])
    middle, state = layers[0](x, lengths=[5, 2])
    expected, h_n = layers[1](middle, lengths=[5, 2])
    assert torch.allclose(output, expected + middle)
    assert torch.equal(last, h_n)
    assert all(torch.equal(a, b) for a, b in zip(own, state, strict=True))
    again = stack(x, (own, last))[1]
    assert [len(parts(one)) for one in again] == [2, 1]


@every_cell
def test_a_frozen_one_reads_step_by_step(name: str) -> None:
    layer = made(name, bidirectional=False)
    x = torch.randn(4, 2, 3, dtype=DOUBLE)
    frozen, state = Frozen(layer, batch_size=2), None
    outputs = []
    for step in x:
        output, state = frozen.step(step, state)
        outputs.append(output)
    expected, end = layer(x)
    assert_close([torch.stack(outputs), *parts(state)], [expected, *parts(end)])


@every_cell
def test_products_in_bfloat16(name: str) -> None:
    layer, rounded = made(name, dtype=None), made(name, dtype=None, precision="bf16")
    x = torch.randn(5, 2, 3)
    exact, found = layer(x)[0], rounded(x)[0]
    assert 0 < (exact - found).abs().max() <= BF16
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(layer(x)[0], found)


def test_a_state_of_one_part_is_given_and_taken_as_a_tensor() -> None:
    layer = made("mgu")
    x = torch.randn(2, 3, 3, dtype=DOUBLE)
    state = layer(x)[1]
    assert isinstance(state, Tensor)
    assert_close(results(layer(x, whole([state]))), results(layer(x, (state,))))
