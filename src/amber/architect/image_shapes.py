"""Shapes, parameters and FLOPs of operations on images, of shape height x width x channels; see `operation_shapes`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from amber.architect.shape_rule import KnownCost, Misfit, Rule, Shape, bias, check_steps, per_group, windows

_Pair = tuple[int, int]


def _convolution(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    *_, channels = _image(shape)
    filters, kernel = int(values["filters"]), _pair(values["kernel_size"])
    left = _windows(values, shape, kernel)
    product = math.prod(kernel) * per_group(channels, filters, int(values.get("groups", 1))) * filters
    return KnownCost((*left, filters), product + bias(values, filters), 2 * math.prod(left) * product)


def _depthwise(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    *_, channels = _image(shape)
    kernel, given = _pair(values["kernel_size"]), channels * int(values.get("depth_multiplier", 1))
    left = _windows(values, shape, kernel)
    product = math.prod(kernel) * given
    return KnownCost((*left, given), product + bias(values, given), 2 * math.prod(left) * product)


def _separable(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    *_, channels = _image(shape)
    filters, kernel = int(values["filters"]), _pair(values["kernel_size"])
    between = channels * int(values.get("depth_multiplier", 1))
    left = _windows(values, shape, kernel)
    product = math.prod(kernel) * between + between * filters
    return KnownCost((*left, filters), product + bias(values, filters), 2 * math.prod(left) * product)


def _pool(values: Mapping[str, object], shape: Shape) -> KnownCost:
    *_, channels = _image(shape)
    size = _pair(values.get("pool_size", 2))
    return KnownCost((*_windows({"strides": size, **values}, shape, size), channels))


def _whole(values: Mapping[str, object], shape: Shape) -> KnownCost:
    return KnownCost((_image(shape)[-1],))


def _same(values: Mapping[str, object], shape: Shape) -> KnownCost:
    return KnownCost(_image(shape))


def _upsampled(values: Mapping[str, object], shape: Shape) -> KnownCost:
    height, width, channels = _image(shape)
    rows, columns = _pair(values.get("size", 2))
    return KnownCost((height * rows, width * columns, channels))


def _padded(values: Mapping[str, object], shape: Shape) -> KnownCost:
    height, width, channels = _image(shape)
    rows, columns = _margins(values.get("padding", 1))
    return KnownCost((height + rows, width + columns, channels))


def _cropped(values: Mapping[str, object], shape: Shape) -> KnownCost:
    height, width, channels = _image(shape)
    rows, columns = _margins(values.get("cropping", 0))
    if height <= rows or width <= columns:
        raise Misfit(f"nothing would be left: {rows} rows and {columns} columns would be cut from {height} x {width}")
    return KnownCost((height - rows, width - columns, channels))


def _of_image(values: Mapping[str, object], shape: Shape) -> None:
    """Say of a transposed convolution only what it cannot follow."""
    _image(shape)


def _image(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise Misfit(f"it needs an image, a shape of three axes; this has {len(shape)}")
    return shape[0], shape[1], shape[2]


def _windows(values: Mapping[str, object], shape: Shape, size: _Pair) -> _Pair:
    strides, dilations = _pair(values.get("strides", 1)), _pair(values.get("dilation_rate", 1))
    check_steps(strides, dilations)
    padding = values.get("padding", "valid")
    first, second = (windows(shape[k], size[k], strides[k], dilations[k], padding) for k in (0, 1))
    return first, second


def _pair(value: Any) -> _Pair:
    if not isinstance(value, (list, tuple)):
        return int(value), int(value)
    return int(value[0]), int(value[-1])


def _margins(value: Any) -> _Pair:
    """Return what is added or cut of rows and of columns: given once, for both axes, or for each side of both."""
    rows, columns = value if isinstance(value, (list, tuple)) else (value, value)
    return _both(rows), _both(columns)


def _both(value: Any) -> int:
    return int(sum(value)) if isinstance(value, (list, tuple)) else 2 * int(value)


IMAGE_RULES: dict[str, Rule] = {
    "avgpool2d": _pool,
    "conv2d": _convolution,
    "conv2d_transpose": _of_image,
    "cropping2d": _cropped,
    "depthwise_conv2d": _depthwise,
    "globalavgpool2d": _whole,
    "globalmaxpool2d": _whole,
    "maxpool2d": _pool,
    "separable_conv2d": _separable,
    "spatial_dropout2d": _same,
    "upsampling2d": _upsampled,
    "zero_padding2d": _padded,
}
