"""What a convolutional architecture takes of the shared weights, stated once: nodes, candidates and layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from amber.architect import Operation
from amber.architect.places import NodePlace, at_candidate
from amber.checks import is_integer
from amber.errors import ModelSpaceError
from amber.graph.node import ComputationNode
from amber.operations import check_layers, layer_arguments

_ACTIVATIONS = ("relu", "linear", "softmax", "sigmoid", "leaky_relu", "elu", "tanh")
_RELU = Operation("activation", activation="relu")
NORMALISE = Operation("batch_normalization", momentum=0.9, epsilon=1e-5)


@dataclass(frozen=True)
class Branch:
    """A candidate of a layer: a chain of nodes with weights of its own.

    Attributes:
        chain: its nodes, in order.
        kind: `conv` (convolution, normalisation, activation), `pool`, `projection` (a 1x1 convolution that
            stands for an identity between different widths) or `identity`.
        activation: of a convolution; relu of a 1x1 convolution before a pool; else linear.
        pooling: the pooling operation, or None.
        conv: name of the node with the kernel, or None.
        norm: name of the normalisation, or None.
        dilation: of the kernel.
    """

    chain: tuple[ComputationNode, ...]
    kind: str
    activation: str = "linear"
    pooling: Operation | None = None
    conv: str | None = None
    norm: str | None = None
    dilation: int = 1


@dataclass(frozen=True)
class Reduction:
    """What an earlier tensor goes through where the number of filters changes.

    Attributes:
        source: number of the layer that gave it.
        chain: a 1x1 convolution and a max pooling.
    """

    source: int
    chain: tuple[ComputationNode, ...]


@dataclass(frozen=True)
class ConvPart:
    """A layer.

    Attributes:
        number: of the layer.
        token: position of the token that chooses the candidate.
        branches: the candidates.
        skips: position of the token that says whether each earlier layer is added.
        add, norm: the sum, and the normalisation after it; None where there are no skips.
        reductions: of this layer and, with skips, of all earlier ones, behind this layer.
    """

    number: int
    token: int
    branches: tuple[Branch, ...]
    skips: tuple[int, ...] = ()
    add: ComputationNode | None = None
    norm: ComputationNode | None = None
    reductions: tuple[Reduction, ...] = ()


def stated(name: str, operation: Operation, place: NodePlace) -> ComputationNode:
    """Return a node whose parents the tokens decide, and whose name says which shared layer has its weights."""
    return ComputationNode(operation, name, group=place)


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
    kind = operation.Layer_type
    with at_candidate(layer, token):
        arguments = layer_arguments(operation)

        def node(suffix: str, operation: Operation) -> ComputationNode:
            return stated(f"layer_{layer}_branch_{token}_{suffix}", operation, NodePlace("layer", layer))

        if kind == "conv1d":
            branch = _convolution(node, operation, arguments)
        elif kind in ("maxpool1d", "avgpool1d"):
            branch = _pooling(node, operation, arguments, width_in, add_conv1)
        elif kind == "identity":
            branch = _identity(node, operation, width_in)
        else:
            raise ModelSpaceError(
                f"a convolutional supernet is made of conv1d, maxpool1d, avgpool1d and identity. Received: {operation}"
            )
        check_layers(each.operation for each in branch.chain)
    return branch


_Node = Callable[[str, Operation], ComputationNode]


def _convolution(node: _Node, operation: Operation, arguments: dict[str, Any]) -> Branch:
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
    conv = node("conv", convolution(operation.get("filters"), size, dilation))
    norm = node("bn", NORMALISE)
    chain: tuple[ComputationNode, ...] = (conv, norm)
    if activation != "linear":
        chain = (conv, norm, node("activation", Operation("activation", activation=activation)))
    return Branch(chain, "conv", activation, None, conv.node_name, norm.node_name, dilation)


def _pooling(node: _Node, operation: Operation, arguments: dict[str, Any], width_in: int, add_conv1: bool) -> Branch:
    pooling = pool(
        operation.Layer_type,
        _one(arguments.get("pool_size", 2), operation),
        _one(arguments.get("strides") or 1, operation),
    )
    last = node("pool", pooling)
    conv, norm = node("conv_1", convolution(operation.get("filters"), 1)), node("bn", NORMALISE)
    if add_conv1:
        return Branch((conv, norm, node("relu", _RELU), last), "pool", "relu", pooling, conv.node_name, norm.node_name)
    if width_in != operation.get("filters"):
        return Branch((conv, last), "projection", "linear", pooling, conv.node_name)
    return Branch((last,), "identity", "linear", pooling)


def _identity(node: _Node, operation: Operation, width_in: int) -> Branch:
    if width_in != operation.get("filters"):
        conv = node("conv_1", convolution(operation.get("filters"), 1))
        return Branch((conv,), "projection", conv=conv.node_name)
    return Branch((node("identity", Operation("identity")),), "identity")


def _one(value: object, operation: Operation) -> int:
    number = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
    if not is_integer(number) or number < 1:
        raise ModelSpaceError(f"sizes, strides and dilation must be positive integers. Received: {operation}")
    return number
