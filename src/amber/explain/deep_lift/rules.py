"""Which steps a layer of Keras consists of.

What may be changed here: the rule of a class of layers. A layer without one is integrated along the path, whatever it
is; a rule is quicker, and follows DeepLIFT where that says more. Normalisations, attention, softmax, recurrent layers
and products have none: they are integrated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops

from amber.explain.deep_lift.steps import (
    PullBack,
    Step,
    along_path,
    chain,
    elementwise,
    linear,
    looked_up,
    masked,
    maximum,
)
from amber.operations.layers import DenovoMotif, SeparableFC
from amber.types import Array, Tensor

Window: TypeAlias = tuple[Array, Array]

layers = keras.layers

# The activations of Keras that see each number alone.
_ELEMENTWISE = frozenset(
    """celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu log_sigmoid mish relu relu6
    selu sigmoid silu soft_shrink softplus softsign sparse_plus sparse_sigmoid squareplus tanh tanh_shrink
    threshold""".split()
)
# Linear in their inputs when a network predicts.
_LINEAR = (
    layers.Add,
    layers.Average,
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.BatchNormalization,
    layers.Concatenate,
    layers.Cropping1D,
    layers.Cropping2D,
    layers.Flatten,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
    layers.Permute,
    layers.RepeatVector,
    layers.Rescaling,
    layers.Reshape,
    layers.Subtract,
    layers.UpSampling1D,
    layers.UpSampling2D,
    layers.ZeroPadding1D,
    layers.ZeroPadding2D,
    SeparableFC,
)
# Do nothing when a network predicts.
_PASSIVE = (
    layers.AlphaDropout,
    layers.Dropout,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Identity,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
)
# Linear but for their attribute `activation`.
_ACTIVATED = (
    layers.Conv1D,
    layers.Conv1DTranspose,
    layers.Conv2D,
    layers.Conv2DTranspose,
    layers.Dense,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.EinsumDense,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
    DenovoMotif,
)
_RECTIFIERS = (layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU)


def step_of(layer: keras.Layer, call: Callable[..., Tensor]) -> Step:
    """Return the step of a layer, by the first rule that fits its class exactly.

    A class derived from one of Keras's may compute anything, and is integrated along the path.

    Args:
        layer: a built layer, or an operation of `keras.ops`.
        call: what it computes from its tensors.
    """
    kind = type(layer)
    if kind in _PASSIVE:
        return linear(_identity)
    if kind in _LINEAR:
        return linear(call)
    if kind in _RECTIFIERS:
        return elementwise(call)
    if kind in _ACTIVATED:
        return chain(linear(_without_activation(layer)), activation_step(layer.activation))
    rule = _RULES.get(kind)
    return rule(layer, call) if rule else along_path(call)


def activation_step(function: Callable[[Tensor], Tensor]) -> Step:
    """Return the step of an activation."""
    name = getattr(function, "__name__", "")
    if function is None or function is keras.activations.linear:
        return linear(_identity)
    if name in _ELEMENTWISE and getattr(keras.activations, name, None) is function:
        return elementwise(function)
    return along_path(function)


def _identity(tensor: object) -> object:
    return tensor


def _without_activation(layer: keras.Layer) -> keras.Layer:
    """Return a copy of a layer, with weights of its own, that leaves the activation out."""
    config = {**layer.get_config(), "activation": "linear"}
    twin = type(layer).from_config(config)
    twin.build_from_config(layer.get_build_config())
    twin.set_weights(layer.get_weights())
    return twin


def _activation_layer(layer: keras.Layer, call: Callable[..., Tensor]) -> Step:
    del call
    return activation_step(layer.activation)


def _embedding(layer: object, call: Callable[..., object]) -> Step:
    del layer
    return looked_up(call)


def _extreme_merge(sign: float) -> Callable[[keras.Layer, Callable[..., Tensor]], Step]:
    def rule(layer: object, call: Callable[..., object]) -> Step:
        del layer, call
        stacked = linear(lambda *tensors: sign * ops.stack(_broadcast(tensors), axis=-1))
        return chain(stacked, maximum, linear(lambda tensor: sign * tensor))

    return rule


def _broadcast(tensors: tuple[Tensor, ...]) -> list[Tensor]:
    total = sum(0.0 * each for each in tensors)
    return [each + total for each in tensors]


def _global_maximum(layer: keras.Layer, call: Callable[..., Tensor]) -> Step:
    del call
    last = layer.data_format == "channels_last"

    def step(tensor: Tensor) -> tuple[Tensor, PullBack]:
        axes = tuple(range(1, len(tensor.shape) - 1)) if last else tuple(range(2, len(tensor.shape)))
        channel = len(tensor.shape) - 1 if last else 1
        size = int(np.prod([tensor.shape[axis] for axis in axes]))

        def gathered(values: Tensor) -> Tensor:
            return ops.reshape(ops.transpose(values, (0, channel, *axes)), (-1, tensor.shape[channel], size))

        def shaped(values: Tensor) -> Tensor:
            return ops.expand_dims(values, axes) if layer.keepdims else values

        return chain(linear(gathered), maximum, linear(shaped))(tensor)

    return step


def _max_pooling(layer: keras.Layer, call: Callable[..., Tensor]) -> Step:
    del call
    last = layer.data_format == "channels_last"

    def step(tensor: Tensor) -> tuple[Tensor, PullBack]:
        lengths = tensor.shape[1:-1] if last else tensor.shape[2:]
        windows = [
            _windows(length, size, stride, layer.padding)
            for length, size, stride in zip(lengths, layer.pool_size, layer.strides, strict=True)
        ]
        first = linear(lambda values: _gather(ops.moveaxis(values, -1, 1) if last else values, windows))
        back = linear(lambda values: ops.moveaxis(values, 1, -1) if last else values)
        return chain(first, masked(_all_inside(windows)), maximum, back)(tensor)

    return step


def _gather(channels_first: Tensor, windows: Sequence[Window]) -> Tensor:
    """Return what each window sees: (batch, channels, positions of the output..., places within a window)."""
    for axis, (places, _) in enumerate(windows, 2):
        taken = ops.take(channels_first, places.reshape(-1), axis=axis)
        split = ops.reshape(taken, (-1, *taken.shape[1:axis], *places.shape, *taken.shape[axis + 1 :]))
        channels_first = ops.moveaxis(split, axis + 1, -1)
    outer = channels_first.shape[1 : 2 + len(windows)]
    return ops.reshape(channels_first, (-1, *outer, int(np.prod(channels_first.shape[2 + len(windows) :]))))


def _all_inside(windows: Sequence[Window]) -> Array:
    """Return whether each place of each window is inside, along all axes: (positions of the output..., places)."""
    inside = windows[0][1]
    for _, other in windows[1:]:
        both = inside[:, None, :, None] & other[None, :, None, :]
        inside = both.reshape(*both.shape[:2], -1)
    return inside


def _windows(length: int, size: int, stride: int, padding: str) -> Window:
    """Return the positions that each place of a pool sees, (outputs, size), and which of them are inside."""
    if padding == "same":
        count = -(-length // stride)
        before = max((count - 1) * stride + size - length, 0) // 2
    else:
        count, before = (length - size) // stride + 1, 0
    places = np.arange(count)[:, None] * stride - before + np.arange(size)[None]
    inside = (places >= 0) & (places < length)
    return np.clip(places, 0, length - 1), inside


_RULES: dict[type, Callable[[Any, Callable[..., Any]], Step]] = {
    layers.Activation: _activation_layer,
    layers.Embedding: _embedding,
    layers.GlobalMaxPooling1D: _global_maximum,
    layers.GlobalMaxPooling2D: _global_maximum,
    layers.MaxPooling1D: _max_pooling,
    layers.MaxPooling2D: _max_pooling,
    layers.Maximum: _extreme_merge(1.0),
    layers.Minimum: _extreme_merge(-1.0),
}
