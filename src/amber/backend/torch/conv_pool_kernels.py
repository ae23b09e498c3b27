"""Tensors with their channels first, as torch writes them: how they are turned, convolved and pooled.

Keras has the channels last. Only tensors of rank 3 and more have two layouts; all others are always as Keras has them.
Padding is exactly that of Keras on torch.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial

import keras
import torch
from torch import Tensor
from torch.nn import functional

from amber.backend.keras_internals.variables import kernel_of, tensor_of
from amber.backend.torch import sequences
from amber.backend.torch.activations import activation_for

Run = Callable[[Tensor, bool | None], Tensor]

_CONVOLVE: dict[int, Callable[..., Tensor]] = {1: sequences.convolve, 2: functional.conv2d}
_KERNEL_ORDER = {1: (2, 1, 0), 2: (3, 2, 0, 1)}
_MAX_POOL: dict[int, Callable[..., Tensor]] = {1: sequences.max_pool, 2: functional.max_pool2d}
_AVERAGE_POOL: dict[int, Callable[..., Tensor]] = {1: sequences.average_pool, 2: functional.avg_pool2d}
_INSIDE_AVERAGE = (
    (keras.layers.ZeroPadding1D, keras.layers.AveragePooling1D, keras.layers.Rescaling),
    (keras.layers.ZeroPadding2D, keras.layers.AveragePooling2D, keras.layers.Rescaling),
)


class Layout(Enum):
    """The two orders of the axes of a tensor."""

    KERAS = "as Keras has it: (batch, ..., channels)"
    CHANNELS_FIRST = "(batch, channels, ...)"


def make_convolution(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    """Return the function of a Conv1D or Conv2D layer, or None for settings left to Keras."""
    activate = activation_for(layer.activation, channels=1)
    if layer.data_format != "channels_last" or activate is None:
        return None
    convolve, order = _CONVOLVE[layer.rank], _KERNEL_ORDER[layer.rank]
    variable, bias = kernel_of(layer), layer.bias
    strides, dilations, groups = tuple(layer.strides), tuple(layer.dilation_rate), layer.groups
    extents = [(size - 1) * dilation + 1 for size, dilation in zip(layer.kernel_size, dilations, strict=True)]
    pad = zero_padding(layer.padding, extents, strides)

    def run(x: Tensor, training: bool | None) -> Tensor:
        x, padding = pad(x)
        kernel = tensor_of(variable).permute(order).to(x.dtype)
        shift = None if bias is None else tensor_of(bias).to(x.dtype)
        return activate(convolve(x, kernel, shift, strides, padding, dilations, groups))

    return run


def zero_padding(
    kind: str, extents: list[int], strides: tuple[int, ...]
) -> Callable[[Tensor], tuple[Tensor, int | list[int]]]:
    """Return a function that gives the padded tensor and what is left for the convolution to pad."""
    if kind == "causal":
        return lambda x: (sequences.pad(x, [extents[0] - 1, 0]), 0)
    if kind != "same":
        return lambda x: (x, 0)

    def pad(x: Tensor) -> tuple[Tensor, int | list[int]]:
        pads = _same(x, extents, strides)
        if any(before != after for before, after in pads):
            # What the end has more than the beginning is added; the convolution pads the rest itself.
            more = [(0, after - before) for before, after in reversed(pads)]
            x = sequences.pad(x, [size for pair in more for size in pair])
        return x, [before for before, _ in pads]

    return pad


def _same(x: Tensor, extents: list[int], strides: tuple[int, ...]) -> list[tuple[int, int]]:
    """The padding before and after, along each axis, for which the output has ceil(length / stride) positions."""
    pads = []
    for length, extent, stride in zip(x.shape[2:], extents, strides, strict=True):
        total = extent - 1 if stride == 1 else max(0, (-(-length // stride) - 1) * stride + extent - length)
        pads.append((total // 2, total - total // 2))
    return pads


def make_pooling(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    """Return the function of a max or average pooling layer, or None for settings left to Keras."""
    if layer.data_format != "channels_last":
        return None
    is_max = isinstance(layer, (keras.layers.MaxPooling1D, keras.layers.MaxPooling2D))
    sizes, strides = list(layer.pool_size), tuple(layer.strides)
    if layer.padding != "same":
        pool = (_MAX_POOL if is_max else _AVERAGE_POOL)[rank - 2]
        return lambda x, training: pool(x, sizes, strides)
    if is_max:
        return pool_inside(_MAX_POOL[rank - 2], sizes, strides)
    return _average_repeating_border(sizes, strides)


def pool_inside(pool: Callable[..., Tensor], sizes: list[int], strides: tuple[int, ...]) -> Run:
    """Pooling with padding 'same' over the positions inside the sequence, without a padded copy of it.

    Torch pads alike on both sides. Where Keras pads one more after than before, the larger size is given with
    stride 1, and the first output, which begins one too early, is dropped; with larger strides the last window may
    reach over the end (`ceil_mode`).
    """

    def run(x: Tensor, training: bool | None) -> Tensor:
        pads = _same(x, sizes, strides)
        padding = [after if stride == 1 else before for (before, after), stride in zip(pads, strides, strict=True)]
        y = pool(x, sizes, strides, padding, ceil_mode=True)
        for axis, (before, after) in enumerate(pads):
            if before != after and strides[axis] == 1:
                y = y.narrow(axis + 2, 1, y.shape[axis + 2] - 1)
        return y

    return run


def _average_repeating_border(sizes: list[int], strides: tuple[int, ...]) -> Run:
    """Average pooling with padding 'same' as Keras has it on torch: an asymmetric padding repeats the border."""
    pool = _AVERAGE_POOL[len(sizes)]

    def run(x: Tensor, training: bool | None) -> Tensor:
        pads = _same(x, sizes, strides)
        if all(before == after for before, after in pads):
            return pool(x, sizes, strides, [before for before, _ in pads], count_include_pad=False)
        x = functional.pad(x, [size for pair in reversed(pads) for size in pair], mode="replicate")
        return pool(x, sizes, strides)

    return run


def make_inside_average(model: keras.Model, shape: tuple[int | None, ...]) -> Run | None:
    """Return one pooling for a `Sequential` of zero padding, average pooling and a scale per position.

    That is how `amber.modeler` writes average pooling over the positions inside the sequence, of stock layers.

    Args:
        model: any sequential model.
        shape: of its input, with the batch.

    Returns:
        The function of a tensor with channels first; None for any other model.
    """
    kinds = tuple(type(layer) for layer in model.layers)
    if kinds not in _INSIDE_AVERAGE or None in shape[1:] or model.layers[1].data_format != "channels_last":
        return None
    padding, pooling, _ = model.layers
    sizes, strides = list(pooling.pool_size), tuple(pooling.strides)
    ones = torch.ones(1, *(size or 1 for size in shape[1:]))
    pads = [tuple(padding.padding)] if len(sizes) == 1 else [tuple(pair) for pair in padding.padding]
    averaged = ones
    with torch.no_grad():
        for layer in model.layers:
            averaged = type(layer).from_config({**layer.get_config(), "dtype": "float32"})(averaged)
        # An average over the inside of a sequence of ones is 1 everywhere, and only then are the scales those.
        is_inside = pooling.padding == "valid" and torch.allclose(averaged, torch.ones(()))
    if not is_inside or pads != _same(ones.movedim(-1, 1), sizes, strides):
        return None
    return pool_inside(partial(_AVERAGE_POOL[len(sizes)], count_include_pad=False), sizes, strides)


def make_global_pooling(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    """Return the function of a global max or average pooling layer, or None for settings left to Keras."""
    if layer.data_format != "channels_last" or layer.keepdims:
        return None
    axes = tuple(range(2, rank)) if layout is Layout.CHANNELS_FIRST else tuple(range(1, rank - 1))
    if isinstance(layer, (keras.layers.GlobalMaxPooling1D, keras.layers.GlobalMaxPooling2D)):
        return lambda x, training: x.amax(axes)
    return lambda x, training: x.mean(axes)
