"""Traces: the run itself, with every gate and state of every step beside its result."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp, vmap
from torch.nn.utils.rnn import pack_sequence

import elman
from elman.errors import KernelUnavailable, ShapeError, UsageError
from elman.kernels import dispatch
from elman.layers.trace import Trace
from elman.sequences import Ragged
from tests.layer_kinds import every_layer, make_layer, parts, whole
from tests.tolerances import OUTPUT

DOUBLE = torch.float64
LENGTHS = [4, 0, 6, 1]
DROPOUTS = {
    "dropout": 0.3,
    "input_dropout": 0.2,
    "recurrent_dropout": 0.3,
    "weight_dropout": 0.2,
}


def made(name: str, **options: Any) -> Any:
    torch.manual_seed(0)
    return make_layer(name, 3, 4, **{"dtype": DOUBLE, **options})


def steps(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(1))


def values(output: Any) -> Tensor:
    if isinstance(output, Tensor):
        return output.values() if output.is_nested else output
    return output.values if isinstance(output, Ragged) else output.data


def flat(found: Any) -> list[Tensor]:
    output, state = found
    return [values(output), *parts(state)]


def assert_close(found: list[Tensor], expected: list[Tensor]) -> None:
    for mine, other in zip(found, expected, strict=True):
        assert mine.shape == other.shape
        assert torch.allclose(mine, other, rtol=0, atol=OUTPUT[other.dtype])


def inputs() -> dict[str, tuple[Any, dict[str, Any], int, list[int]]]:
    """Each kind of input: itself, its options, T, and the lengths."""
    sequences = [steps(length, 3) for length in (4, 6, 1)]
    resets = torch.arange(6)[:, None] % torch.tensor([2, 3, 4, 5]) == 1
    return {
        "even": (steps(6, 2, 3), {"resets": resets[:, :2]}, 6, [6, 6]),
        "padded": (steps(8, 4, 3), {"lengths": LENGTHS}, 8, LENGTHS),
        "single": (steps(5, 3), {}, 5, [5]),
        "no step": (steps(0, 2, 3), {}, 0, [0, 0]),
        "ragged": (Ragged(steps(11, 3), LENGTHS), {}, 6, LENGTHS),
        "packed": (pack_sequence(sequences, enforce_sorted=False), {}, 6, [4, 6, 1]),
        "nested": (Ragged.from_list(sequences).to_nested(), {}, 6, [4, 6, 1]),
    }


# --- the traced run is the run


@every_layer
@pytest.mark.parametrize("kind", inputs())
def test_output_and_state_are_those_of_the_call(name: str, kind: str) -> None:
    given, options, total, lengths = inputs()[kind]
    exact = made(name, num_layers=2, bidirectional=True, kernel="reference")
    trace = exact.trace(given, **options)
    expected = exact(given, **options)
    assert type(trace.output) is type(expected[0])
    for mine, other in zip(flat((trace.output, trace.state)), flat(expected), strict=True):
        assert torch.equal(mine, other)
    fused = made(name, num_layers=2, bidirectional=True)
    assert_close(flat((trace.output, trace.state)), flat(fused(given, **options)))
    assert trace.lengths.tolist() == lengths
    assert_shaped(trace, exact, total)


def assert_shaped(trace: Trace, layer: Any, total: int) -> None:
    assert [len(directions) for directions in trace.layers] == [2, 2]
    padding = torch.arange(total)[:, None] >= trace.lengths
    for directions, words in zip(trace.layers, trace.words, strict=True):
        for one in directions:
            assert list(one) == list(words)
            for name, part in one.items():
                narrow = name in ("h", "h_before") or layer.cell.kind != "lstm"
                width = layer.output_size if narrow else layer.hidden_size
                assert part.shape == (total, len(trace.lengths), width), name
                assert part.dtype == DOUBLE
                assert not part[padding].any(), name


@every_layer
def test_a_given_state_and_a_batch_that_comes_first(name: str) -> None:
    layer = made(name, batch_first=True, kernel="reference")
    x = steps(2, 5, 3)
    start = [torch.ones_like(part) for part in parts(layer(x)[1])]
    trace = layer.trace(x, whole(start), lengths=[3, 5])
    expected = layer(x, whole(start), lengths=[3, 5])
    assert_close(flat((trace.output, trace.state)), flat(expected))
    (((one,),)) = trace.layers
    assert one["h"].shape[:2] == (5, 2)
    assert torch.equal(one["h"].transpose(0, 1), expected[0])
    assert torch.equal(one["h_before"][0], start[0][0])


@every_layer
def test_the_masks_of_dropout_are_those_of_the_run(name: str) -> None:
    zoneout = (0.2, 0.3) if name.startswith("lstm") else 0.2
    layer = made(
        name, num_layers=2, bidirectional=True, initial_state="random", zoneout=zoneout, **DROPOUTS
    )
    x = steps(6, 4, 3)
    torch.manual_seed(7)
    expected = layer(x, lengths=LENGTHS)
    after = torch.rand(1)
    torch.manual_seed(7)
    trace = layer.trace(x, lengths=LENGTHS)
    assert torch.equal(torch.rand(1), after)
    assert_close(flat((trace.output, trace.state)), flat(expected))
    other = layer.trace(x, lengths=LENGTHS)
    assert not torch.allclose(values(other.output), values(trace.output))


@every_layer
def test_the_hidden_states_of_the_last_layer_are_the_output(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True)
    trace = layer.trace(steps(6, 4, 3), lengths=LENGTHS)
    top = torch.cat([one["h"] for one in trace.layers[1]], dim=2)
    assert torch.equal(top, trace.output)


@every_layer
def test_a_batch_is_its_sequences_one_by_one(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True)
    batch = Ragged(steps(11, 3), LENGTHS)
    together = layer.trace(batch)
    for b, sequence in enumerate(batch.to_list()):
        alone = layer.trace(sequence)
        for directions, own in zip(together.layers, alone.layers, strict=True):
            for one, other in zip(directions, own, strict=True):
                found = [part[: LENGTHS[b], [b]] for part in one.values()]
                assert_close(found, list(other.values()))


# --- stacks


def test_a_stack_is_traced_layer_by_layer() -> None:
    torch.manual_seed(0)
    layers = [
        elman.LSTM(3, 4, num_layers=2, bidirectional=True, dtype=DOUBLE),
        elman.GRU(8, 8, dtype=DOUBLE),
    ]
    stack = elman.Stack(layers, residual=True)
    batch = Ragged(steps(11, 3), LENGTHS)
    trace = stack.trace(batch)
    output, state = stack(batch)
    assert_close([values(trace.output)], [output.values])
    for mine, other in zip(trace.state, state, strict=True):
        assert_close(parts(mine), parts(other))
    assert [len(directions) for directions in trace.layers] == [2, 2, 1]
    assert [words["a_o"] for words in trace.words[:2]] == ["sum of the output gate"] * 2
    assert trace.words[2]["z"] == "update gate"
    alone = layers[0].trace(batch)
    for mine, other in zip(trace.layers[:2], alone.layers, strict=True):
        for one, own in zip(mine, other, strict=True):
            assert_close(list(one.values()), list(own.values()))


# --- differentiation


class Tracing(nn.Module):
    """A layer's trace as the result of a module, so that its weights can be given to it."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        ((one,),) = self.layer.trace(x, lengths=[3, 2]).layers
        return tuple(one.values())


