"""The terms of the gradient: each is the one that a copy of the weights at its step would get."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

import elman
from elman.errors import UsageError
from elman.insight.terms import gradient_terms
from tests.layer_kinds import PLAIN, every_layer, make_layer, parts, whole

WIDTH, UNITS = 3, 4
SMALL = {torch.float32: 1e-5, torch.float64: 1e-10}
"""Of the sum of all terms and autograd's gradient: what the page promises, as a share."""
LENGTHS = {"even": [6], "ragged": [6, 3, 1, 0, 3]}


def losses_of(
    layer: Any, lengths: list[int], seed: int = 0
) -> tuple[Callable[[], Tensor], elman.Ragged]:
    """A loss for each step: of all sequences that are alive there."""
    dtype = layer.weight_ih_l0.dtype
    draw = torch.Generator().manual_seed(seed)
    batch = elman.Ragged(torch.randn(sum(lengths), WIDTH, dtype=dtype, generator=draw), lengths)
    step_of = torch.cat([torch.arange(length) for length in lengths])
    width = layer.output_size * layer.num_directions
    head = torch.randn(width, 2, dtype=dtype, generator=draw)

    def losses() -> Tensor:
        output, _ = layer(batch)
        each = (output.values @ head).square().sum(1)
        zeros: Tensor = each.new_zeros(max(lengths))
        return zeros.index_add(0, step_of, each)

    return losses, batch


def check_sum(
    name: str, layers: int, both: bool, dtype: torch.dtype, which: str, seed: int
) -> None:
    torch.manual_seed(seed)
    layer = make_layer(name, WIDTH, UNITS, num_layers=layers, bidirectional=both, dtype=dtype)
    losses, _ = losses_of(layer, LENGTHS[which], seed)
    terms = gradient_terms(losses)
    assert terms.error <= SMALL[dtype]
    assert len(terms.errors) == len(list(layer.parameters()))
    assert all(bool(block.norms.isfinite().all()) for block in terms.blocks)


