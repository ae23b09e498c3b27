"""The layers of a convolutional supernet: one for every node with weights that any architecture may have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.architect import Operation
from amber.graph.node import ComputationNode
from amber.operations import make_layer
from amber.supernet.conv_branch import ConvPart
from amber.supernet.conv_plan import ConvDesign, follow
from amber.supernet.initial import HostHeNormal
from amber.types import Shape


@keras.saving.register_keras_serializable(package="amber")
class SharedBiasNormalization(keras.layers.BatchNormalization):
    """Batch normalisation followed by one bias for all channels, shape (1,).

    In a standalone network the bias is added to the normalisation's offset.
    """

    def build(self, input_shape: Shape) -> None:
        """Make the weights."""
        super().build(input_shape)
        self.shared_bias = self.add_weight(name="b", shape=(1,), initializer="zeros")

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Return the normalised input plus the bias."""
        normalised = super().call(inputs, training=training, mask=mask)
        return normalised + ops.cast(ops.convert_to_tensor(self.shared_bias), normalised.dtype)


PlainLayers = Callable[[Operation, Any], Any]


def make_bank(
    design: ConvDesign, features: int, only: Iterable[str] | None, dtype: str | None
) -> dict[str, keras.Layer]:
    """Return the layers with weights, by node name, in the order in which their weights are listed.

    Args:
        design: the space.
        features: number of features that the dense layer of the head reads.
        only: names of the nodes wanted; None for all.
        dtype: dtype policy of the layers.
    """
    maker = _BankMaker(design.output_name, features, None if only is None else set(only), dtype)
    follow(design, maker, design.channels)
    return maker.bank


class _BankMaker:
    """Makes the layers of every candidate; a tensor is represented by the size of its last axis."""

    def __init__(self, output: str, features: int, wanted: set[str] | None, dtype: Any) -> None:
        self.bank: dict[str, Any] = {}
        self._output, self._features, self._wanted, self._dtype = output, features, wanted, dtype

    def apply(self, node: ComputationNode, x: int, has_shared_bias: bool = False) -> int:
        kind, operation = node.operation.Layer_type, node.operation
        if kind in ("conv1d", "dense"):
            # Layers that are not wanted are made as well: their initialisers draw seeds.
            layer = make_layer(operation.replace(dtype=self._dtype), name=node.node_name)
            self._keep(node.node_name, layer, (None, x) if kind == "dense" else (None, None, x))
            return int(operation.get("units" if kind == "dense" else "filters"))
        if kind == "batch_normalization":
            made = SharedBiasNormalization if has_shared_bias else keras.layers.BatchNormalization
            layer = made(name=node.node_name, dtype=self._dtype, **operation.Layer_attributes)
            self._keep(node.node_name, layer, (None, None, x))
        return self._features if node.node_name == "flatten" else x

    def choose(self, part: ConvPart, x: int) -> int:
        width = x
        for branch in part.branches:
            width = x
            for node in branch.chain:
                width = self.apply(node, width, has_shared_bias=branch.kind == "conv")
        return width

    def add(self, part: ConvPart, x: int, earlier: Sequence[int]) -> int:
        return x

    def drop(self, position: int, x: int) -> int:
        return x

    def _keep(self, name: str, layer: Any, shape: tuple[int | None, ...]) -> None:
        if self._wanted is not None and name not in self._wanted:
            return
        if name != self._output and hasattr(layer, "kernel_initializer"):
            layer.kernel_initializer = HostHeNormal()
        layer.build(shape)
        self.bank[name] = layer


def plain_layers() -> PlainLayers:
    """Return a function that gives the layer of an operation without weights, for an input shape with the batch axis.

    The layers may depend on that shape. They are cached; Keras does not track them, because they have no state.
    """
    made = cache(lambda operation, shape: make_layer(operation, input_shape=shape))
    return lambda operation, shape: made(operation, tuple(shape[1:]))


def listed_weights(layer: keras.Layer) -> list[keras.Variable]:
    """Return the weights of a layer in the order of the shared tensors: offset before scale, scalar bias last."""
    if not isinstance(layer, keras.layers.BatchNormalization):
        return list(layer.weights)
    found = [layer.beta, layer.gamma, layer.moving_mean, layer.moving_variance]
    return found + ([layer.shared_bias] if isinstance(layer, SharedBiasNormalization) else [])


def stock_weights(layer: keras.Layer) -> list[np.ndarray]:
    """Return copies of the weights for the equivalent stock layer."""
    if not isinstance(layer, SharedBiasNormalization):
        return [np.array(value) for value in layer.get_weights()]
    gamma, beta, mean, variance, bias = (
        np.array(ops.convert_to_numpy(weight))
        for weight in (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance, layer.shared_bias)
    )
    return [gamma, beta + bias, mean, variance]
