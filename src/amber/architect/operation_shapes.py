"""Shapes, parameters and FLOPs of operations, known without loading Keras: the rules of vectors and sequences.

`amber.graph.cost` is what counts; a test compares the two. Of what is not here, `known_cost` says that it is not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from amber.architect.image_shapes import IMAGE_RULES
from amber.architect.operation import Operation
from amber.architect.operation_table import RENAMED, known_operations
from amber.architect.other_shapes import OTHER_RULES
from amber.architect.shape_rule import (
    KnownCost,
    Misfit,
    Rule,
    Shape,
    bias,
    both_sides,
    check_steps,
    per_group,
    same,
    sequence,
    size_of,
    windows,
)
from amber.errors import InvalidArchitectureError


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
    rule = RULES.get(known.name)
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
    except Misfit as error:
        raise InvalidArchitectureError(
            f"The operation {operation} cannot be built on {shape} (shape without batch): {error}"
        ) from None


# Attributes with which the rules below do not hold, or may not.
_UNUSUAL = frozenset(
    "data_format axis keepdims return_state renorm reset_after shared_axes lora_rank quantization_config "
    "bias_axes dtype".split()
)


def _dense(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    if not shape:
        raise Misfit("it needs at least one axis")
    units = int(values["units"])
    weights = shape[-1] * units + bias(values, units)
    return KnownCost((*shape[:-1], units), weights, 2 * math.prod(shape) * units)


def _convolution(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    length, channels = sequence(shape)
    filters, kernel = int(values["filters"]), size_of(values["kernel_size"])
    left = _windows(values, length, kernel)
    product = kernel * per_group(channels, filters, int(values.get("groups", 1))) * filters
    return KnownCost((left, filters), product + bias(values, filters), 2 * left * product)


def _separable(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    length, channels = sequence(shape)
    filters, kernel = int(values["filters"]), size_of(values["kernel_size"])
    between = channels * int(values.get("depth_multiplier", 1))
    left = _windows(values, length, kernel)
    product = kernel * between + between * filters
    return KnownCost((left, filters), product + bias(values, filters), 2 * left * product)


def _depthwise(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    length, channels = sequence(shape)
    kernel, given = size_of(values["kernel_size"]), channels * int(values.get("depth_multiplier", 1))
    left = _windows(values, length, kernel)
    return KnownCost((left, given), kernel * given + bias(values, given), 2 * left * kernel * given)


def _pool(values: Mapping[str, object], shape: Shape) -> KnownCost:
    length, channels = sequence(shape)
    size = size_of(values.get("pool_size", 2))
    return KnownCost((_windows({"strides": size, **values}, length, size), channels))


def _whole(values: Mapping[str, object], shape: Shape) -> KnownCost:
    return KnownCost((sequence(shape)[1],))


def _flatten(values: Mapping[str, object], shape: Shape) -> KnownCost:
    return KnownCost((math.prod(shape),))


def _reshape(values: Mapping[str, Any], shape: Shape) -> KnownCost | None:
    target = values["target_shape"]
    sizes = list(target) if isinstance(target, (list, tuple)) else [target]
    if not all(type(each) is int and (each > 0 or each == -1) for each in sizes) or sizes.count(-1) > 1:
        return None
    whole, given = math.prod(shape), math.prod(each for each in sizes if each != -1)
    if whole % given or (-1 not in sizes and whole != given):
        raise Misfit(f"{whole} numbers cannot be given the shape {tuple(sizes)}")
    return KnownCost(tuple(whole // given if each == -1 else each for each in sizes))


def _repeat(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    if len(shape) != 1:
        raise Misfit("it needs a vector")
    return KnownCost((int(values["n"]), *shape))


def _normalisation(every_channel: int, switches: tuple[str, ...]) -> Rule:
    """Return the rule of a layer with some weights for each channel, and one more for each switch that is on."""

    def rule(values: Mapping[str, object], shape: Shape) -> KnownCost:
        if not shape:
            raise Misfit("it needs at least one axis")
        return KnownCost(shape, shape[-1] * (every_channel + sum(bool(values.get(name, True)) for name in switches)))

    return rule


def _recurrent(gates: int, biases: int) -> Callable[[Mapping[str, Any], Shape], KnownCost]:
    """Return the rule of a recurrent layer of so many gates, with so many biases for each."""

    def rule(values: Mapping[str, Any], shape: Shape) -> KnownCost:
        length, channels = sequence(shape)
        units = int(values["units"])
        product = gates * units * (channels + units)
        every = values.get("return_sequences", False)
        weights = product + biases * bias(values, gates * units)
        return KnownCost((length, units) if every else (units,), weights, 2 * length * product)

    return rule


_RECURRENT = {"gru": _recurrent(3, 2), "lstm": _recurrent(4, 1), "simple_rnn": _recurrent(1, 1)}


def _bidirectional(values: Mapping[str, Any], shape: Shape) -> KnownCost | None:
    inner = known_operations().get(values.get("layer", "lstm"))
    rule = None if inner is None else _RECURRENT.get(inner.name)
    if rule is None:
        return None
    one = rule(values, shape)
    width = one.shape[-1] * (2 if values.get("merge_mode", "concat") == "concat" else 1)
    return KnownCost((*one.shape[:-1], width), 2 * one.parameters, 2 * one.flops)


def _padded(values: Mapping[str, object], shape: Shape) -> KnownCost:
    length, channels = sequence(shape)
    return KnownCost((length + both_sides(values.get("padding", 1)), channels))


def _cropped(values: Mapping[str, object], shape: Shape) -> KnownCost:
    length, channels = sequence(shape)
    left = length - both_sides(values.get("cropping", (1, 1)))
    if left < 1:
        raise Misfit(f"nothing would be left: of {length} positions it would leave {left}")
    return KnownCost((left, channels))


def _upsampled(values: Mapping[str, object], shape: Shape) -> KnownCost:
    length, channels = sequence(shape)
    return KnownCost((length * size_of(values.get("size", 2)), channels))


def _windows(values: Mapping[str, object], length: int, size: int) -> int:
    """Return at how many positions a window of a size stands."""
    stride, dilation = size_of(values.get("strides", 1)), size_of(values.get("dilation_rate", 1))
    check_steps((stride,), (dilation,))
    return windows(length, size, stride, dilation, values.get("padding", "valid"))


RULES: dict[str, Rule] = {
    **IMAGE_RULES,
    **OTHER_RULES,
    **_RECURRENT,
    "activation": same,
    "alpha_dropout": same,
    "avgpool1d": _pool,
    "batch_normalization": _normalisation(2, ("center", "scale")),
    "conv1d": _convolution,
    "cropping1d": _cropped,
    "dense": _dense,
    "depthwise_conv1d": _depthwise,
    "dropout": same,
    "elu": same,
    "flatten": _flatten,
    "gaussian_dropout": same,
    "gaussian_noise": same,
    "globalavgpool1d": _whole,
    "globalmaxpool1d": _whole,
    "identity": same,
    "layer_normalization": _normalisation(0, ("center", "scale")),
    "leaky_relu": same,
    "maxpool1d": _pool,
    "relu": same,
    "repeat_vector": _repeat,
    "reshape": _reshape,
    "rms_normalization": _normalisation(1, ()),
    "separable_conv1d": _separable,
    "bidirectional": _bidirectional,
    "softmax": same,
    "unit_normalization": same,
    "upsampling1d": _upsampled,
    "zero_padding1d": _padded,
}
