"""Layers of which a position of the output depends on a few positions of the input.

What may be changed here: the classes of layers. A layer that is not here is computed as a whole; a class derived from
one of Keras's may compute anything, so that only the classes themselves count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from amber.explain.substitutions.reach import Window
from amber.types import Tensor

layers = keras.layers

_LOWEST = float("-inf")
_POINTWISE = (
    layers.Activation,
    layers.AlphaDropout,
    layers.BatchNormalization,
    layers.Dense,
    layers.Dropout,
    layers.ELU,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Identity,
    layers.LayerNormalization,
    layers.LeakyReLU,
    layers.PReLU,
    layers.ReLU,
    layers.Rescaling,
    layers.SpatialDropout1D,
)
_MERGES = (
    layers.Add,
    layers.Average,
    layers.Concatenate,
    layers.Maximum,
    layers.Minimum,
    layers.Multiply,
    layers.Subtract,
)
_CONVOLUTIONS = (layers.Conv1D, layers.DepthwiseConv1D, layers.SeparableConv1D)
_POOLS = (layers.AveragePooling1D, layers.MaxPooling1D)


@dataclass(frozen=True)
class LocalLayer:
    """A layer on a few positions.

    Attributes:
        window: what a position of its output reads.
        run: gives the output from as many positions as it needs, without any padding.
    """

    window: Window
    run: Callable[..., Tensor]


def local_layer(layer: Any, length: int) -> LocalLayer | None:
    """Return how a layer computes some positions of its output, or None where it needs the whole input.

    Args:
        layer: a built layer, which reads tensors of the shape (batch, length, channels).
        length: of its input.
    """
    kind = type(layer)
    if getattr(layer, "data_format", "channels_last") != "channels_last" or not _has_known_activation(layer):
        return None
    if kind in _POINTWISE:
        return LocalLayer(Window(), layer) if _sees_single_positions(layer) else None
    if kind in _MERGES:
        merges_positions = kind is not layers.Concatenate or layer.axis in (-1, 2)
        return LocalLayer(Window(), lambda *tensors: layer(list(tensors))) if merges_positions else None
    if kind in _CONVOLUTIONS:
        size = (layer.kernel_size[0] - 1) * layer.dilation_rate[0] + 1
        return LocalLayer(_window(layer, size, length, 0.0), _unpadded(layer))
    if kind in _POOLS and (kind is layers.MaxPooling1D or layer.padding == "valid"):
        return LocalLayer(_window(layer, layer.pool_size[0], length, _LOWEST), _unpadded(layer))
    return None


def _has_known_activation(layer: Any) -> bool:
    """Say whether an activation is one of Keras's, which treat all positions alike; another may do anything."""
    activation = getattr(layer, "activation", None)
    return activation is None or getattr(keras.activations, getattr(activation, "__name__", ""), None) is activation


def _sees_single_positions(layer: Any) -> bool:
    """Say whether a layer treats all positions alike: its weights are of channels."""
    if isinstance(layer, layers.BatchNormalization | layers.LayerNormalization):
        axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
        return all(axis in (-1, 2) for axis in axes)
    if isinstance(layer, layers.Rescaling):
        return np.ndim(layer.scale) == 0 and np.ndim(layer.offset) == 0
    return not isinstance(layer, layers.PReLU) or bool(layer.alpha.shape[0] == 1)


def _window(layer: Any, size: int, length: int, fill: float) -> Window:
    stride = layer.strides[0]
    before = 0
    if layer.padding == "causal":
        before = size - 1
    elif layer.padding == "same":
        before = max((-(-length // stride) - 1) * stride + size - length, 0) // 2
    return Window(size, stride, before, fill)


def _unpadded(layer: Any) -> Callable[..., Tensor]:
    """Return a copy of a layer, with weights of its own, that pads nothing."""
    if layer.padding == "valid":
        return layer
    twin = type(layer).from_config({**layer.get_config(), "padding": "valid"})
    twin.build_from_config(layer.get_build_config())
    twin.set_weights(layer.get_weights())
    return twin