@every_layer
@pytest.mark.parametrize("which", LENGTHS)
@pytest.mark.parametrize("dtype", SMALL, ids=str)
def test_the_terms_add_up_to_autograd_s_gradient(name: str, which: str, dtype: torch.dtype) -> None:
    check_sum(name, 2, True, dtype, which, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("dtype", SMALL, ids=str)
@pytest.mark.parametrize("which", LENGTHS)
@pytest.mark.parametrize("seed", range(5))
def test_the_terms_add_up_for_every_network(
    name: str, layers: int, both: bool, dtype: torch.dtype, which: str, seed: int
) -> None:
    check_sum(name, layers, both, dtype, which, seed)


def by_copies(
    layer: Any, batch: elman.Ragged, losses: Callable[[Tensor], Tensor]
) -> list[dict[str, Tensor]]:
    """For each loss the gradients by a copy of the weights for each step: [T, ...] a weight."""
    inputs = batch.to_padded()
    own = {
        name: weight.detach().expand(len(inputs), *weight.shape).clone().requires_grad_()
        for name, weight in layer.named_parameters()
    }
    state, outputs = None, []
    for t, step in enumerate(inputs):
        weights = {name: copies[t] for name, copies in own.items()}
        output, state = functional_call(layer, weights, (step[None], state))
        outputs.append(output[0])
    flat = elman.Ragged.from_padded(torch.stack(outputs), batch.lengths)
    found = []
    for loss in losses(flat.values):
        gradients = torch.autograd.grad(loss, list(own.values()), retain_graph=True)
        found.append(dict(zip(own, gradients, strict=True)))
    return found


PARAMETERS = {
    "input": "weight_ih", "recurrent": "weight_hh", "projection": "weight_hr",
    "input bias": "bias_ih", "recurrent bias": "bias_hh", "peephole": "peephole",
    "input gain": "norm_ih", "recurrent gain": "norm_hh", "cell gain": "norm_c",
    "cell shift": "norm_c_bias", "gain": "norm_sum", "shift": "norm_sum_bias",
}  # fmt: skip
LETTERS = {
    "projection": "h", "cell gain": "c", "cell shift": "c", "peephole": "ifo",
}  # fmt: skip
"""The gates of what has not all of the cell's."""


@every_layer
@pytest.mark.parametrize("which", LENGTHS)
def test_each_term_is_the_gradient_of_a_copy_of_the_weights_at_its_step(
    name: str, which: str
) -> None:
    torch.manual_seed(1)
    layer = make_layer(name, WIDTH, UNITS, num_layers=2, dtype=torch.float64)
    for parameter in layer.parameters():  # not 1, and not 0
        torch.nn.init.uniform_(parameter, -0.6, 0.6)
    _, batch = losses_of(layer, LENGTHS[which])
    head = torch.randn(layer.output_size, dtype=torch.float64)
    step_of = torch.cat([torch.arange(length) for length in batch.lengths])

    def by_step(values: Tensor) -> Tensor:
        each = (values @ head).square()
        return each.new_zeros(len(batch.index.batch_sizes)).index_add(0, step_of, each)

    terms = gradient_terms(lambda: by_step(layer(batch)[0].values))
    wanted = by_copies(layer, batch, by_step)
    gates = {"rnn": "h", "lstm": "ifgo", "gru": "rzn"}[layer.cell.kind]
    seen = set()
    for block in terms.blocks:
        parameter = f"{PARAMETERS[block.weight]}_l{block.place.layer}"
        letters = LETTERS.get(block.weight, gates)
        seen.add((parameter, block.gate))
        copies = torch.stack([one[parameter] for one in wanted])  # [M, T, rows, ...]
        part = copies.chunk(len(letters), 2)[letters.index(block.gate)].flatten(2)
        torch.testing.assert_close(block.norms, part.norm(dim=2), atol=1e-12, rtol=1e-9)
        torch.testing.assert_close(block.sums, part.sum(0).norm(dim=1), atol=1e-12, rtol=1e-9)
    words = {word: LETTERS.get(word, gates) for word, of in PARAMETERS.items()
             if hasattr(layer, f"{of}_l0")}  # fmt: skip
    assert len(seen) == len(terms.blocks) == 2 * sum(map(len, words.values()))


READERS: dict[str, Callable[[Tensor], Tensor]] = {
    "its own step": lambda each: each,
    "all steps so far": lambda each: each.cumsum(0),
    "all steps alike": lambda each: each.sum() * torch.arange(1.0, len(each) + 1),
    "another step": lambda each: each.flip(0),
}


@pytest.mark.parametrize("reads", READERS)
def test_each_loss_has_the_terms_that_it_has_alone(reads: str) -> None:
    """Whichever steps the losses read, and however many are taken apart together."""
    torch.manual_seed(0)
    layer = elman.LSTM(WIDTH, UNITS, num_layers=2, dtype=torch.float64)
    x = torch.randn(5, WIDTH, dtype=torch.float64)

    def losses() -> Tensor:
        return READERS[reads](layer(x)[0].square().sum(1))

    together = gradient_terms(losses)
    assert together.error < 1e-10
    for m in range(len(x)):
        alone = gradient_terms(lambda m=m: losses()[m], at=[m])  # type: ignore[misc]
        for block, own in zip(together.blocks, alone.blocks, strict=True):
            torch.testing.assert_close(block.norms[m], own.norms[0])
        for state, one in zip(together.states, alone.states, strict=True):
            torch.testing.assert_close(state.norms[m], one.norms[0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [elman.LSTM, elman.GRU])
def test_a_quarter_of_a_million_terms_take_seconds(kind: Any) -> None:
    """512 losses by 512 steps of 128 units, on one thread; autograd alone took ten and more."""
    torch.manual_seed(0)
    layer, x, threads = kind(128, 128), torch.randn(512, 128), torch.get_num_threads()
    torch.set_num_threads(1)
    begin = time.process_time()
    terms = gradient_terms(lambda: layer(x)[0].square().sum(1))
    took = time.process_time() - begin
    torch.set_num_threads(threads)
    assert terms.error <= SMALL[torch.float32]
    assert took < 6


def test_dropout_is_the_same_in_every_run_of_the_model() -> None:
    torch.manual_seed(0)
    layer = elman.GRU(WIDTH, UNITS, num_layers=2, dropout=0.5, recurrent_dropout=0.5)
    x = torch.randn(6, WIDTH)
    assert layer.training
    assert gradient_terms(lambda: layer(x)[0].square().sum(1)).error <= SMALL[torch.float32]


def set_to(layer: elman.RNN, u: float, w: float) -> None:
    """The input and the recurrent weight of a network of one unit without biases."""
    for weight, value in zip(layer.parameters(), (u, w), strict=True):
        torch.nn.init.constant_(weight, value)


def test_the_terms_of_a_network_of_one_unit_are_those_of_the_lectures() -> None:
    """h_t = u x_t + w h_(t-1), L_t = h_t: the term of u is w^(t-k) x_k, of w w^(t-k) h_(k-1)."""
    layer = elman.RNN(1, 1, bias=False, nonlinearity="identity", dtype=torch.float64)
    u, w, x = 0.5, -0.8, torch.tensor([1.0, -2.0, 3.0, 0.25], dtype=torch.float64)
    set_to(layer, u, w)
    terms = gradient_terms(lambda: layer(x[:, None])[0].flatten())
    h = [0.0]
    for value in x.tolist():
        h.append(u * value + w * h[-1])
    powers = torch.tensor([[w ** (t - k) if k <= t else 0.0 for k in range(4)] for t in range(4)])
    of_u, of_w = powers.double() * x, powers.double() * torch.tensor(h[:4], dtype=torch.float64)
    for block, wanted in zip(terms.blocks, (of_u, of_w), strict=True):
        torch.testing.assert_close(block.norms, wanted.abs())
        torch.testing.assert_close(block.sums, wanted.sum(0).abs())
    torch.testing.assert_close(terms.states[0].norms, powers.double().abs())


@every_layer
def test_truncation_drops_what_a_detached_state_would(name: str) -> None:
    torch.manual_seed(0)
    layer = make_layer(name, WIDTH, UNITS, num_layers=2, dtype=torch.float64)
    x, steps = torch.randn(6, WIDTH, dtype=torch.float64), 6
    found = gradient_terms(lambda: layer(x)[0].square().sum(1)).truncation
    assert found is not None
    assert found.windows.tolist() == [1, 2, 4, 8]

    def gradient(window: int) -> Tensor:
        total = x.new_zeros(())
        for t in range(steps):
            start, state = max(0, t + 1 - window), None
            if start:
                state = whole([part.detach() for part in parts(layer(x[:start])[1])])
            total = total + layer(x[start : t + 1], state)[0][-1].square().sum()
        return torch.cat(
            [g.flatten() for g in torch.autograd.grad(total, list(layer.parameters()))]
        )

    full = gradient(steps)
    for window, dropped, cosine in zip(
        found.windows.tolist(), found.dropped, found.cosine, strict=True
    ):
        kept = gradient(window)
        torch.testing.assert_close(dropped, (full - kept).norm() / full.norm())
        torch.testing.assert_close(cosine, torch.cosine_similarity(full, kept, dim=0))
    assert found.share[0] > found.share[1] > found.share[2] > found.share[3] == 0


def test_a_direction_from_the_end_has_no_truncation() -> None:
    layer = elman.RNN(WIDTH, UNITS, bidirectional=True)
    assert gradient_terms(lambda: layer(torch.randn(4, WIDTH))[0].sum(1)).truncation is None


def test_terms_far_below_the_smallest_square_are_seen() -> None:
    layer = elman.RNN(1, 1, bias=False, nonlinearity="identity")
    set_to(layer, 1.0, 0.1)
    terms = gradient_terms(lambda: layer(torch.ones(31, 1))[0][-1])
    assert terms.states[0].norms[0, 0] == pytest.approx(1e-30, rel=1e-4)


def test_one_loss_alone_stands_at_the_last_step_unless_it_is_told() -> None:
    layer = elman.LSTM(WIDTH, UNITS)
    x = torch.randn(5, WIDTH)
    assert gradient_terms(lambda: layer(x)[0][-1].sum()).at.tolist() == [4]
    early = gradient_terms(lambda: layer(x)[0][2].sum(), at=[2])
    assert early.at.tolist() == [2]
    assert early.blocks[0].norms[0].count_nonzero() == 3


def test_a_layer_that_is_called_twice_has_one_gradient() -> None:
    layer = elman.GRU(WIDTH, WIDTH, dtype=torch.float64)
    x = torch.randn(4, WIDTH, dtype=torch.float64)
    terms = gradient_terms(lambda: layer(layer(x)[0])[0].sum(1))
    assert terms.error < 1e-10
    assert {block.place.layer for block in terms.blocks} == {0, 1}
    assert len(terms.errors) == 4


@pytest.mark.parametrize("frozen", [True, False])
def test_where_there_is_no_gradient_it_is_said(frozen: bool) -> None:
    layer = elman.LSTM(WIDTH, UNITS).requires_grad_(not frozen)
    with pytest.raises(UsageError, match="no gradient to take apart") as refusal:
        gradient_terms(lambda: layer(torch.randn(3, WIDTH))[0].sum(1) if frozen else torch.ones(3))
    assert "weights ask for a gradient" in refusal.value.expected


@pytest.mark.parametrize("at", [[0, 1, 3], [-1, 0, 1], [0, 1]])
def test_a_loss_without_a_step_of_its_own_is_refused(at: list[int]) -> None:
    layer = elman.LSTM(WIDTH, UNITS)
    with pytest.raises(UsageError, match="no step of its own") as refusal:
        gradient_terms(lambda: layer(torch.randn(3, WIDTH))[0].sum(1), at)
    assert refusal.value.expected == "for each loss a step from 0 to 2"
    assert "with 3 losses" in str(refusal.value)
