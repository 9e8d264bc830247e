"""Files of tensors: held to names, types and shapes by their header, before anything is made."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
import torch
from safetensors.torch import save

from elman.errors import CorruptRunError
from elman.training.tensors import HEADER_BYTES, TENSORS, misfit, read_tensors, write_tensors

FILE = "weights.safetensors"
GOOD = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(0), "c": torch.tensor(5)}


def with_header(header: bytes, length: int | None = None, after: bytes = b"") -> bytes:
    size = len(header) if length is None else length
    return size.to_bytes(8, "little") + header + after


def entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} | changes


def one(**changes: Any) -> bytes:
    return with_header(json.dumps({"a": entry(**changes)}).encode(), after=bytes(4))


def test_tensors_come_back_and_fit_themselves() -> None:
    content = write_tensors(GOOD)
    again = read_tensors(content, FILE)
    assert again.keys() == GOOD.keys()
    assert all(torch.equal(again[name], tensor) for name, tensor in GOOD.items())
    assert misfit(content, FILE, {name: one.to("meta") for name, one in GOOD.items()}) == ""
    assert read_tensors(one(), FILE)["a"].tolist() == [0.0]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"a": GOOD["a"]}, "'b' is one too many"),
        (GOOD | {"d": torch.zeros(1)}, "'d' is missing"),
        (GOOD | {"a": torch.zeros(3, 2)}, "a is F32 [2, 3], not F32 [3, 2]"),
        (GOOD | {"c": torch.tensor(5.0)}, "c is I64 [], not F32 []"),
        (GOOD | {"a": torch.zeros(2, 3).double()}, "a is F32 [2, 3], not F64 [2, 3]"),
    ],
)
def test_what_does_not_fit_is_named(wanted: dict[str, torch.Tensor], told: str) -> None:
    assert misfit(write_tensors(GOOD), FILE, wanted) == told


BROKEN: dict[str, bytes] = {
    "empty": b"",
    "seven bytes": bytes(7),
    "no header": bytes(8),
    "a header beyond the file": with_header(b"{}", 99),
    "a header beyond every file": with_header(b"{}", 2**63),
    "a header beyond the limit": with_header(b"{}".ljust(HEADER_BYTES + 1)),
    "no JSON": with_header(b"{"),
    "no object": with_header(b"[]"),
    "no text": with_header(b"\xff\xfe"),
    "deep": with_header(b"[" * 100_000),
    "deep objects": with_header(b'{"a":' * 100_000),
    "a number for a tensor": with_header(b'{"a": 1}'),
    "metadata, which no run writes": with_header(b'{"__metadata__": {"a": "b"}}'),
    "no kind": with_header(b'{"a": {"shape": [1], "data_offsets": [0, 4]}}', after=bytes(4)),
    "an unknown kind": one(dtype="PICKLE"),
    "a half": one(dtype="F16", data_offsets=[0, 2]),
    "a size below zero": one(shape=[-1]),
    "a size that is true": one(shape=[True]),
    "a size that is no number": one(shape=["1"]),
    "a vast size": one(shape=[2**62]),
    "sizes that overflow": one(shape=[2**32, 2**32]),
    "another shape": one(shape=[2]),
    "offsets beyond the file": one(data_offsets=[0, 400]),
    "offsets backwards": one(data_offsets=[4, 0]),
    "bytes left over": one() + b"more",
    "cut": write_tensors(GOOD)[:-1],
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_no_file_of_tensors_is_refused(content: bytes) -> None:
    with pytest.raises(CorruptRunError, match=r"weights\.safetensors is damaged") as caught:
        read_tensors(content, FILE)
    assert caught.value.where == FILE
    assert caught.value.next_step


@pytest.mark.parametrize("count", [TENSORS + 1, 100_000])
def test_too_many_tensors_are_refused_before_they_are_listed(count: int) -> None:
    listed = {f"{number}": entry(shape=[0], data_offsets=[0, 0]) for number in range(count)}
    content = with_header(json.dumps(listed, separators=(",", ":")).encode())
    begin = time.perf_counter()
    tracemalloc.start()
    with pytest.raises(CorruptRunError):
        read_tensors(content, FILE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.perf_counter() - begin < 1
    assert peak < 10_000_000


def test_as_many_tensors_as_allowed_are_read() -> None:
    many = {f"layer.{number}.weight_ih": torch.zeros(1) for number in range(TENSORS)}
    assert len(read_tensors(save(many), FILE)) == TENSORS
