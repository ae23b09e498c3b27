"""Convolutions and pooling on tensors with channels first, padded exactly as Keras pads on torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import torch.nn.functional as functional
from torch import Tensor

from amber.backend.torch.activations import activation_for
from amber.backend.torch.layouts import Layout

Run = Callable[[Tensor, bool | None], Tensor]

_CONVOLVE = {1: functional.conv1d, 2: functional.conv2d}
_KERNEL_ORDER = {1: (2, 1, 0), 2: (3, 2, 0, 1)}
_MAX_POOL = {1: functional.max_pool1d, 2: functional.max_pool2d}
_AVERAGE_POOL = {1: functional.avg_pool1d, 2: functional.avg_pool2d}


def make_convolution(layer: Any, layout: Layout, rank: int) -> Run | None:
    """Returns the function of a Conv1D or Conv2D layer, or None for settings left to Keras."""
    activate = activation_for(layer.activation, Layout.CHANNELS_FIRST)
    if layer.data_format != "channels_last" or activate is None:
        return None
    convolve, order = _CONVOLVE[layer.rank], _KERNEL_ORDER[layer.rank]
    variable, bias = layer._kernel, layer.bias
    strides, dilations, groups = tuple(layer.strides), tuple(layer.dilation_rate), layer.groups
    extents = [(size - 1) * dilation + 1 for size, dilation in zip(layer.kernel_size, dilations, strict=True)]
    pad = _zero_padding(layer.padding, extents, strides)

    def run(x: Tensor, training: bool | None) -> Tensor:
        x, padding = pad(x)
        shift = None if bias is None else bias._value
        return activate(convolve(x, variable._value.permute(order), shift, strides, padding, dilations, groups))

    return run


def _zero_padding(kind: str, extents: list[int], strides: tuple[int, ...]) -> Callable[[Tensor], tuple[Tensor, Any]]:
    """Returns a function that gives the padded tensor and what is left for the convolution to pad."""
    if kind == "causal":
        return lambda x: (functional.pad(x, (extents[0] - 1, 0)), 0)
    if kind != "same":
        return lambda x: (x, 0)

    def pad(x: Tensor) -> tuple[Tensor, Any]:
        pads = _same(x, extents, strides)
        if any(before != after for before, after in pads):
            # What the end has more than the beginning is added; the convolution pads the rest itself.
            more = [(0, after - before) for before, after in reversed(pads)]
            x = functional.pad(x, [size for pair in more for size in pair])
        return x, [before for before, _ in pads]

    return pad


def _same(x: Tensor, extents: list[int], strides: tuple[int, ...]) -> list[tuple[int, int]]:
    """The padding before and after, along each axis, for which the output has ceil(length / stride) positions."""
    pads = []
    for length, extent, stride in zip(x.shape[2:], extents, strides, strict=True):
        total = extent - 1 if stride == 1 else max(0, (-(-length // stride) - 1) * stride + extent - length)
        pads.append((total // 2, total - total // 2))
    return pads


def make_pooling(layer: Any, layout: Layout, rank: int) -> Run | None:
    """Returns the function of a max or average pooling layer, or None for settings left to Keras."""
    if layer.data_format != "channels_last":
        return None
    axes = rank - 2
    is_max = isinstance(layer, (keras.layers.MaxPooling1D, keras.layers.MaxPooling2D))
    pool = (_MAX_POOL if is_max else _AVERAGE_POOL)[axes]
    options: dict[str, Any] = {} if is_max else {"count_include_pad": False}
    sizes, strides, same = list(layer.pool_size), tuple(layer.strides), layer.padding == "same"

    def run(x: Tensor, training: bool | None) -> Tensor:
        padding: Any = 0
        if same:
            pads = _same(x, sizes, strides)
            padding = [before for before, _ in pads]
            if any(before != after for before, after in pads):
                # Keras repeats the border where the padding is not symmetric.
                x = functional.pad(x, [size for pair in reversed(pads) for size in pair], mode="replicate")
                padding = 0
        return pool(x, sizes, strides, padding, **options)

    return run


def make_global_pooling(layer: Any, layout: Layout, rank: int) -> Run | None:
    """Returns the function of a global max or average pooling layer, or None for settings left to Keras."""
    if layer.data_format != "channels_last" or layer.keepdims:
        return None
    axes = tuple(range(2, rank)) if layout is Layout.CHANNELS_FIRST else tuple(range(1, rank - 1))
    if isinstance(layer, (keras.layers.GlobalMaxPooling1D, keras.layers.GlobalMaxPooling2D)):
        return lambda x, training: x.amax(axes)
    return lambda x, training: x.mean(axes)
