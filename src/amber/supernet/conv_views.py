"""What each node of a convolutional network computes with the shared layers.

Two tables: the layers as Keras calls them, and, on the backend whose kernels want the channels first, the same
weights in that order from the input to the head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from amber.backend import channels_first
from amber.graph.graph import ComputationNode
from amber.supernet.conv_bank import PlainLayers
from amber.supernet.forward import View


class ConvViews:
    """Gives nodes their views, and keeps them: a name says which shared layer it is.

    Args:
        bank: layers with weights, by node name.
        plain: gives the layer of an operation without weights.
    """

    def __init__(self, bank: dict[str, Any], plain: PlainLayers) -> None:
        self._bank, self._plain = bank, plain
        self._made: dict[str, View] = {}
        self._weights: dict[str, tuple[Any, ...]] = {}
        self.turns = channels_first.is_available()

    def __call__(self, node: ComputationNode) -> View:
        """Return what a node computes of its input and the training flag."""
        view = self._made.get(node.node_name)
        if view is None:
            turned = _TURNED.get(node.operation.Layer_type) if self.turns else None
            view = turned(self._bank, node) if turned is not None else self._as_keras(node)
            self._made[node.node_name] = view
        return view

    def dropout(self, layer: keras.Layer) -> View:
        """Return what a dropout layer computes."""
        return channels_first.dropout(layer) if self.turns else lambda x, training: layer(x, training=training)

    def weights_of(self, node: ComputationNode) -> tuple[Any, ...]:
        """Return the weights of a node's layer."""
        found = self._weights.get(node.node_name)
        if found is None:
            layer = self._bank.get(node.node_name)
            found = self._weights[node.node_name] = () if layer is None else tuple(layer.weights)
        return found

    def turn(self, x: Any, data_format: str) -> Any:
        """Return the input in the order the views want it."""
        return ops.transpose(x, (0, 2, 1)) if self.turns and data_format == "NWC" else x

    def _as_keras(self, node: ComputationNode) -> View:
        layer, operation, plain = self._bank.get(node.node_name), node.operation, self._plain
        if operation.Layer_type == "add":
            return _add
        if layer is None:
            return lambda x, training: plain(operation, x.shape)(x)
        if isinstance(layer, keras.layers.BatchNormalization):
            return lambda x, training: layer.call(x, training=training)
        return lambda x, training: layer.call(x)


def _add(tensors: Any, training: Any) -> Any:
    total = tensors[0]
    for tensor in tensors[1:]:
        total = total + tensor
    return total


def _add_together(bank: dict[str, Any], node: ComputationNode) -> View:
    return _add


def _convolve(bank: dict[str, Any], node: ComputationNode) -> View:
    return channels_first.convolution(bank[node.node_name], node.operation.get("dilation_rate", 1))


def _normalise(bank: dict[str, Any], node: ComputationNode) -> View:
    layer = bank[node.node_name]
    return channels_first.normalisation(layer, getattr(layer, "shared_bias", None))


def _activate(bank: dict[str, Any], node: ComputationNode) -> View:
    return channels_first.activation(node.operation.get("activation"))


def _pool(kernel: Callable[[int, int], View]) -> Callable[[dict[str, Any], ComputationNode], View]:
    return lambda bank, node: kernel(node.operation.get("pool_size"), node.operation.get("strides"))


def _dense(bank: dict[str, Any], node: ComputationNode) -> View:
    return channels_first.dense(bank[node.node_name])


def _same(bank: dict[str, Any], node: ComputationNode) -> View:
    return lambda x, training: x


def _flatten(bank: dict[str, Any], node: ComputationNode) -> View:
    return lambda x, training: x.transpose(1, 2).flatten(1)


def _average(bank: dict[str, Any], node: ComputationNode) -> View:
    return lambda x, training: x.mean(-1)


_TURNED: dict[str, Callable[[dict[str, Any], ComputationNode], View]] = {
    "add": _add_together,
    "conv1d": _convolve,
    "dense": _dense,
    "batch_normalization": _normalise,
    "activation": _activate,
    "maxpool1d": _pool(channels_first.max_pool),
    "avgpool1d": _pool(channels_first.average_pool),
    "identity": _same,
    "permute": _same,
    "flatten": _flatten,
    "globalavgpool1d": _average,
}
