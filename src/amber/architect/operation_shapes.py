"""Shapes, parameters and FLOPs of operations on vectors and sequences, known without loading Keras.

`amber.graph.cost` is what counts; a test compares the two. Of what is not here, `known_cost` says that it is not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from amber.architect.operation import Operation
from amber.architect.operation_table import RENAMED, known_operations
from amber.errors import InvalidArchitectureError

Shape = tuple[int, ...]


@dataclass(frozen=True)
class KnownCost:
    """What an operation gives and costs.

    Attributes:
        shape: of its output, without the batch axis.
        parameters: all weights.
        flops: 2 x multiply-adds, forward, batch 1.
    """

    shape: Shape
    parameters: int = 0
    flops: int = 0


_Rule = Callable[[Mapping[str, Any], Shape], KnownCost | None]


class _Misfit(Exception):
    """Why an operation cannot follow a shape."""


def known_cost(operation: Operation, shape: Shape) -> KnownCost | None:
    """Return what an operation gives for one input of a shape; None where that is not known here.

    Args:
        operation: one that `operation_table.check_operation` takes.
        shape: of its input, without the batch axis.

    Raises:
        InvalidArchitectureError: it cannot follow that shape.
    """
    known = known_operations().get(operation.Layer_type)
    if known is None:
        return None
    rule = _RULES.get(known.name)
    values = {
        RENAMED.get(name, name): value
        for name, value in operation.Layer_attributes.items()
        if name not in known.ignores and value is not None
    }
    if rule is None or _UNUSUAL & values.keys():
        return None
    try:
        return rule(values, shape)
    except (KeyError, TypeError, ValueError):
        return None  # an attribute that is missing or of a wrong kind is for the check of operations to name
    except _Misfit as error:
        raise InvalidArchitectureError(
            f"The operation {operation} cannot be built on {shape} (shape without batch): {error}"
        ) from None


# Attributes with which the rules below do not hold, or may not.
_UNUSUAL = frozenset(
    "data_format groups axis keepdims return_state renorm reset_after shared_axes lora_rank quantization_config "
    "bias_axes dtype".split()
)


def _dense(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    if not shape:
        raise _Misfit("it needs at least one axis")
    units = int(values["units"])
    weights = shape[-1] * units + _bias(values, units)
    return KnownCost((*shape[:-1], units), weights, 2 * math.prod(shape) * units)


def _convolution(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    length, channels = _sequence(shape)
    filters, kernel = int(values["filters"]), _size(values["kernel_size"])
    left = _windows(values, length, kernel)
    product = kernel * channels * filters
    return KnownCost((left, filters), product + _bias(values, filters), 2 * left * product)


def _separable(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    length, channels = _sequence(shape)
    filters, kernel = int(values["filters"]), _size(values["kernel_size"])
    between = channels * int(values.get("depth_multiplier", 1))
    left = _windows(values, length, kernel)
    product = kernel * between + between * filters
    return KnownCost((left, filters), product + _bias(values, filters), 2 * left * product)


def _depthwise(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    length, channels = _sequence(shape)
    kernel, given = _size(values["kernel_size"]), channels * int(values.get("depth_multiplier", 1))
    left = _windows(values, length, kernel)
    return KnownCost((left, given), kernel * given + _bias(values, given), 2 * left * kernel * given)


def _pool(values: Mapping[str, object], shape: Shape) -> KnownCost:
    length, channels = _sequence(shape)
    size = _size(values.get("pool_size", 2))
    return KnownCost((_windows({"strides": size, **values}, length, size), channels))


def _whole(values: Mapping[str, object], shape: Shape) -> KnownCost:
    return KnownCost((_sequence(shape)[1],))


def _same(values: Mapping[str, object], shape: Shape) -> KnownCost:
    return KnownCost(shape)


def _flatten(values: Mapping[str, object], shape: Shape) -> KnownCost:
    return KnownCost((math.prod(shape),))


def _reshape(values: Mapping[str, Any], shape: Shape) -> KnownCost | None:
    target = values["target_shape"]
    sizes = list(target) if isinstance(target, (list, tuple)) else [target]
    if not all(type(each) is int and (each > 0 or each == -1) for each in sizes) or sizes.count(-1) > 1:
        return None
    whole, given = math.prod(shape), math.prod(each for each in sizes if each != -1)
    if whole % given or (-1 not in sizes and whole != given):
        raise _Misfit(f"{whole} numbers cannot be given the shape {tuple(sizes)}")
    return KnownCost(tuple(whole // given if each == -1 else each for each in sizes))


def _repeat(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    if len(shape) != 1:
        raise _Misfit("it needs a vector")
    return KnownCost((int(values["n"]), *shape))


def _normalisation(every_channel: int, switches: tuple[str, ...]) -> _Rule:
    """Return the rule of a layer with some weights for each channel, and one more for each switch that is on."""

    def rule(values: Mapping[str, object], shape: Shape) -> KnownCost:
        if not shape:
            raise _Misfit("it needs at least one axis")
        return KnownCost(shape, shape[-1] * (every_channel + sum(bool(values.get(name, True)) for name in switches)))

    return rule


def _recurrent(gates: int, biases: int) -> _Rule:
    """Return the rule of a recurrent layer of so many gates, with so many biases for each."""

    def rule(values: Mapping[str, Any], shape: Shape) -> KnownCost:
        length, channels = _sequence(shape)
        units = int(values["units"])
        product = gates * units * (channels + units)
        every = values.get("return_sequences", False)
        weights = product + biases * _bias(values, gates * units)
        return KnownCost((length, units) if every else (units,), weights, 2 * length * product)

    return rule


def _padded(values: Mapping[str, object], shape: Shape) -> KnownCost:
    length, channels = _sequence(shape)
    return KnownCost((length + _both_sides(values.get("padding", 1)), channels))


def _cropped(values: Mapping[str, object], shape: Shape) -> KnownCost:
    length, channels = _sequence(shape)
    left = length - _both_sides(values.get("cropping", (1, 1)))
    if left < 1:
        raise _Misfit(f"nothing would be left: of {length} positions it would leave {left}")
    return KnownCost((left, channels))


def _upsampled(values: Mapping[str, object], shape: Shape) -> KnownCost:
    length, channels = _sequence(shape)
    return KnownCost((length * _size(values.get("size", 2)), channels))


def _image(values: Mapping[str, object], shape: Shape) -> None:
    if len(shape) != 3:
        raise _Misfit(f"it needs an image, a shape of three axes; this has {len(shape)}")


def _of_sequence(values: Mapping[str, object], shape: Shape) -> KnownCost | None:
    _sequence(shape)
    return None


def _sequence(shape: Shape) -> tuple[int, int]:
    """Return length and channels of a sequence."""
    if len(shape) != 2:
        raise _Misfit(f"it needs a sequence, a shape of two axes; this has {len(shape)}")
    return shape[0], shape[1]


def _windows(values: Mapping[str, object], length: int, size: int) -> int:
    """Return at how many positions a window of a size stands."""
    stride, dilation = _size(values.get("strides", 1)), _size(values.get("dilation_rate", 1))
    if stride > 1 and dilation > 1:
        raise _Misfit("strides and dilation_rate cannot both be more than 1")
    if str(values.get("padding", "valid")).lower() != "valid":
        return -(-length // stride)
    span = dilation * (size - 1) + 1
    if span > length:
        raise _Misfit(f"it reads {span} positions at once, and there are {length} (padding: same keeps the length)")
    return (length - span) // stride + 1


def _size(value: Any) -> int:
    return int(value[0] if isinstance(value, (list, tuple)) else value)


def _both_sides(value: Any) -> int:
    return int(sum(value)) if isinstance(value, (list, tuple)) else 2 * int(value)


def _bias(values: Mapping[str, object], number: int) -> int:
    return number if values.get("use_bias", True) else 0


_RULES: dict[str, _Rule] = {
    "activation": _same,
    "alpha_dropout": _same,
    "avgpool1d": _pool,
    "batch_normalization": _normalisation(2, ("center", "scale")),
    "conv1d": _convolution,
    "cropping1d": _cropped,
    "dense": _dense,
    "depthwise_conv1d": _depthwise,
    "dropout": _same,
    "elu": _same,
    "flatten": _flatten,
    "gaussian_dropout": _same,
    "gaussian_noise": _same,
    "globalavgpool1d": _whole,
    "globalmaxpool1d": _whole,
    "gru": _recurrent(3, 2),
    "identity": _same,
    "layer_normalization": _normalisation(0, ("center", "scale")),
    "leaky_relu": _same,
    "lstm": _recurrent(4, 1),
    "maxpool1d": _pool,
    "relu": _same,
    "repeat_vector": _repeat,
    "reshape": _reshape,
    "rms_normalization": _normalisation(1, ()),
    "separable_conv1d": _separable,
    "simple_rnn": _recurrent(1, 1),
    "softmax": _same,
    "unit_normalization": _same,
    "upsampling1d": _upsampled,
    "zero_padding1d": _padded,
    **dict.fromkeys(
        (
            "avgpool2d conv2d conv2d_transpose cropping2d depthwise_conv2d globalavgpool2d globalmaxpool2d maxpool2d "
            "separable_conv2d spatial_dropout2d upsampling2d zero_padding2d"
        ).split(),
        _image,
    ),
    **dict.fromkeys(("conv1d_transpose", "spatial_dropout1d"), _of_sequence),
}
