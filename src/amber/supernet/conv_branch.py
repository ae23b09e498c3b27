"""Which part of the shared weights a convolutional architecture takes, stated once: nodes, candidates and layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from amber.architect import Operation
from amber.architect.places import NodePlace, at_candidate
from amber.architect.shared_cnn_space import activation_of, check_shared_candidate, size_of
from amber.graph.node import ComputationNode
from amber.operations import check_layers, layer_arguments

_RELU = Operation("activation", activation="relu")
NORMALISE = Operation("batch_normalization", momentum=0.9, epsilon=1e-5)


@dataclass(frozen=True)
class Branch:
    """A candidate of a layer: a chain of nodes with weights of its own.

    Attributes:
        chain: its nodes, in order.
        kind: `conv` (convolution, normalisation, activation), `pool`, `projection` (a 1x1 convolution that
            replaces an identity between different widths) or `identity`.
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
    """The chain that reduces an earlier tensor where the number of filters changes.

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
    """Return a node whose parents depend on the tokens, and whose name identifies the shared layer with its weights."""
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
        check_shared_candidate(operation)

        def node(suffix: str, operation: Operation) -> ComputationNode:
            return stated(f"layer_{layer}_branch_{token}_{suffix}", operation, NodePlace("layer", layer))

        if kind == "conv1d":
            branch = _convolution(node, operation, arguments)
        elif kind in ("maxpool1d", "avgpool1d"):
            branch = _pooling(node, operation, arguments, width_in, add_conv1)
        else:
            branch = _identity(node, operation, width_in)
        check_layers(each.operation for each in branch.chain)
    return branch


_Node = Callable[[str, Operation], ComputationNode]


def _convolution(node: _Node, operation: Operation, arguments: dict[str, Any]) -> Branch:
    size = size_of(arguments["kernel_size"], operation)
    dilation = size_of(arguments.get("dilation_rate", 1), operation)
    activation = activation_of(operation)
    conv = node("conv", convolution(operation.get("filters"), size, dilation))
    norm = node("bn", NORMALISE)
    chain: tuple[ComputationNode, ...] = (conv, norm)
    if activation != "linear":
        chain = (conv, norm, node("activation", Operation("activation", activation=activation)))
    return Branch(chain, "conv", activation, None, conv.node_name, norm.node_name, dilation)


def _pooling(node: _Node, operation: Operation, arguments: dict[str, Any], width_in: int, add_conv1: bool) -> Branch:
    pooling = pool(
        operation.Layer_type,
        size_of(arguments.get("pool_size", 2), operation),
        size_of(arguments.get("strides") or 1, operation),
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
