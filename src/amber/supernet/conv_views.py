"""How each node of a convolutional network computes with the shared layers.

Two tables: the layers as Keras calls them, and, on the backend whose kernels want the channels first, the same
weights in that order from the input to the head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from amber.architect import Operation
from amber.backend import channels_first
from amber.graph.graph import ComputationNode
from amber.supernet.conv_bank import PlainLayers
from amber.types import Tensor

View = Callable[[Any, Any], Any]
"""What a node computes with the shared weights: a callable of its input and the training flag."""


class ConvViews:
    """Gives nodes their views, and caches them; the name of a node identifies its shared layer.

    Args:
        bank: layers with weights, by node name.
        plain: gives the layer of an operation without weights.
    """

    def __init__(self, bank: dict[str, Any], plain: PlainLayers) -> None:
        self._bank, self._plain = bank, plain
        self._made: dict[str, View] = {}
        self._weights = {name: tuple(layer.weights) for name, layer in bank.items()}
        self.turns = channels_first.is_available()

    def __call__(self, node: ComputationNode) -> View:
        """Return the function that a node computes from its input and the training flag."""
        view = self._made.get(node.node_name)
        if view is None:
            layer, turned = self._bank.get(node.node_name), _TURNED.get(node.operation.Layer_type)
            view = turned(layer, node.operation) if self.turns and turned is not None else self._as_keras(node)
            self._made[node.node_name] = view
        return view

    def dropout(self, layer: keras.Layer) -> View:
        """Return the function that a dropout layer computes."""
        return channels_first.dropout(layer) if self.turns else lambda x, training: layer(x, training=training)

    def weights_of(self, node: ComputationNode) -> tuple[keras.Variable, ...]:
        """Return the weights of a node's layer."""
        return self._weights.get(node.node_name, ())

    def turn(self, x: Any, data_format: str) -> Any:
        """Return the input with its axes in the order that the views read."""
        return ops.transpose(x, (0, 2, 1)) if self.turns and data_format == "NWC" else x

    def apply(self, node: ComputationNode, x: Any, training: Any) -> Any:
        """Return the output of a node's Keras layer."""
        layer = self._bank.get(node.node_name)
        if layer is None:
            return self._plain(node.operation, x.shape)(x)
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        return layer.call(x, training=training) if is_norm else layer.call(x)

    def _as_keras(self, node: ComputationNode) -> View:
        if node.operation.Layer_type == "add":
            return _add
        return lambda x, training: self.apply(node, x, training)


def _add(tensors: list[Tensor], training: bool | Tensor | None) -> Tensor:
    total = tensors[0]
    for tensor in tensors[1:]:
        total = total + tensor
    return total


_Make = Callable[[Any, Operation], View]
# The views of nodes whose tensors have the channels first, by type of operation: of the shared layer and the operation.
_TURNED: dict[str, _Make] = {
    "add": lambda layer, operation: _add,
    "conv1d": lambda layer, operation: channels_first.convolution(layer, operation.get("dilation_rate", 1)),
    "dense": lambda layer, operation: channels_first.dense(layer),
    "batch_normalization": lambda layer, operation: channels_first.normalisation(
        layer, getattr(layer, "shared_bias", None)
    ),
    "activation": lambda layer, operation: channels_first.activation(operation.get("activation")),
    "maxpool1d": lambda layer, operation: channels_first.max_pool(operation.get("pool_size"), operation.get("strides")),
    "avgpool1d": lambda layer, operation: channels_first.average_pool(
        operation.get("pool_size"), operation.get("strides")
    ),
    "identity": lambda layer, operation: lambda x, training: x,
    "permute": lambda layer, operation: lambda x, training: x,
    "flatten": lambda layer, operation: lambda x, training: x.transpose(1, 2).flatten(1),
    "globalavgpool1d": lambda layer, operation: lambda x, training: x.mean(-1),
    "globalmaxpool1d": lambda layer, operation: lambda x, training: ops.max(x, axis=-1),
}
