"""A layer for prediction one step at a time, as its input arrives."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor

from elman.errors import ConfigurationError, ShapeError
from elman.kernels import cpu, dispatch
from elman.kernels.contract import SequenceCall
from elman.kernels.native import Step
from elman.layers.cell_layer import CellLayer
from elman.layers.states import State


class Frozen:
    """A copy of a recurrent layer that reads one step a call, its weights packed once.

    It is as the layer was in evaluation when it was made: later changes to the layer's weights are
    not seen, and no gradients are recorded. The state has the form of the layer's own.

    Args:
        layer: `RNN`, `LSTM`, `GRU` or `CustomLayer`, of one direction.
        batch_size: B, the number of sequences that are read side by side.

    Raises:
        ConfigurationError: a bidirectional layer, which cannot answer before the last step.
        KernelUnavailable: the layer insists on a kernel that cannot serve it.

    Example:
        >>> import elman
        >>> layer = elman.GRU(3, 4)
        >>> frozen, state = Frozen(layer), None
        >>> for x in torch.randn(5, 1, 3):
        ...     output, state = frozen(x, state)
        >>> output.shape, state.shape
        (torch.Size([1, 4]), torch.Size([1, 1, 4]))
    """

    def __init__(self, layer: CellLayer, batch_size: int = 1) -> None:
        if layer.bidirectional:
            raise ConfigurationError(
                "A bidirectional layer reads to the last step before it answers at the first.",
                where="Frozen(layer)",
                expected="a layer with bidirectional=False",
            )
        self.layer = deepcopy(layer).eval().requires_grad_(False)
        self.batch_size = batch_size
        weight = self.layer.weight_ih_l0
        self._shape = (batch_size, layer.input_size)
        self._dtype = weight.dtype
        calls: list[SequenceCall] = []
        with dispatch.watch(lambda call, result: calls.append(call)), torch.no_grad():
            _, start = self.layer._run_even(weight.new_zeros(1, *self._shape), None, None)
        self._widths = [part.shape for part in start]
        kernels = [dispatch.choose(call, layer.kernel) for call in calls]
        self.kernel = kernels[0].NAME
        fused = all(kernel.NAME == cpu.NAME for kernel in kernels)
        self._steps = [Step(call) for call in calls] if fused else []

    def __call__(
        self, input: Tensor, state: Tensor | State | None = None
    ) -> tuple[Tensor, Tensor | State]:
        """Read one step.

        Args:
            input: [B, I].
            state: h, or (h, c), [L, B, H] each, as the last call gave it; that of the layer's
                beginning when it is missing.

        Returns:
            The output of the last layer, [B, H], and the state after the step.

        Raises:
            ShapeError: shapes or dtypes that do not fit.
        """
        with torch.no_grad():
            parts = self._checked(input, state)
            if not self._steps:
                output, final = self.layer._run_even(input.unsqueeze(0), parts, None)
                return output[0], final if len(final) > 1 else final[0]
            x, news = input.contiguous(), []
            for number, step in enumerate(self._steps):
                new = step.run(x, [part[number] for part in parts])
                x = new[0]
                news.append(new)
            if len(news) == 1:
                final = tuple(part.unsqueeze(0) for part in news[0])
            else:
                final = tuple(torch.stack(one) for one in zip(*news, strict=True))
            return x, final if len(final) > 1 else final[0]

    def _checked(self, input: Tensor, state: Tensor | State | None) -> State:
        """The parts of the state, dense in memory."""
        if input.shape != self._shape or input.dtype != self._dtype or input.is_meta:
            raise ShapeError(
                f"The input is {input.dtype} of shape {list(input.shape)}.",
                where="Frozen",
                expected=f"{self._dtype} of shape {list(self._shape)} (batch_size, input_size)",
            )
        if state is None:
            start = self.layer.start_state(self.batch_size, input)
            return tuple(part.contiguous() for part in start)
        parts = (state,) if isinstance(state, Tensor) else tuple(state)
        fits = len(parts) == len(self._widths) and all(
            part.shape == shape and part.dtype == self._dtype and part.device == input.device
            for part, shape in zip(parts, self._widths, strict=True)
        )
        if not fits:
            self.layer.check_state(parts, [self.batch_size])
        return tuple(part.contiguous() for part in parts)
