"""One to one: a vector or an image in, one class or number out; nothing in it is recurrent."""

from __future__ import annotations

from torch import Tensor, nn

from elman.errors import ConfigurationError
from elman.models.description import OneToOneDescription
from elman.models.image_encoder import ImageEncoder
from elman.models.scaling import Scaling


class OneToOne(nn.Module):
    """Scaling, or for images a convolutional encoder → (linear, ReLU) each layer → scores.

    Dropout acts on the input of every linear layer but a vector's first.

    Raises:
        ConfigurationError: features of two dimensions, which are neither vectors nor images.
    """

    def __init__(self, description: OneToOneDescription) -> None:
        super().__init__()
        self.description = description
        self.encoder: ImageEncoder | Scaling
        layers: list[nn.Module] = []
        match description.features:
            case (size,):
                self.encoder = Scaling([size])
            case (channels, height, width):
                self.encoder = ImageEncoder(channels, height, width)
                size = self.encoder.size
                layers.append(nn.Dropout(description.dropout))
            case _:
                raise ConfigurationError(
                    "A model reads vectors or images.",
                    where=f"features = {list(description.features)}",
                    expected="[I] or [C, H, W]",
                )
        for _ in range(description.num_layers):
            layers += [nn.Linear(size, description.hidden_size), nn.ReLU()]
            layers += [nn.Dropout(description.dropout)]
            size = description.hidden_size
        self.layers = nn.Sequential(*layers, nn.Linear(size, description.outputs))

    @property
    def scaling(self) -> Scaling:
        """What is fitted on the training part."""
        return self.encoder if isinstance(self.encoder, Scaling) else self.encoder.scaling

    def forward(self, values: Tensor) -> Tensor:
        """Scores [B, classes] (before softmax), or the number told, [B, 1].

        Args:
            values: vectors [B, I] or images [B, C, H, W].
        """
        return self.layers(self.encoder(values))  # type: ignore[no-any-return]
