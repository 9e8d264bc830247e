"""A layer for prediction, its weights packed once: whole sequences, or a step as it arrives."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeGuard

import torch
from torch import Tensor

from elman.errors import ConfigurationError, ShapeError
from elman.kernels import cpu, dispatch, operators
from elman.kernels.contract import SequenceCall
from elman.kernels.gradients import forward_mode, transformed
from elman.kernels.native import FrozenDirection, PackedWeights
from elman.layers.cell_layer import CellLayer
from elman.layers.inputs import Input, Lengths
from elman.layers.resets import Resets
from elman.layers.states import State


class Frozen:
    """A copy of a recurrent layer for prediction, its weights packed once.

    It is as the layer was in evaluation when it was made: later changes to the layer's weights are
    not seen, and no gradients are recorded. The state has the form of the layer's own.

    Args:
        layer: `RNN`, `LSTM`, `GRU` or `CustomLayer`.
        batch_size: B, the number of sequences that `step` reads side by side; a call takes any.

    Raises:
        KernelUnavailable: the layer insists on a kernel that cannot serve it.

    Example:
        >>> import elman
        >>> frozen = Frozen(elman.GRU(3, 4))
        >>> batch, state = torch.randn(5, 1, 3), None
        >>> output, last = frozen(batch)
        >>> for x in batch:
        ...     one, state = frozen.step(x, state)
        >>> torch.allclose(one, output[-1]), torch.allclose(state, last)
        (True, True)
    """

    def __init__(self, layer: CellLayer, batch_size: int = 1) -> None:
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
        self._directions: list[FrozenDirection] = []
        if all(kernel.NAME == cpu.NAME for kernel in kernels):
            packed = [
                PackedWeights(call, number)
                for call in calls
                for number in range(len(call.directions))
            ]
            self.layer.keep_packed(packed)
            if not layer.bidirectional:
                self._directions = [
                    FrozenDirection(*both) for both in zip(calls, packed, strict=True)
                ]

    def __call__(
        self,
        input: Input,
        hx: Any = None,
        *,
        lengths: Lengths | None = None,
        resets: Resets | None = None,
    ) -> tuple[Any, Any]:
        """Read whole sequences, as the layer does; it says what each argument is.

        Args:
            input: a batch of any kind that the layer takes.
            hx: the state before the first step.
            lengths: of a padded batch.
            resets: where sequences begin anew.

        Returns:
            The output of the last layer, of the kind of the input, and the state after it.

        Raises:
            ShapeError: shapes, dtypes, lengths or resets that do not fit.
        """
        with torch.no_grad():
            if lengths is None and resets is None and self._is_plain(input):
                return self._even(input, hx)
            output, state = self.layer(input, hx, lengths=lengths, resets=resets)
            return output, state

    def _is_plain(self, input: Input) -> TypeGuard[Tensor]:
        """Whether the core can read an input at once, with nobody to look on.

        Of a short sequence the way through the layer takes as long as some ten steps.
        """
        return (
            bool(self._directions)
            and type(input) is Tensor
            and input.dim() == 3
            and input.shape[2] == self._shape[1]
            and input.dtype == self._dtype
            and input.layout is torch.strided
            and input.is_cpu
            and 0 < input.numel() < cpu.LARGEST
            and not input.is_neg()
            and input.data_ptr() % input.element_size() == 0
            and not (self.layer._forward_pre_hooks or self.layer._forward_hooks)
            and not (dispatch.is_watched() or torch.is_autocast_enabled("cpu"))
            and not (forward_mode() or transformed() or operators.in_graph([input]))
        )

    def _even(self, input: Tensor, hx: Tensor | State | None) -> tuple[Tensor, Tensor | State]:
        """Read a plain batch of sequences of one length."""
        x = input.transpose(0, 1) if self.layer.batch_first else input
        steps, batch, width = x.shape
        if hx is None:
            parts = self.layer.start_state(batch, input)
        else:
            parts = (hx,) if isinstance(hx, Tensor) else tuple(hx)
            self.layer.check_state(parts, [batch])
        y, final = self._through(x.reshape(steps * batch, width).contiguous(), steps, parts)
        output = y.view(steps, batch, -1)
        return output.transpose(0, 1) if self.layer.batch_first else output, final

    def _through(self, x: Tensor, steps: int, parts: State) -> tuple[Tensor, Tensor | State]:
        """All layers, over steps [T·B, I] and from a state; the state in the layer's form."""
        news = []
        for number, direction in enumerate(self._directions):
            x, new = direction.run(x, steps, [part[number].contiguous() for part in parts])
            news.append(new)
        if len(news) == 1:
            final = tuple(part.unsqueeze(0) for part in news[0])
        else:
            final = tuple(torch.stack(one) for one in zip(*news, strict=True))
        return x, final if len(final) > 1 else final[0]

    def step(
        self, input: Tensor, state: Tensor | State | None = None
    ) -> tuple[Tensor, Tensor | State]:
        """Read one step of each sequence, as it arrives.

        Args:
            input: [B, I].
            state: h, or (h, c), [L, B, H] each, as the last call gave it; that of the layer's
                beginning when it is missing.

        Returns:
            The output of the last layer, [B, H], and the state after the step.

        Raises:
            ShapeError: shapes or dtypes that do not fit.
            ConfigurationError: a bidirectional layer, which cannot answer before the last step.
        """
        if self.layer.bidirectional:
            raise ConfigurationError(
                "A bidirectional layer reads to the last step before it answers at the first.",
                where="Frozen.step",
                expected="a layer with bidirectional=False",
                next_step="frozen(input) reads whole sequences in both directions",
            )
        with torch.no_grad():
            parts = self._checked(input, state)
            if not self._directions:
                output, final = self.layer._run_even(input.unsqueeze(0), parts, None)
                return output[0], final if len(final) > 1 else final[0]
            return self._through(input.contiguous(), 1, parts)

    def _checked(self, input: Tensor, state: Tensor | State | None) -> State:
        """The parts of the state."""
        if input.shape != self._shape or input.dtype != self._dtype or input.is_meta:
            raise ShapeError(
                f"The input is {input.dtype} of shape {list(input.shape)}.",
                where="Frozen.step",
                expected=f"{self._dtype} of shape {list(self._shape)} (batch_size, input_size)",
            )
        if state is None:
            return self.layer.start_state(self.batch_size, input)
        parts = (state,) if isinstance(state, Tensor) else tuple(state)
        fits = len(parts) == len(self._widths) and all(
            part.shape == shape and part.dtype == self._dtype and part.device == input.device
            for part, shape in zip(parts, self._widths, strict=True)
        )
        if not fits:
            self.layer.check_state(parts, [self.batch_size])
        return parts
