"""Resets inside a sequence: a sequence with resets is its segments, in every kind of input."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence

import elman
from elman.errors import ShapeError
from elman.layers.resets import reverse_resets
from elman.sequences import Ragged
from tests.layer_kinds import every_layer, make_layer, parts, whole
from tests.tolerances import GRADIENT, NORMED_CALL, OUTPUT

DOUBLE = torch.float64
LENGTHS = [6, 1, 0, 4]
STARTS = [[2, 3], [0], [], [0, 2]]  # where each sequence begins anew


def made(name: str, **options: Any) -> Any:
    torch.manual_seed(0)
    return make_layer(name, 3, 4, dtype=DOUBLE, **options)


def batch_and_resets() -> tuple[Ragged, Ragged]:
    torch.manual_seed(1)
    batch = Ragged(torch.randn(sum(LENGTHS), 3, dtype=DOUBLE), LENGTHS)
    resets = [torch.zeros(length, dtype=torch.bool) for length in LENGTHS]
    for one, starts in zip(resets, STARTS, strict=True):
        one[starts] = True
    return batch, Ragged.from_list(resets)


def state_of(layer: Any, rows: int) -> list[Tensor]:
    torch.manual_seed(2)
    blocks = layer.num_layers * layer.num_directions
    widths = [layer.output_size, layer.hidden_size][: len(layer.cell.state_names)]
    return [torch.randn(blocks, rows, width, dtype=DOUBLE) for width in widths]


def assert_close(found: Any, expected: Any) -> None:
    for mine, other in zip(found, expected, strict=True):
        assert mine.shape == other.shape
        assert torch.allclose(mine, other, rtol=0, atol=OUTPUT[DOUBLE])


def assert_same_gradients(layer: Any, found: Any, expected: Any) -> None:
    largest = [float(other.abs().max()) for other in expected]
    for mine, other, own in zip(found, expected, largest, strict=True):
        if layer.cell.norm == "none":
            tolerance = GRADIENT[DOUBLE] * own
        else:
            tolerance = NORMED_CALL[DOUBLE] * max(largest)
        assert float((mine - other).abs().max()) <= tolerance


# --- a sequence with resets equals its segments


def segment_by_segment(
    layer: Any, sequence: Tensor, starts: list[int], given: list[Tensor], fresh: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """The layer over each segment by itself; the given state where the sequence itself begins.

    A forward direction begins at the first step, a reverse one at the last; [L·D, H] a state.
    """
    forward = torch.arange(len(given[0])) % layer.num_directions == 0
    cuts = sorted({0, *starts, len(sequence)})
    outputs, ends = [sequence.new_zeros(0, layer.num_directions * layer.output_size)], []
    for start, end in pairwise(cuts):
        from_given = torch.zeros(len(given[0]), dtype=torch.bool)
        if start == 0 and 0 not in starts:
            from_given |= forward
        if end == len(sequence):
            from_given |= ~forward
        state = [
            torch.where(from_given[:, None], own, new)
            for own, new in zip(given, fresh, strict=True)
        ]
        output, final = layer(sequence[start:end], whole(state))
        outputs.append(output)
        ends.append(parts(final))
    if not ends:
        return outputs[0], given
    final = [
        torch.where(forward[:, None], last, first)
        for last, first in zip(ends[-1], ends[0], strict=True)
    ]
    return torch.cat(outputs), final


@every_layer
@pytest.mark.parametrize("given", [False, True], ids=["own state", "given state"])
@pytest.mark.parametrize("initial_state", ["zeros", "learned"])
def test_a_sequence_with_resets_equals_its_segments(
    name: str, given: bool, initial_state: str
) -> None:
    layer = made(name, num_layers=2, bidirectional=True, initial_state=initial_state)
    with torch.no_grad():
        for key, weight in layer.named_parameters():
            if key.startswith(("h_0", "c_0")):
                weight.uniform_(-1, 1)
    batch, resets = batch_and_resets()
    fresh = [part.squeeze(1) for part in layer.start_state(1, batch.values)]
    states = state_of(layer, len(LENGTHS)) if given else None
    output, final = layer(batch, None if states is None else whole(states), resets=resets)
    found = [output.values, *parts(final)]
    expected = []
    for b, sequence in enumerate(batch.to_list()):
        own = fresh if states is None else [part[:, b] for part in states]
        one, end = segment_by_segment(layer, sequence, STARTS[b], own, fresh)
        expected.append([one, *(part.unsqueeze(1) for part in end)])
    outputs, *ends = zip(*expected, strict=True)
    together = [torch.cat(outputs), *(torch.cat(part, dim=1) for part in ends)]
    assert_close(found, together)
    weights = list(layer.parameters())
    gradients = [
        torch.autograd.grad(
            torch.cat([part.flatten() for part in result]).square().sum(),
            weights,
            materialize_grads=True,
        )
        for result in (found, together)
    ]
    assert_same_gradients(layer, *gradients)


@every_layer
def test_a_state_that_is_handed_over_never_comes_back(name: str) -> None:
    layer = made(name)
    torch.manual_seed(1)
    x = torch.randn(8, 2, 3, dtype=DOUBLE)
    resets = torch.zeros(8, 2, dtype=torch.bool)
    resets[[2, 5, 6], [1, 0, 1]] = True
    output, final = layer(x, resets=resets)
    first, middle = layer(x[:4], resets=resets[:4])
    second, last = layer(x[4:], middle, resets=resets[4:])
    assert_close([torch.cat([first, second]), *parts(last)], [output, *parts(final)])


@every_layer
def test_the_gradient_ends_at_a_reset(name: str) -> None:
    layer = made(name, bidirectional=True)
    x = torch.randn(6, 1, 3, dtype=DOUBLE, requires_grad=True)
    resets = torch.zeros(6, 1, dtype=torch.bool)
    resets[3] = True
    output, _ = layer(x, resets=resets)
    (early,) = torch.autograd.grad(output[:3].square().sum(), x, retain_graph=True)
    (late,) = torch.autograd.grad(output[3:].square().sum(), x)
    assert not early[3:].any()
    assert not late[:3].any()
    assert bool(early[:3].ne(0).all())
    assert bool(late[3:].ne(0).all())


@every_layer
def test_resets_that_are_nowhere_change_nothing(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True)
    batch, resets = batch_and_resets()
    output, final = layer(batch)
    none = resets.with_values(torch.zeros_like(resets.values))
    same, ended = layer(batch, resets=none)
    assert_close([same.values, *parts(ended)], [output.values, *parts(final)])


# --- in the kind of the input


@every_layer
def test_every_kind_of_input_takes_resets_of_its_kind(name: str) -> None:
    layer = made(name, bidirectional=True)
    full, whole_resets = batch_and_resets()
    kept = [0, 1, 3]  # PackedSequence and nested tensors here have no sequence of length 0
    batch = Ragged.from_list([full.to_list()[b] for b in kept])
    resets = Ragged.from_list([whole_resets.to_list()[b] for b in kept])
    lengths = batch.lengths.tolist()
    expected, final = layer(batch, resets=resets)
    padding = torch.ones(7, 3, dtype=torch.bool)  # true at padding, where it is not read
    padded = torch.where(
        Ragged(torch.ones(len(resets.values)), lengths).to_padded(total_length=7) > 0,
        resets.to_padded(total_length=7), padding,
    )  # fmt: skip
    packed = pack_padded_sequence(batch.to_padded(), lengths, enforce_sorted=False)
    packed_resets = pack_padded_sequence(resets.to_padded(), lengths, enforce_sorted=False)
    cases: list[tuple[Any, dict[str, Any]]] = [
        (batch, {"resets": resets.values}),
        (batch.to_padded(total_length=7), {"resets": padded, "lengths": lengths}),
        (batch.to_padded(), {"resets": resets, "lengths": lengths}),
        (batch.to_nested(), {"resets": resets.to_nested()}),
        (batch.to_nested(), {"resets": resets.values}),
        (packed, {"resets": packed_resets}),
        (packed, {"resets": packed_resets.data}),
        (packed, {"resets": resets}),
    ]
    for given, options in cases:
        output, ended = layer(given, **options)
        values = values_of(output, lengths)
        assert_close([values, *parts(ended)], [expected.values, *parts(final)])


def values_of(output: Any, lengths: list[int]) -> Tensor:
    """[N, ...] of any kind of output."""
    if isinstance(output, Ragged):
        return output.values
    if isinstance(output, Tensor):
        padded = not output.is_nested
        ragged = Ragged.from_padded(output, lengths) if padded else Ragged.from_nested(output)
        return ragged.values
    return Ragged.from_packed(output).values


@every_layer
def test_batches_of_one_length_batch_first_and_single_sequences(name: str) -> None:
    torch.manual_seed(3)
    x, resets = torch.randn(5, 2, 3, dtype=DOUBLE), torch.rand(5, 2) < 0.4
    layer, other = made(name, bidirectional=True), made(name, bidirectional=True, batch_first=True)
    output, final = layer(x, resets=resets)
    ragged, ended = layer(x, resets=resets, lengths=[5, 5])
    assert_close([ragged, *parts(ended)], [output, *parts(final)])
    for options in ({}, {"lengths": [5, 5]}):
        turned, ended = other(x.transpose(0, 1), resets=resets.t(), **options)
        assert_close([turned.transpose(0, 1), *parts(ended)], [output, *parts(final)])
    single, ended = layer(x[:, 1], resets=resets[:, 1])
    assert_close([single, *parts(ended)], [output[:, 1], *(part[:, 1] for part in parts(final))])


def test_a_batch_without_steps_takes_resets_without_steps() -> None:
    layer = elman.LSTM(3, 4, bidirectional=True)
    output, (h, c) = layer(torch.randn(0, 2, 3), resets=torch.zeros(0, 2, dtype=torch.bool))
    assert output.shape == (0, 2, 8)
    assert not h.any()
    assert not c.any()


def test_the_reverse_direction_begins_anew_at_the_last_step_of_a_segment() -> None:
    batch, resets = batch_and_resets()
    turned = reverse_resets(resets.packed_values(), batch.index.batch_sizes)
    back = resets.with_values(turned.index_select(0, batch.index.inverse)).to_list()
    ends = [torch.nonzero(one).flatten().tolist() for one in back]
    assert ends == [[1, 2], [], [], [1]]


# --- what is refused


def refused(resets: Any, input: Any = None, **options: Any) -> ShapeError:
    layer = elman.GRU(3, 4, batch_first=options.pop("batch_first", False))
    with pytest.raises(ShapeError) as caught:
        layer(torch.randn(5, 2, 3) if input is None else input, resets=resets, **options)
    assert caught.value.where == "GRU.forward, resets"
    return caught.value


def bools(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.bool)


@pytest.mark.parametrize("shape", [(2, 5), (5,), (5, 2, 1), (4, 2)])
@pytest.mark.parametrize("lengths", [None, [5, 3]])
def test_resets_of_another_shape(shape: tuple[int, ...], lengths: Any) -> None:
    error = refused(bools(*shape), lengths=lengths)
    assert str(list(shape)) in error.what
    assert "[5, 2]" in error.expected


def test_resets_of_another_shape_for_other_kinds_of_input() -> None:
    assert "[2, 5]" in refused(bools(5, 2), torch.randn(2, 5, 3), batch_first=True).expected
    assert "[5]" in refused(bools(5, 1), torch.randn(5, 3)).expected
    assert "[7]" in refused(bools(6), Ragged(torch.randn(7, 3), [4, 3])).expected
    nested = Ragged(torch.randn(7, 3), [4, 3]).to_nested()
    assert "[7]" in refused(bools(4, 2), nested).expected


@pytest.mark.parametrize("resets", [torch.zeros(5, 2), torch.ones(5, 2, dtype=torch.int64)])
@pytest.mark.parametrize("lengths", [None, [5, 3]])
def test_resets_that_are_not_bool(resets: Tensor, lengths: Any) -> None:
    error = refused(resets, lengths=lengths)
    assert str(resets.dtype) in error.what
    assert "torch.bool" in error.expected
    assert error.next_step == "resets.bool()"


def test_resets_that_are_no_tensor() -> None:
    assert "of type list" in refused([[True]]).what
    assert "torch.as_tensor" in refused([[True]], lengths=[5, 3]).next_step
    assert "of type Ragged" in refused(Ragged(bools(10), [5, 5])).what


def test_resets_of_other_lengths() -> None:
    batch = Ragged(torch.randn(7, 3), [4, 3])
    error = refused(Ragged(bools(7), [3, 4]), batch)
    assert "[3, 4]" in error.what
    assert "[4, 3]" in error.expected
    many = Ragged(torch.randn(12, 3), [1] * 12)
    assert "[2, 1, 1, 1, 1, 1, 1, 1, ...]" in refused(Ragged(bools(12), [2, *[1] * 10]), many).what
