"""A recording of one input has every gate and state of its steps, by name."""

from __future__ import annotations

import pytest
import torch

import elman
from elman.errors import UsageError
from elman.insight.recording import record


def test_a_recording_is_the_layer_s_trace() -> None:
    layer = elman.LSTM(3, 4, num_layers=2, bidirectional=True)
    x = torch.randn(5, 3)
    found = record(lambda: layer(x), list("hello"))
    trace = layer.trace(x)
    assert found.steps == tuple("hello")
    assert [(one.place.layer, one.place.reverse) for one in found.directions] == [
        (0, False), (0, True), (1, False), (1, True),
    ]  # fmt: skip
    for one in found.directions:
        assert one.gates == ("i", "f", "g", "o")
        assert one.words["f"] == "forget gate"
        for name, values in trace.layers[one.place.layer][one.place.reverse].items():
            assert torch.equal(one.quantities[name], values[:, 0])
            assert not one.quantities[name].requires_grad


def test_steps_without_names_have_numbers() -> None:
    layer = elman.RNN(3, 4)
    found = record(lambda: layer(torch.randn(3, 3)))
    assert found.steps == ("0", "1", "2")
    assert found.directions[0].gates == ("h",)


@pytest.mark.parametrize("batch", [0, 2])
def test_several_sequences_at_once_are_refused(batch: int) -> None:
    layer = elman.GRU(3, 4)
    with pytest.raises(UsageError, match="a run of one or more recurrent layers on one sequence"):
        record(lambda: layer(torch.randn(3, batch, 3)) if batch else None)
