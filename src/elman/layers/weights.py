"""The parameters of a layer: named and ordered as in `torch.nn`, and gathered for a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.cells.spec import CellWeights

if TYPE_CHECKING:
    from elman.layers.cell_layer import CellLayer

_TORCH_NAMES = {"ih": "weight_ih", "hh": "weight_hh", "hr": "weight_hr"}


def suffixes(num_layers: int, bidirectional: bool) -> list[str]:
    """The endings of the parameters' names: layer-major, then direction.

    Example:
        >>> suffixes(2, True)
        ['_l0', '_l0_reverse', '_l1', '_l1_reverse']
    """
    endings = ["", "_reverse"] if bidirectional else [""]
    return [f"_l{layer}{ending}" for layer in range(num_layers) for ending in endings]


def weight_shapes(layer: CellLayer) -> list[dict[str, tuple[str, tuple[int, ...]]]]:
    """For each layer and direction, of each of its weights the parameter and the shape."""
    every = []
    for suffix in suffixes(layer.num_layers, layer.bidirectional):
        first = suffix.startswith("_l0")
        width = layer.input_size if first else layer.output_size * layer.num_directions
        every.append(
            {
                field: (_TORCH_NAMES.get(field, field) + suffix, shape)
                for field, shape in layer.weights_above(width).items()
            }
        )
    return every


def gather(layer: CellLayer, names: dict[str, str]) -> CellWeights:
    """The weights of one layer and direction, by the names of their parameters.

    They are looked up by name, so that parametrizations and functional calls are seen.
    """
    plain = layer._parameters  # a parametrization's are not among them
    return CellWeights(
        **{
            field: plain[name] if name in plain else getattr(layer, name)
            for field, name in names.items()
        }  # type: ignore[arg-type]
    )
