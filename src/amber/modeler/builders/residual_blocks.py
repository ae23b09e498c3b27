"""The pieces of a residual 1-D CNN, written as graph nodes."""

from __future__ import annotations

import copy
from functools import lru_cache

from amber.architect import Operation
from amber.architect.places import NodePlace, at_candidate
from amber.architect.residual_space import check_candidate
from amber.graph.graph import ComputationNode
from amber.operations import check_layers, layer_arguments

_BATCH_NORM = Operation("batch_normalization")
_ADD = Operation("add")
_RELU = Operation("activation", activation="relu")
_STEM_KERNEL_SIZE = 8
# Attributes of a candidate that are looked at, and those that every layer has as they are here.
_USED = {
    "conv1d": frozenset({"filters", "kernel_size", "strides", "dilation_rate", "activation"}),
    "maxpool1d": frozenset({"pool_size", "strides"}),
    "avgpool1d": frozenset({"pool_size", "strides"}),
}
_FIXED = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal", "data_format": "channels_last"}


class LayerBlock:
    """One candidate of one layer, as a chain of (name, operation): the searched part before the skips.

    Args:
        layer: index of the layer.
        candidate: its index in the layer.
        operation: the candidate.
        width: filters after scaling.
        add_conv1: whether pooling gets a 1x1 convolution, normalisation and relu before it.

    Raises:
        ModelSpaceError: a type, attribute or activation that this network does not know.
    """

    def __init__(self, layer: int, candidate: int, operation: Operation, width: int, add_conv1: bool) -> None:
        self.layer = layer
        self.place = NodePlace("layer", layer)
        kind = operation.Layer_type
        with at_candidate(layer, candidate):
            layer_arguments(operation)
            check_candidate(operation)
            if kind == "conv1d":
                self.chain = _convolution(f"L{layer}", operation, width)
            elif kind in ("maxpool1d", "avgpool1d"):
                self.chain = _pooling(f"L{layer}", operation, width, add_conv1)
            else:
                self.chain = [(f"L{layer}_id", Operation("identity"))]
            check_layers(operation for _, operation in self.chain)


def without_effect(operation: Operation) -> set[str]:
    """Return the attributes of a candidate that its layer would take, and that a residual CNN passes over."""
    used = _USED.get(operation.Layer_type, frozenset())
    taken = layer_arguments(operation)
    return {name for name, value in taken.items() if name not in used and _FIXED.get(name) != value}


def _convolution(prefix: str, operation: Operation, width: int) -> list[tuple[str, Operation]]:
    arguments = layer_arguments(operation)
    dilation = arguments.get("dilation_rate", 1)
    dilation = dilation[0] if isinstance(dilation, (list, tuple)) and len(dilation) == 1 else dilation
    name = f"{prefix}_conv" if dilation == 1 else f"{prefix}_conv_d{dilation}"
    convolution = _regularised_convolution(
        width, arguments["kernel_size"], strides=arguments.get("strides", 1), dilation_rate=dilation
    )
    chain = [(name, convolution), (f"{prefix}_bn", _BATCH_NORM)]
    return chain + _activation(prefix, arguments.get("activation", "linear"))


def _regularised_convolution(width: int, kernel_size: object, **more: object) -> Operation:
    return Operation(
        "conv1d",
        filters=width,
        kernel_size=kernel_size,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        kernel_regularizer={"class_name": "L2", "config": {"l2": 5e-7}},
        kernel_constraint={"class_name": "MaxNorm", "config": {"max_value": 0.9, "axis": 0}},
        **more,
    )


@lru_cache(maxsize=256)
def _pointwise(width: int) -> Operation:
    return Operation(
        "conv1d", filters=width, kernel_size=1, padding="same", use_bias=False, kernel_initializer="he_normal"
    )


@lru_cache(maxsize=256)
def _reduction_pool(factor: int) -> Operation:
    return Operation("maxpool1d", pool_size=factor, strides=factor, padding="same")


