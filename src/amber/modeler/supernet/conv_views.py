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
from amber.modeler.graph import ComputationNode
from amber.modeler.supernet.conv_bank import PlainLayers, SharedBiasNormalization
from amber.modeler.supernet.path import View


class ConvViews:
    """Gives nodes their views, and keeps them: a name says which shared layer it is.

    Args:
        bank: layers with weights, by node name.
        plain: gives the layer of an operation without weights.
    """

    def __init__(self, bank: dict[str, Any], plain: PlainLayers) -> None:
        self._bank, self._plain = bank, plain
        self._made: dict[str, View] = {}
        self.turns = channels_first.is_available()

    def __call__(self, node: ComputationNode) -> View:
        """Returns what a node computes of its input and the training flag."""
        view = self._made.get(node.node_name)
        if view is None:
            turned = _TURNED.get(node.operation.Layer_type) if self.turns else None
            view = turned(self._bank, node) if turned is not None else self._as_keras(node)
            self._made[node.node_name] = view
        return view

    def turn(self, x: Any, data_format: str) -> Any:
        """Returns the input in the order the views want it."""
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


def _convolve(bank: dict[str, Any], node: ComputationNode) -> View:
    layer, dilation = bank[node.node_name], node.operation.get("dilation_rate", 1)
    return lambda x, training: channels_first.convolve(x, ops.convert_to_tensor(layer.kernel), dilation)


def _normalise(bank: dict[str, Any], node: ComputationNode) -> View:
    layer = bank[node.node_name]
    if not isinstance(layer, SharedBiasNormalization):
        return lambda x, training: channels_first.normalise(x, layer, bool(training))
    return lambda x, training: (
        channels_first.normalise(x, layer, bool(training)) + ops.cast(ops.convert_to_tensor(layer.shared_bias), x.dtype)
    )


def _activate(bank: dict[str, Any], node: ComputationNode) -> View:
    name = node.operation.get("activation")
    if name == "softmax":
        return lambda x, training: keras.activations.softmax(x, axis=1)
    function = keras.activations.get(name)
    return lambda x, training: function(x)


def _pool(kernel: Callable[[Any, int, int], Any]) -> Callable[[dict[str, Any], ComputationNode], View]:
    def view(bank: dict[str, Any], node: ComputationNode) -> View:
        size, stride = node.operation.get("pool_size"), node.operation.get("strides")
        return lambda x, training: kernel(x, size, stride)

    return view


def _same(bank: dict[str, Any], node: ComputationNode) -> View:
    return lambda x, training: x


def _flatten(bank: dict[str, Any], node: ComputationNode) -> View:
    return lambda x, training: ops.reshape(ops.transpose(x, (0, 2, 1)), (x.shape[0], -1))


def _average(bank: dict[str, Any], node: ComputationNode) -> View:
    return lambda x, training: ops.mean(x, axis=-1)


_TURNED: dict[str, Callable[[dict[str, Any], ComputationNode], View]] = {
    "conv1d": _convolve,
    "batch_normalization": _normalise,
    "activation": _activate,
    "maxpool1d": _pool(channels_first.max_pool),
    "avgpool1d": _pool(channels_first.average_pool),
    "identity": _same,
    "permute": _same,
    "flatten": _flatten,
    "globalavgpool1d": _average,
}
