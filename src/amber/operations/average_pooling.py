"""Average pooling that gives the same numbers on every backend.

With padding 'same' an average counts only the positions inside the sequence. On torch, Keras 3.15 repeats the
border value instead wherever the padding is not symmetric. There the pooling is composed of stock layers
(zero padding, 'valid' pooling, and a scale per position), so that a saved model loads without AMBER and predicts
the same under any backend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from amber.types import Shape


def average_pooling_1d(
    pool_size: int | Sequence[int] = 2,
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
    *,
    input_shape: Shape | None = None,
    **base: object,
) -> keras.layers.Layer:
    """Return average pooling along a sequence of shape (length, channels)."""
    return _average_pooling(1, pool_size, strides, padding, data_format, input_shape, base)


def average_pooling_2d(
    pool_size: int | Sequence[int] = (2, 2),
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
    *,
    input_shape: Shape | None = None,
    **base: object,
) -> keras.layers.Layer:
    """Return average pooling over an image of shape (height, width, channels)."""
    return _average_pooling(2, pool_size, strides, padding, data_format, input_shape, base)


def _average_pooling(
    axes: int,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None,
    padding: str,
    data_format: str | None,
    input_shape: Shape | None,
    base: dict[str, object],
) -> keras.layers.Layer:
    stock = keras.layers.AveragePooling1D if axes == 1 else keras.layers.AveragePooling2D
    layer = stock(pool_size, strides, padding, data_format, **base)
    lengths = input_shape[:-1] if input_shape is not None else (None,)
    if padding != "same" or layer.data_format != "channels_last" or len(lengths) != axes or None in lengths:
        return layer
    sizes, steps = tuple(layer.pool_size), tuple(layer.strides)
    pads = [_same_padding(int(n or 0), k, s) for n, k, s in zip(lengths, sizes, steps, strict=True)]
    if all(before == after for before, after in pads):
        return layer
    padded: Any = pads[0] if axes == 1 else tuple(pads)
    zeros = keras.layers.ZeroPadding1D(padded) if axes == 1 else keras.layers.ZeroPadding2D(padded)
    scale: Any = 1.0
    for axis, (n, k, s, pad) in enumerate(zip(lengths, sizes, steps, pads, strict=True)):
        along = [1] * (axes + 1)
        along[axis] = -1
        scale = scale * _correction(int(n or 0), k, s, pad).reshape(along)
    name = base.pop("name", None)
    return keras.Sequential(
        [zeros, stock(sizes, steps, "valid", **base), keras.layers.Rescaling(scale.tolist())], name=name
    )


def _same_padding(length: int, size: int, stride: int) -> tuple[int, int]:
    total = max((math.ceil(length / stride) - 1) * stride + size - length, 0)
    return total // 2, total - total // 2


def _correction(length: int, size: int, stride: int, pad: tuple[int, int]) -> np.ndarray:
    """Return, for every output position, the window size divided by its number of positions inside the sequence."""
    starts = np.arange(math.ceil(length / stride)) * stride - pad[0]
    inside = np.minimum(starts + size, length) - np.maximum(starts, 0)
    return size / inside
