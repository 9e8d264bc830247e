"""One to many: a vector or an image in, a sequence out (caption, melody)."""

from __future__ import annotations

from torch import Tensor, nn

from elman.errors import ConfigurationError
from elman.models.decoder import Decoder, Reading
from elman.models.description import OneToManyDescription
from elman.models.image_encoder import ImageEncoder
from elman.models.scaling import Scaling
from elman.models.start import Start
from elman.models.writing_model import WritingModel
from elman.sequences import Ragged


class OneToMany(WritingModel):
    """What is seen becomes the state from which the decoder starts.

        (h_0, c_0) = tanh(W f + b),   f: the vector scaled, or what a convolutional network sees

    With attention every step of the decoder looks at the places of the image again.

    Raises:
        ConfigurationError: attention without an image.

    Sources: Vinyals et al. (2015), arXiv:1411.4555; with attention: Xu et al. (2015),
    arXiv:1502.03044, the soft form.
    """

    description: OneToManyDescription

    def __init__(self, description: OneToManyDescription) -> None:
        super().__init__()
        self.description = description
        self.image: ImageEncoder | None = None
        if len(description.features) == 3:
            self.image = ImageEncoder(*description.features)
            size, memory_size = self.image.size, self.image.size // self.image.places
        else:
            if description.attention != "none":
                raise ConfigurationError(
                    "A vector has no places to attend to.",
                    where=f"attention = {description.attention}",
                    expected="attention = none, or images",
                    next_step="leave out --attention",
                )
            self.scaling = Scaling(description.features)
            size = memory_size = description.features[0]
        self.start = Start(size, description)
        self.decoder = Decoder(description, memory_size, description.hidden_size)
        self.dropout = nn.Dropout(description.dropout)

    def fit(self, inputs: Tensor) -> None:
        """Scale inputs from now on as those of the training part [N, ...] call for."""
        (self.scaling if self.image is None else self.image.scaling).fit(inputs)

    def encode(self, inputs: Tensor) -> Reading:
        """Where the decoder starts, having seen vectors [B, I] or images [B, C, H, W]."""
        seen = self.scaling(inputs) if self.image is None else self.image(inputs)
        seen = self.dropout(seen)
        state = self.start.state(seen)
        if self.image is None or self.description.attention == "none":
            return self.decoder.begin(state, None)
        places = self.image.by_place(seen)
        lengths = [places.shape[1]] * len(places)
        return self.decoder.begin(state, Ragged(places.flatten(0, 1), lengths))
