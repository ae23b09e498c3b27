"""The layers of a convolutional supernet: one for every node with weights that any architecture may have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.architect import Operation
from amber.operations import make_layer
from amber.supernet.conv_branch import NORMALISE, convolution
from amber.supernet.conv_plan import ConvDesign
from amber.supernet.initial import HostHeNormal


@keras.saving.register_keras_serializable(package="amber")
class SharedBiasNormalization(keras.layers.BatchNormalization):
    """Batch normalisation followed by one bias for all channels, shape (1,).

    In a standalone network the bias is a part of the normalisation's offset.
    """

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        super().build(input_shape)
        self.shared_bias = self.add_weight(name="b", shape=(1,), initializer="zeros")

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Return the normalised input plus the bias."""
        normalised = super().call(inputs, training=training, mask=mask)
        return normalised + ops.cast(ops.convert_to_tensor(self.shared_bias), normalised.dtype)


def make_bank(design: ConvDesign, features: int, only: Iterable[str] | None, dtype: Any) -> dict[str, Any]:
    """Return the layers with weights, by node name, in the order in which their weights are listed.

    Args:
        design: the space.
        features: what the dense layer of the head reads.
        only: names of the nodes wanted; None for all.
        dtype: dtype policy of the layers.
    """
    wanted = None if only is None else set(only)
    bank: dict[str, Any] = {}
    for name, layer, width_in in _layers(design, features, dtype):
        if wanted is None or name in wanted:
            if name != design.output_name and hasattr(layer, "kernel_initializer"):
                layer.kernel_initializer = HostHeNormal()
            layer.build((None, width_in) if isinstance(layer, keras.layers.Dense) else (None, None, width_in))
            bank[name] = layer
    return bank


def _layers(design: ConvDesign, features: int, dtype: Any) -> Iterable[tuple[str, Any, int]]:
    def made(name: str, operation: Operation) -> Any:
        return make_layer(operation.replace(dtype=dtype), name=name)

    def shared(name: str) -> Any:
        options = NORMALISE.Layer_attributes
        return SharedBiasNormalization(name=name, dtype=dtype, **options)

    widths = design.out_filters
    if design.stem["has_stem_conv"]:
        yield "stem_conv", made("stem_conv", convolution(widths[0], design.stem["stem_kernel_size"])), design.channels
        yield "stem_bn", made("stem_bn", NORMALISE), widths[0]
    for layer, branches in enumerate(design.branches):
        for branch in branches:
            chain = dict(branch.chain)
            if branch.conv is not None:
                yield branch.conv, made(branch.conv, chain[branch.conv]), design.width_into(layer)
            if branch.norm is not None:
                layer_made = shared(branch.norm) if branch.kind == "conv" else made(branch.norm, NORMALISE)
                yield branch.norm, layer_made, widths[layer]
        if design.with_skips and layer:
            yield f"layer_{layer}_skip_bn", made(f"layer_{layer}_skip_bn", NORMALISE), widths[layer]
        if layer in design.pool_layers:
            for source in range(0 if design.with_skips else layer, layer + 1):
                name = f"layer_{layer}_pool_from_{source}_conv"
                yield name, made(name, convolution(widths[layer + 1], 1)), widths[layer]
    fc = Operation("dense", units=design.stem["fc_units"], activation="relu", kernel_initializer="he_normal")
    yield "fc", made("fc", fc), features
    yield design.output_name, made(design.output_name, design.output), design.stem["fc_units"]


class PlainLayers:
    """Layers without weights, made when they are first needed and kept.

    What they do may depend on the shape of their input. Keras does not track them, as they have no state.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[Operation, tuple[Any, ...]], Any] = {}

    def __call__(self, operation: Operation, shape: Any) -> Any:
        """Return the layer of an operation for an input of this shape, batch axis included."""
        key = (operation, tuple(shape[1:]))
        if key not in self._made:
            self._made[key] = make_layer(operation, input_shape=key[1])
        return self._made[key]


def listed_weights(layer: keras.Layer) -> list[Any]:
    """Return the weights of a layer in the order of the shared tensors: offset before scale, scalar bias last."""
    if not isinstance(layer, keras.layers.BatchNormalization):
        return list(layer.weights)
    found = [layer.beta, layer.gamma, layer.moving_mean, layer.moving_variance]
    return found + ([layer.shared_bias] if isinstance(layer, SharedBiasNormalization) else [])


def stock_weights(layer: keras.Layer) -> list[np.ndarray]:
    """Return copies of the weights for the stock layer that computes the same."""
    if not isinstance(layer, SharedBiasNormalization):
        return [np.array(value) for value in layer.get_weights()]
    gamma, beta, mean, variance, bias = (
        np.array(ops.convert_to_numpy(weight))
        for weight in (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance, layer.shared_bias)
    )
    return [gamma, beta + bias, mean, variance]
