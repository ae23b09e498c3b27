"""Floating-point operations of layers: 2 x multiply-adds of products and convolutions, forward, batch 1.

Biases, activations, normalisation, pooling and element-wise work are not counted, as in torch's own counter.
"""

from __future__ import annotations

import math

import keras

Shape = tuple[int | None, ...]


def dense(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """A matrix product for every position before the last axis."""
    return 2 * _known(inputs[0]) * int(layer.units)


def convolution(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """One kernel product per output position; the kernel already is per group."""
    positions = _known(output[:-1]) if layer.data_format == "channels_last" else _known(output[1:])
    return 2 * positions * math.prod(layer.kernel.shape)


def _known(shape: Shape) -> int:
    return math.prod(dimension or 1 for dimension in shape)