@every_layer
def test_what_is_kept_can_be_differentiated(name: str) -> None:
    tracing = Tracing(made(name))
    x = steps(3, 2, 3).requires_grad_()
    named = dict(tracing.named_parameters())

    def run(x: Tensor, *given: Tensor) -> tuple[Tensor, ...]:
        found: tuple[Tensor, ...] = functional_call(
            tracing, dict(zip(named, given, strict=True)), (x,)
        )
        return found

    assert torch.autograd.gradcheck(run, (x, *named.values()), fast_mode=True)
    assert torch.autograd.gradgradcheck(run, (x, *named.values()), fast_mode=True)


def test_without_gradients_nothing_belongs_to_a_graph() -> None:
    layer = made("lstm")
    x = steps(4, 2, 3)
    with torch.no_grad():
        quiet = layer.trace(x)
    assert not any(part.requires_grad for part in quiet.layers[0][0].values())
    assert not values(quiet.output).requires_grad
    ((one,),) = layer.trace(x).layers
    assert one["i"].requires_grad


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@every_layer
def test_function_transforms_go_through_a_trace(name: str) -> None:
    layer = made(name, bidirectional=True)
    examples, tangents = steps(3, 5, 3), steps(3, 5, 3) * 2

    def hidden(x: Tensor) -> Tensor:
        trace: Trace = layer.trace(x)
        return trace.layers[0][1]["h"]

    mapped = vmap(hidden)(examples)
    for one, example in zip(mapped, examples, strict=True):
        assert_close([one], [hidden(example)])
    pushed = jvp(hidden, (examples[0],), (tangents[0],))[1]
    leaf = examples[0].clone().requires_grad_()
    (pulled,) = torch.autograd.grad(hidden(leaf).sum(), leaf)
    assert bool(pushed.ne(0).any())
    assert torch.allclose(pushed.sum(), (pulled * tangents[0]).sum(), rtol=1e-10)


# --- refusals, and what is left behind


def test_what_a_call_refuses_a_trace_refuses() -> None:
    layer = made("gru_reset_after")
    with pytest.raises(ShapeError, match="has shape"):
        layer.trace(steps(5, 2, 4))
    with pytest.raises(ShapeError, match="lengths"):
        layer.trace(steps(5, 2, 3), lengths=[5, 6])
    with pytest.raises(KernelUnavailable, match="cannot serve"):
        made("gru_dreamer", kernel="cpu").trace(steps(5, 2, 3))
    with dispatch.record() as records:
        layer(steps(5, 2, 3))
    assert len(records) == 1


def test_a_compiled_layer_is_refused() -> None:
    layer = made("rnn_tanh", kernel="reference")
    x = steps(3, 2, 3)
    inside = torch.compile(lambda x: layer.trace(x).layers[0][0]["h"], backend="eager")
    with pytest.raises(UsageError, match="inside a graph") as caught:
        inside(x)
    assert caught.value.where == "RNN.trace"
    assert "outside of torch.compile" in caught.value.next_step
    torch._dynamo.reset()
