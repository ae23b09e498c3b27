"""Layers that join several tensors, as torch functions of a list."""

from __future__ import annotations

from collections.abc import Callable

import keras
import torch
from torch import Tensor

from amber.backend.keras_internals.graphs import inbound_nodes, reshapes
from amber.backend.torch.layouts import Layout

Join = Callable[[list[Tensor], bool | None], Tensor]
Make = Callable[[keras.Layer, Layout, int], Join | None]
layers = keras.layers


def _element_wise(first: Callable[[Tensor, Tensor], Tensor], further: Callable[[Tensor, Tensor], Tensor]) -> Make:
    """A merge of equal shapes, pair by pair; `further` may write into its first tensor, which is nobody else's."""

    def join(tensors: list[Tensor], training: bool | None) -> Tensor:
        result = first(tensors[0], tensors[1])
        for tensor in tensors[2:]:
            result = further(result, tensor)
        return result

    def make(layer: keras.Layer, layout: Layout, rank: int) -> Join | None:
        # Keras also broadcasts unequal shapes; that is left to it.
        return None if _broadcasts(layer) else join

    return make


def _make_average(layer: keras.Layer, layout: Layout, rank: int) -> Join | None:
    if _broadcasts(layer):
        return None

    def join(tensors: list[Tensor], training: bool | None) -> Tensor:
        result = tensors[0] + tensors[1]
        for tensor in tensors[2:]:
            result.add_(tensor)
        return result.div_(len(tensors))

    return join


def _make_concatenate(layer: keras.Layer, layout: Layout, rank: int) -> Join | None:
    axis = layer.axis % rank
    if layout is Layout.CHANNELS_FIRST and axis:
        axis = 1 if axis == rank - 1 else axis + 1
    return lambda tensors, training: torch.cat(tensors, axis)


def _broadcasts(layer: keras.Layer) -> bool:
    shapes = {tuple(tensor.shape) for node in inbound_nodes(layer) for tensor in node.input_tensors}
    return reshapes(layer) or len(shapes) > 1


MERGES: dict[type, Make] = {
    layers.Add: _element_wise(torch.add, Tensor.add_),
    layers.Average: _make_average,
    layers.Maximum: _element_wise(torch.maximum, torch.maximum),
    layers.Minimum: _element_wise(torch.minimum, torch.minimum),
    layers.Multiply: _element_wise(torch.multiply, torch.multiply),
    layers.Concatenate: _make_concatenate,
}
