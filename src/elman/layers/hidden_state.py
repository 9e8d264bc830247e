"""The call of the layers whose state is h alone: RNN and GRU."""

from __future__ import annotations

from typing import overload

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from elman.layers.inputs import Input, Lengths
from elman.layers.recurrent import Recurrent
from elman.layers.resets import Resets
from elman.sequences import Ragged


class HiddenStateLayer(Recurrent):
    """The base of RNN and GRU, which give and take h as one tensor."""

    @overload
    def forward(
        self,
        input: Tensor,
        hx: Tensor | None = None,
        *,
        lengths: Lengths | None = None,
        resets: Tensor | Ragged | None = None,
    ) -> tuple[Tensor, Tensor]: ...
    @overload
    def forward(
        self, input: PackedSequence, hx: Tensor | None = None, *, resets: Resets | None = None
    ) -> tuple[PackedSequence, Tensor]: ...
    @overload
    def forward(
        self, input: Ragged, hx: Tensor | None = None, *, resets: Tensor | Ragged | None = None
    ) -> tuple[Ragged, Tensor]: ...
    def forward(
        self,
        input: Input,
        hx: Tensor | None = None,
        *,
        lengths: Lengths | None = None,
        resets: Resets | None = None,
    ) -> tuple[Input, Tensor]:
        """Run the layer over a batch.

        Args:
            input: padded [T, B, I] (or [B, T, I]), unbatched [T, I], a PackedSequence, a nested
                tensor of layout jagged, or a Ragged.
            hx: h_0, [L·D, B, H] ([L·D, H] unbatched); see `initial_state` when it is missing.
            lengths: [B] the real lengths of a padded batch; all T when missing.
            resets: bool, true where the state is replaced before the step by the layer's own
                initial state: [T, B] (or [B, T]), [T] unbatched; otherwise of the kind of the
                input, or flat [N] in the order of its values. What stands at padding is not read.

        Returns:
            The output of the last layer, of the kind of the input, D·H wide, 0 at padding; and
            h_n [L·D, B, H], the state after each sequence's last real step (for the reverse
            direction: after its first).

        Raises:
            ShapeError: shapes, dtypes, lengths or resets that do not fit.
        """
        state = None if hx is None else (hx,)
        output, (h_n,) = self._forward(input, state, lengths, resets)
        return output, h_n
