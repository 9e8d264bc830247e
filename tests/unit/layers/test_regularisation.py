"""Each dropout does what its name says, in training only; zoneout in evaluation as well."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import dropout

import elman
from elman.errors import ConfigurationError
from elman.kernels import dispatch
from elman.kernels.contract import SequenceCall
from elman.layers.regularisation import rows_of_steps
from elman.sequences import Ragged
from tests.layer_kinds import every_layer, make_layer, parts
from tests.tolerances import OUTPUT

LENGTHS = [5, 2, 7]
OPTIONS = ["input_dropout", "recurrent_dropout", "weight_dropout", "zoneout"]
every_option = pytest.mark.parametrize("option", OPTIONS)


def options_of(name: str, option: str, rate: float = 0.5) -> dict[str, Any]:
    if option == "zoneout" and name.startswith("lstm"):
        return {"zoneout": (rate, rate / 2)}
    return {option: rate}


def made(name: str, *sizes: int, **options: Any) -> Any:
    torch.manual_seed(0)
    return make_layer(name, *(sizes or (3, 4)), **options)


def batch() -> Ragged:
    """The same at every call, and without a draw from the generator that dropout uses."""
    own = torch.Generator().manual_seed(1)
    return Ragged(torch.randn(sum(LENGTHS), 3, generator=own), LENGTHS)


def calls_of(layer: Any, given: Ragged | None = None) -> list[SequenceCall]:
    """What the layer asks of the kernels, layer after layer."""
    seen: list[SequenceCall] = []
    with dispatch.watch(lambda call, result: seen.append(call)):
        layer(batch() if given is None else given)
    return seen


def results(layer: Any) -> list[Tensor]:
    output, state = layer(batch())
    return [output.values, *parts(state)]


def equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


# --- when


@every_layer
@every_option
def test_in_training_each_draws_anew_and_by_torch_s_seed(name: str, option: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True, **options_of(name, option))
    torch.manual_seed(2)
    first, second = results(layer), results(layer)
    assert not torch.equal(first[0], second[0])
    torch.manual_seed(2)
    assert equal(results(layer), first)
    layer.eval()
    still = results(layer)
    assert equal(results(layer), still)
    plain = made(name, num_layers=2, bidirectional=True)
    assert equal(still, results(plain)) == (option != "zoneout")


@every_layer
def test_without_any_nothing_is_drawn_and_nothing_given_to_the_kernel(name: str) -> None:
    layer = made(name, num_layers=2, bidirectional=True)
    before = torch.get_rng_state()
    calls = calls_of(layer)
    assert torch.equal(torch.get_rng_state(), before)
    for call in calls:
        assert all(one.recurrent_mask is None and one.kept == () for one in call.directions)


@every_option
def test_in_evaluation_nothing_is_drawn(option: str) -> None:
    layer = made("lstm", **options_of("lstm", option)).eval()
    before = torch.get_rng_state()
    layer(batch())
    assert torch.equal(torch.get_rng_state(), before)


# --- what


@every_layer
@pytest.mark.parametrize("even", [False, True])
def test_input_dropout_is_one_mask_a_sequence_on_the_input_of_each_layer(
    name: str, even: bool
) -> None:
    layer = made(name, 30, 20, num_layers=2, input_dropout=0.4)
    lengths = [5, 5, 5] if even else LENGTHS
    given = Ragged(torch.ones(sum(lengths), 30), lengths)
    with torch.no_grad():  # so that the second layer's input can be told from its mask
        first, second = calls_of(layer, given)
    index = given.index
    for call in (first, second):
        if call is first:
            seen = call.input
        else:
            lower = make_layer(name, 30, 20)
            weights = {k: v for k, v in layer.state_dict().items() if "_l1" not in k}
            lower.load_state_dict(lower.state_dict() | weights)
            dropped = Ragged(first.input.index_select(0, index.inverse), lengths)
            full = lower(dropped)[0].packed_values()
            seen = torch.where(full != 0, call.input / full, torch.tensor(0.0))
        sequences = Ragged(seen.index_select(0, index.inverse), lengths).to_list()
        masks = []
        for sequence in sequences:
            kept = sequence > 0.5
            assert torch.allclose(sequence[kept], torch.tensor(1 / 0.6), atol=1e-3)
            if name != "rnn_relu" or call is first:  # whose values may be 0 by themselves
                assert bool((kept == kept[0]).all())
            masks.append(kept[0])
        assert not torch.equal(masks[0], masks[1])
    assert 0.45 < float((first.input > 0).float().mean()) < 0.75


@every_layer
def test_recurrent_dropout_is_one_mask_a_sequence_layer_and_direction(name: str) -> None:
    layer = made(name, 3, 50, num_layers=2, bidirectional=True, recurrent_dropout=0.2)
    every = [one.recurrent_mask for call in calls_of(layer) for one in call.directions]
    masks = [mask for mask in every if mask is not None]
    assert len(masks) == len(every) == 4
    for mask in masks:
        assert mask.shape == (3, layer.output_size)
        assert set(mask.unique().tolist()) <= {0.0, 1.25}
    full = torch.cat([mask.flatten() for mask in masks])
    if layer.output_size == 50:
        assert 0.7 < float((full > 0).float().mean()) < 0.9
        assert not torch.equal(masks[0], masks[1])


def test_recurrent_dropout_acts_on_h_before_its_product_and_nowhere_else() -> None:
    """With all of it dropped, a GRU is one whose recurrent weights are 0; z still keeps h."""
    layer, plain = made("gru_reset_after", recurrent_dropout=1.0), made("gru_reset_after")
    with torch.no_grad():
        plain.weight_hh_l0.zero_()
    given = torch.randn(1, 2, 4)
    found, expected = layer(torch.ones(6, 2, 3), given), plain(torch.ones(6, 2, 3), given)
    assert torch.allclose(found[0], expected[0], rtol=0, atol=OUTPUT[torch.float32])


@every_layer
def test_weight_dropout_drops_recurrent_weights_for_a_whole_call(name: str) -> None:
    layer = made(name, 3, 20, bidirectional=True, weight_dropout=0.3)
    (call,) = calls_of(layer)
    for direction, ending in zip(call.directions, ["", "_reverse"], strict=True):
        weights, own = direction.weights, layer.state_dict()
        hh = own["weight_hh_l0" + ending]
        kept = weights.hh != 0
        assert torch.allclose(weights.hh[kept], hh[kept] / 0.7)
        assert 0.6 < float(kept.float().mean()) < 0.8
        assert torch.equal(weights.ih, own["weight_ih_l0" + ending])
    layer.zero_grad()
    torch.manual_seed(3)
    output, _ = layer(batch())
    output.values.sum().backward()
    torch.manual_seed(3)
    dropped = dropout(layer.weight_hh_l0.detach(), 0.3) == 0
    assert not layer.weight_hh_l0.grad[dropped].any()
    assert bool(layer.weight_hh_l0.grad[~dropped].any())


@every_layer
def test_zoneout_keeps_values_of_each_part_at_its_own_rate(name: str) -> None:
    lstm = name.startswith("lstm")
    layer = made(name, 3, 60, zoneout=(0.1, 0.6) if lstm else 0.1)
    rates = [0.1, 0.6] if lstm else [0.1]
    given = Ragged(torch.randn(60, 3), [40, 20])
    ((direction,),) = (call.directions for call in calls_of(layer, given))
    widths = [layer.output_size, 60]
    for share, rate, width in zip(direction.kept, rates, widths, strict=False):
        assert share.shape == (60, width)
        assert set(share.unique().tolist()) == {0.0, 1.0}
        assert abs(float(share.mean()) - rate) < (0.05 if width == 60 else 0.1)
    layer.eval()
    ((direction,),) = (call.directions for call in calls_of(layer, given))
    for share, rate, width in zip(direction.kept, rates, widths, strict=False):
        assert share.shape == (1, width)
        assert share.unique().tolist() == [pytest.approx(rate)]


@every_layer
@pytest.mark.parametrize("training", [False, True])
def test_zoneout_of_one_keeps_the_state_for_ever(name: str, training: bool) -> None:
    layer = made(name, zoneout=(1.0, 1.0) if name.startswith("lstm") else 1.0)
    layer.train(training)
    blocks = [layer.output_size, 4][: len(layer.cell.state_names)]
    given = [torch.randn(1, 3, width) for width in blocks]
    output, final = layer(batch(), tuple(given) if len(given) > 1 else given[0])
    assert equal(parts(final), given)
    for b, sequence in enumerate(output.to_list()):
        assert torch.equal(sequence, given[0][0, b].expand_as(sequence))


@every_layer
def test_zoneout_of_zero_is_none(name: str) -> None:
    for zero in (0, 0.0, *([(0.0, 0.0)] if name.startswith("lstm") else [])):
        layer = made(name, zoneout=zero)
        assert layer.zoneout == ()
        assert equal(results(layer), results(made(name)))


def test_rows_of_steps_in_packed_order() -> None:
    given = batch()
    rows = rows_of_steps(given.index.batch_sizes)
    assert torch.equal(given.index.rows[rows], given.row_of_step[given.index.positions])
    assert rows_of_steps([]).tolist() == []


@every_option
def test_a_batch_without_steps_is_no_trouble(option: str) -> None:
    layer = made("lstm", num_layers=2, bidirectional=True, **options_of("lstm", option))
    for given in (torch.zeros(0, 2, 3), torch.zeros(0, 3), torch.zeros(0, 0, 3)):
        output, _ = layer(given)
        assert output.shape == (*given.shape[:-1], 8)


@every_option
@pytest.mark.parametrize("unbatched", [False, True])
def test_gradients_through_each(option: str, unbatched: bool) -> None:
    layer = made("lstm", dtype=torch.float64, **options_of("lstm", option))
    x = torch.randn(*((4,) if unbatched else (4, 2)), 3, dtype=torch.float64, requires_grad=True)

    def run(x: Tensor, *weights: Tensor) -> Tensor:
        torch.manual_seed(4)
        named = dict(zip(dict(layer.named_parameters()), weights, strict=True))
        output: Tensor = torch.func.functional_call(layer, named, (x,))[0]
        return output

    assert torch.autograd.gradcheck(run, (x, *layer.parameters()), fast_mode=True)
    assert torch.autograd.gradgradcheck(run, (x, *layer.parameters()), fast_mode=True)


# --- what is refused


@pytest.mark.parametrize("kind", [elman.RNN, elman.GRU])
@pytest.mark.parametrize("rates", [(0.1, 0.2), 1.5, -0.1, "0.1", True, None, ()], ids=repr)
def test_zoneout_of_a_state_of_one_part(kind: Any, rates: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kind(3, 4, zoneout=rates)
    assert f"zoneout = {rates!r}" in caught.value.where
    assert caught.value.expected == "a rate from 0 to 1"


@pytest.mark.parametrize("rates", [0.1, (0.1,), (0.1, 0.2, 0.3), (0.1, 2), (0.1, None)], ids=repr)
def test_zoneout_of_an_lstm_is_a_pair(rates: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        elman.LSTM(3, 4, zoneout=rates)
    assert f"zoneout = {rates!r}" in caught.value.where
    assert caught.value.expected == "a pair of rates from 0 to 1, of h and of c"
