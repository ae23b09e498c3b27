"""One candidate of one layer of a convolutional supernet: a chain of nodes with weights of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from amber.architect import Operation
from amber.architect.places import at_candidate
from amber.checks import is_integer
from amber.errors import ModelSpaceError
from amber.operations import check_layers, layer_arguments

_ACTIVATIONS = ("relu", "linear", "softmax", "sigmoid", "leaky_relu", "elu", "tanh")
_RELU = Operation("activation", activation="relu")
NORMALISE = Operation("batch_normalization", momentum=0.9, epsilon=1e-5)


@dataclass(frozen=True)
class Branch:
    """A candidate.

    Attributes:
        chain: names and operations of its nodes, in order.
        kind: `conv` (convolution, normalisation, activation), `pool`, `projection` (a 1x1 convolution that
            stands for an identity between different widths) or `identity`.
        activation: of a convolution; relu of a 1x1 convolution before a pool; else linear.
        pooling: the pooling operation, or None.
        conv: name of the node with the kernel, or None.
        norm: name of the normalisation, or None.
        kernel_size, dilation: of the kernel.
    """

    chain: tuple[tuple[str, Operation], ...]
    kind: str
    activation: str = "linear"
    pooling: Operation | None = None
    conv: str | None = None
    norm: str | None = None
    kernel_size: int = 1
    dilation: int = 1


@lru_cache(maxsize=512)
def convolution(filters: int, kernel_size: int, dilation: int = 1) -> Operation:
    """Return a convolution that keeps the length, without bias."""
    more = {} if dilation == 1 else {"dilation_rate": dilation}
    return Operation(
        "conv1d",
        filters=filters,
        kernel_size=kernel_size,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        **more,
    )


@lru_cache(maxsize=512)
def pool(kind: str, size: int, strides: int) -> Operation:
    """Return a pooling operation with padding 'same'."""
    return Operation(kind, pool_size=size, strides=strides, padding="same")


def make_branch(layer: int, token: int, operation: Operation, width_in: int, add_conv1: bool) -> Branch:
    """Return a candidate as a chain of nodes.

    Args:
        layer: index of the layer.
        token: index of the candidate.
        operation: the candidate; its `filters` is the width it gives.
        width_in: channels it reads.
        add_conv1: whether pooling gets a 1x1 convolution, normalisation and relu before it.

    Raises:
        ModelSpaceError: a type, attribute or activation that this family does not know.
    """
    prefix, kind = f"layer_{layer}_branch_{token}", operation.Layer_type
    with at_candidate(layer, token):
        arguments = layer_arguments(operation)
        if kind == "conv1d":
            branch = _convolution(prefix, operation, arguments)
        elif kind in ("maxpool1d", "avgpool1d"):
            branch = _pooling(prefix, operation, arguments, width_in, add_conv1)
        elif kind == "identity":
            branch = _identity(prefix, operation, width_in)
        else:
            raise ModelSpaceError(
                f"a convolutional supernet is made of conv1d, maxpool1d, avgpool1d and identity. Received: {operation}"
            )
        check_layers(each for _, each in branch.chain)
    return branch


def _convolution(prefix: str, operation: Operation, arguments: dict[str, Any]) -> Branch:
    unread = sorted(
        set(arguments) - {"filters", "kernel_size", "activation", "dilation_rate", "padding", "strides", "name"}
    )
    if unread:
        raise ModelSpaceError(f"a convolutional supernet would ignore {', '.join(unread)}. Received: {operation}")
    if _one(arguments.get("strides", 1), operation) != 1:
        raise ModelSpaceError(f"a convolution keeps the length: strides must be 1. Received: {operation}")
    size = _one(arguments["kernel_size"], operation)
    dilation = _one(arguments.get("dilation_rate", 1), operation)
    given = arguments.get("activation", "linear") or "linear"
    activation = given.lower() if isinstance(given, str) else given
    if activation not in _ACTIVATIONS:
        raise ModelSpaceError(f"the activation must be one of {', '.join(_ACTIVATIONS)}. Received: {operation}")
    chain = [
        (f"{prefix}_conv", convolution(operation.get("filters"), size, dilation)),
        (f"{prefix}_bn", NORMALISE),
    ]
    if activation != "linear":
        chain.append((f"{prefix}_activation", Operation("activation", activation=activation)))
    return Branch(
        tuple(chain), "conv", activation, None, f"{prefix}_conv", f"{prefix}_bn", kernel_size=size, dilation=dilation
    )


def _pooling(prefix: str, operation: Operation, arguments: dict[str, Any], width_in: int, add_conv1: bool) -> Branch:
    pooling = pool(
        operation.Layer_type,
        _one(arguments.get("pool_size", 2), operation),
        _one(arguments.get("strides") or 1, operation),
    )
    filters = operation.get("filters")
    last = (f"{prefix}_pool", pooling)
    conv, norm = f"{prefix}_conv_1", f"{prefix}_bn"
    if add_conv1:
        chain = ((conv, convolution(filters, 1)), (norm, NORMALISE), (f"{prefix}_relu", _RELU), last)
        return Branch(chain, "pool", "relu", pooling, conv, norm)
    if width_in != filters:
        return Branch(((conv, convolution(filters, 1)), last), "projection", "linear", pooling, conv)
    return Branch((last,), "identity", "linear", pooling)


def _identity(prefix: str, operation: Operation, width_in: int) -> Branch:
    if width_in != operation.get("filters"):
        conv = f"{prefix}_conv_1"
        return Branch(((conv, convolution(operation.get("filters"), 1)),), "projection", conv=conv)
    return Branch(((f"{prefix}_identity", Operation("identity")),), "identity")


def _one(value: object, operation: Operation) -> int:
    number = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
    if not is_integer(number) or number < 1:
        raise ModelSpaceError(f"sizes, strides and dilation must be positive integers. Received: {operation}")
    return number
