"""The door: which kernel runs a call, what the others say, and who may watch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import elman
from elman.errors import KernelUnavailable
from elman.kernels import dispatch, reference
from elman.kernels.contract import Kernel, SequenceCall, SequenceResult
from tests.contract.cases import Case, call_of, tensors


class Dummy:
    """A kernel whose answers are set, and which says by its output that it ran."""

    def __init__(
        self, name: str, reason: str | None = None, error: Exception | None = None
    ) -> None:
        self.NAME = name
        self.reason = reason
        self.error = error

    def why_not(self, call: SequenceCall) -> str | None:
        return self.reason

    def run(self, call: SequenceCall) -> SequenceResult:
        if self.error is not None:
            raise self.error
        result = reference.run(call)
        return replace(result, output=torch.full_like(result.output, 7.0))


def a_call() -> SequenceCall:
    case = Case("gru_reset_after", (3, 1))
    return call_of(case, tensors(case))


def behind_the_door(monkeypatch: pytest.MonkeyPatch, *before: Kernel) -> None:
    monkeypatch.setattr(dispatch, "KERNELS", (*before, *dispatch.KERNELS))


def test_the_reference_stands_last_and_serves_every_call() -> None:
    assert dispatch.KERNELS[-1].NAME == "reference"
    assert dispatch.explain(a_call())[-1] == dispatch.Answer("reference", None)


def test_auto_takes_the_first_willing_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    behind_the_door(monkeypatch, Dummy("moody", "it rains"), Dummy("seven"), Dummy("later"))
    assert dispatch.choose(a_call()).NAME == "seven"
    assert dispatch.run(a_call()).output.unique().tolist() == [7.0]


def test_explain_gives_every_answer_in_the_order_of_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dispatch.explain(a_call())
    behind_the_door(monkeypatch, Dummy("moody", "it rains"), Dummy("seven"))
    answers = dispatch.explain(a_call())
    assert [answer.name for answer in answers[:2]] == ["moody", "seven"]
    assert [answer.why_not for answer in answers[:2]] == ["it rains", None]
    assert answers[2:] == known


def test_a_kernel_by_name_runs_although_an_earlier_one_is_willing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    behind_the_door(monkeypatch, Dummy("first"))
    assert dispatch.choose(a_call(), "reference") is reference


def test_a_kernel_by_name_that_refuses_is_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    behind_the_door(monkeypatch, Dummy("moody", "it rains"))
    with pytest.raises(KernelUnavailable) as caught:
        dispatch.run(a_call(), "moody")
    assert "'moody' cannot serve this call: it rains" in caught.value.what
    assert "'reference'" in caught.value.expected
    assert "'moody'" not in caught.value.expected
    assert "auto" in caught.value.next_step
    with pytest.raises(KernelUnavailable, match="it rains"):
        elman.LSTM(2, 3, kernel="moody")(torch.randn(4, 1, 2))


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KernelUnavailable) as caught:
        dispatch.choose(a_call(), "warp")
    assert "'warp'" in caught.value.what
    assert "'auto'" in caught.value.expected
    assert all(repr(kernel.NAME) in caught.value.expected for kernel in dispatch.KERNELS)
    assert isinstance(caught.value, ValueError)


def test_an_error_inside_a_kernel_is_not_hidden_by_another_kernel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    behind_the_door(monkeypatch, Dummy("broken", error=ArithmeticError("in the middle")))
    with pytest.raises(ArithmeticError, match="in the middle"):
        dispatch.run(a_call())


def test_watchers_see_each_layer_s_call_and_result_in_order() -> None:
    layer = elman.LSTM(2, 3, num_layers=3, bidirectional=True)
    seen: list[tuple[SequenceCall, SequenceResult]] = []
    names: list[str] = []
    with dispatch.watch(lambda call, result: seen.append((call, result))):
        output, _ = layer(torch.randn(5, 2, 2), lengths=[5, 3])
        with dispatch.watch(lambda call, result: names.append(call.spec.kind)):
            elman.GRU(2, 3)(torch.randn(5, 2, 2))
    layer(torch.randn(5, 2, 2))
    assert [call.input.shape[1] for call, _ in seen] == [2, 6, 6, 2]
    assert [len(call.directions) for call, _ in seen] == [2, 2, 2, 1]
    assert seen[0][0].batch_sizes == (2, 2, 2, 1, 1)
    assert seen[1][0].input is seen[0][1].output
    assert names == ["gru"]
    assert torch.equal(seen[2][1].output[:2], output[0])


def test_a_watcher_is_gone_after_an_error() -> None:
    seen: list[SequenceCall] = []
    with pytest.raises(KeyError), dispatch.watch(lambda call, result: seen.append(call)):
        raise KeyError("outside")
    dispatch.run(a_call())
    assert seen == []


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
def test_a_watcher_is_no_part_of_a_graph() -> None:
    layer, x = elman.GRU(2, 3), torch.randn(5, 2, 2)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    seen: list[SequenceCall] = []
    with dispatch.watch(lambda call, result: seen.append(call)):
        output = compiled(x)[0]
        assert seen == []
        assert torch.equal(layer(x)[0], output)
    assert len(seen) == 1
