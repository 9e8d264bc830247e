"""Every tolerance of the tests, in one table."""

from __future__ import annotations

import torch

OUTPUT = {torch.float32: 1e-6, torch.float64: 1e-12}
"""Absolute, between Elman's layers and `torch.nn`'s."""

GRADIENT = {torch.float32: 1e-6, torch.float64: 1e-12}
"""As a share of the tensor's largest magnitude, between Elman's gradients and `torch.nn`'s."""

NORMED_GRADIENT = {torch.float32: 3e-5, torch.float64: 3e-11}
"""The same for a cell with layer normalisation, whose slope where all of a sum is alike is the root
of 1/epsilon, 316: rounding before it grows by as much."""

NORMED_CALL = {torch.float32: 1e-5, torch.float64: 1e-12}
"""For a cell with layer normalisation, as a share of the largest gradient of the whole call: a norm
takes most of some gradients away, and what is left is small beside what rounding began with."""

ONNX_RUNTIME = 1e-6
"""Absolute, between Elman's layers and ONNX Runtime's nodes, in float32."""

BATCH_MATES = 1e-5
"""Relative: what the other sequences of a batch may change by rounding."""

BF16 = 1e-2
"""Between products of operands rounded to bfloat16 and full ones: of outputs absolute, of gradients
as a share of the tensor's largest magnitude."""

AFTER_100_STEPS = 2e-6
"""Absolute, between outputs in float32 and in float64 after a hundred steps."""
