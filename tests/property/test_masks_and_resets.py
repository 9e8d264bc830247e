"""Masks with holes or padding on the left, and resets anywhere, for every layer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from hypothesis import given
from torch import Tensor

from elman.sequences import Ragged
from tests.layer_kinds import every_layer, make_layer, parts, whole
from tests.property.strategies import examples, masked_batches
from tests.tolerances import BATCH_MATES


def made(name: str, batch: dict[str, Any]) -> tuple[Any, Tensor, Tensor, list[Tensor] | None]:
    """A layer, a padded input [B, T, 3] with NaN where the mask has no step, mask, and a state."""
    torch.manual_seed(batch["seed"])
    layer = make_layer(
        name, 3, 5, num_layers=batch["num_layers"], bidirectional=batch["bidirectional"]
    )
    rows = len(batch["lengths"])
    mask = torch.tensor(batch["mask"], dtype=torch.bool).view(rows, batch["steps"])
    x = torch.randn(rows, batch["steps"], 3).masked_fill(~mask[..., None], torch.nan)
    blocks = layer.num_layers * layer.num_directions
    widths = [layer.output_size, 5][: len(layer.cell.state_names)]
    state = [torch.randn(blocks, rows, width) for width in widths]
    return layer, x, mask, state if batch["with_state"] else None


def assert_by_rounding_only(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    if expected.numel():
        found, expected = found.detach(), expected.detach()
        assert float((found - expected).abs().max()) <= BATCH_MATES * float(expected.abs().max())


@every_layer
@examples
@given(batch=masked_batches())
def test_what_a_mask_leaves_out_is_not_there(name: str, batch: dict[str, Any]) -> None:
    layer, x, mask, state = made(name, batch)
    ragged = Ragged.from_masked(x, mask, batch_first=True)
    output, final = layer(ragged, state and whole(state))
    padded = output.to_masked(mask, batch_first=True)
    assert bool(padded.isfinite().all())
    assert not padded[~mask].any()
    for row, real in enumerate(mask):
        own = state and whole([part[:, row] for part in state])
        alone, ended = layer(x[row][real], own)
        assert_by_rounding_only(padded[row][real], alone)
        for mine, other in zip(parts(final), parts(ended), strict=True):
            assert_by_rounding_only(mine[:, row], other)


@every_layer
@examples
@given(batch=masked_batches())
def test_a_ragged_batch_with_resets_is_its_segments(name: str, batch: dict[str, Any]) -> None:
    """Every segment is a sequence of its own, when none is given a state."""
    layer, x, mask, _ = made(name, batch)
    flags = torch.tensor(batch["resets"], dtype=torch.bool).view(mask.shape)
    ragged = Ragged.from_masked(x, mask, batch_first=True)
    resets = Ragged.from_masked(flags, mask, batch_first=True)
    output, final = layer(ragged, resets=resets)
    lengths: list[int] = []
    for one in resets.to_list():
        starts = sorted({0, *torch.nonzero(one).flatten().tolist(), len(one)})
        lengths += [end - start for start, end in pairwise(starts)] or [0]
    segments, ended = layer(Ragged(ragged.values, lengths))
    assert_by_rounding_only(output.values, segments.values)
    firsts = torch.cumsum(torch.tensor([0, *(_segments(one) for one in resets.to_list())]), 0)
    forward = torch.arange(layer.num_layers * layer.num_directions) % layer.num_directions == 0
    for mine, other in zip(parts(final), parts(ended), strict=True):
        assert_by_rounding_only(mine[forward], other[forward][:, firsts[1:] - 1])
        assert_by_rounding_only(mine[~forward], other[~forward][:, firsts[:-1]])


def _segments(resets: Tensor) -> int:
    """How many segments a sequence has; the empty one has one, as empty as it is."""
    return 1 + int(resets[1:].sum())