def _activation(prefix: str, activation: object) -> list[tuple[str, Operation]]:
    if activation in ("None", "linear"):
        return []
    if activation == "leaky_relu":
        return [(f"{prefix}_leaky_relu", Operation("leaky_relu", negative_slope=0.2))]
    return [(f"{prefix}_{activation}", Operation("activation", activation=activation))]


def _pooling(prefix: str, operation: Operation, width: int, add_conv1: bool) -> list[tuple[str, Operation]]:
    chain = []
    if add_conv1:
        chain = [
            (f"{prefix}_maxpool_conv", _pointwise(width)),
            (f"{prefix}_bn", _BATCH_NORM),
            (f"{prefix}_relu", _RELU),
        ]
    arguments = layer_arguments(operation)
    pool = Operation(
        operation.Layer_type,
        pool_size=arguments.get("pool_size", 2),
        strides=arguments.get("strides") or 1,
        padding="same",
    )
    return [*chain, (f"{prefix}_{operation.Layer_type[:-2]}", pool)]


class GraphWriter:
    """Writes the nodes of one network; `start` gives a fresh one with the same settings.

    Nodes are values, so equal ones are made once and kept for the next network.

    Args:
        stem_width: filters of the stem.
        dropout_rate: after each layer; 0 for none.
        reduction_factor: pool size and stride of a reduction.
    """

    def __init__(
        self,
        stem_width: int,
        dropout_rate: float,
        reduction_factor: int,
    ) -> None:
        self._settings = (stem_width, dropout_rate, reduction_factor)
        self._made: dict[tuple[Operation, str, tuple[str, ...]], ComputationNode] = {}
        self._dropout = Operation("dropout", rate=dropout_rate) if dropout_rate else None
        self._stem = _regularised_convolution(stem_width, _STEM_KERNEL_SIZE)
        self.nodes: list[ComputationNode] = []

    def start(self, input_name: str, input_operation: Operation) -> GraphWriter:
        """Return a new writer that holds the input node only."""
        writer = copy.copy(self)
        writer.nodes = []
        writer.add(input_name, input_operation, (), NodePlace("input"))
        return writer

    def add(self, name: str, operation: Operation, parents: tuple[str, ...], place: NodePlace) -> str:
        """Append a node and return its name."""
        key = (operation, name, parents)
        node = self._made.get(key)
        if node is None:
            node = ComputationNode(operation, name, parents=parents, group=place)
            # Sums are not kept: there are as many as sets of skips.
            if len(parents) < 2:
                self._made[key] = node
        self.nodes.append(node)
        return name

    def stem(self) -> str:
        """Append a convolution of kernel 8 without activation, and normalisation."""
        name = self.add("stem_conv_conv", self._stem, (self.nodes[0].node_name,), NodePlace("stem"))
        return self.add("stem_conv_bn", _BATCH_NORM, (name,), NodePlace("stem"))

    def layer(self, block: LayerBlock, current: str, skips: list[str]) -> str:
        """Append one layer: the candidate, the sum with its skips, normalisation, dropout."""
        prefix = f"L{block.layer}"
        for name, operation in block.chain:
            current = self.add(name, operation, (current,), block.place)
        if skips:
            current = self.add(f"{prefix}_resAdd", _ADD, (*skips, current), block.place)
        if block.layer:
            current = self.add(f"{prefix}_resBn", _BATCH_NORM, (current,), block.place)
        if self._dropout is not None:
            current = self.add(f"{prefix}_dropout", self._dropout, (current,), block.place)
        return current

    def reduce(self, layer: int, source: int, tensor: str, width: int) -> str:
        """Append the 1x1 convolution and max pooling that bring a stored tensor to the next width."""
        name, place = f"pool_at_{layer}_from_{source}", NodePlace("reduction", source)
        factor = self._settings[2]
        name = self.add(name, _pointwise(width), (tensor,), place)
        return self.add(f"{name}_pool", _reduction_pool(factor), (name,), place)
