"""The Keras layers that torch computes directly: layer class -> kernel.

A kernel reads its layer's variables and switches (`trainable`, a dropout's rate) at every call, so nothing gets
stale. `make` returns None for settings it does not cover; Keras then computes that layer. `plan.py` looks up
`KERNELS`; a layer that should be fast joins that table, nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from amber.backend.keras_internals.graphs import inbound_nodes, reshapes
from amber.backend.keras_internals.variables import kernel_of, tensor_of
from amber.backend.torch.activations import activation_for
from amber.backend.torch.conv_pool_kernels import Layout, make_convolution, make_global_pooling, make_pooling
from amber.backend.torch.sequences import as_image, by_position, dropout, pad

Run = Callable[..., Tensor]
"""Of one tensor (for a layer that joins several: of a list) and whether this is training."""
Make = Callable[[Any, Layout, int], Run | None]
"""Gives the function of a layer, from the layout of its inputs and their rank; None where it is left to Keras."""

layers = keras.layers


@dataclass(frozen=True, slots=True)
class Kernel:
    """How one layer class is computed.

    Attributes:
        make: see `Make`.
        reads: the layout it needs; None: any, the same for all inputs.
        gives: the layout of what it returns; None: as it came.
        joins: whether it takes a list of tensors.
    """

    make: Make
    reads: Layout | None = None
    gives: Layout | None = None
    joins: bool = False


def make_dense(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    """Return the function of a Dense layer, or None for an activation that is not known."""
    activate = activation_for(layer.activation)
    if activate is None:
        return None
    kernel, bias = kernel_of(layer), layer.bias

    def run(x: Tensor, training: bool | None) -> Tensor:
        matrix = tensor_of(kernel).to(x.dtype)
        if bias is None:
            return activate(torch.matmul(x, matrix))
        shift = tensor_of(bias).to(x.dtype)
        if rank == 2:
            return activate(torch.addmm(shift, x, matrix))
        return activate(torch.matmul(x, matrix) + shift)

    return run


Normalise = Callable[[Tensor, Tensor | None, Tensor | None, float], tuple[Tensor, Tensor, Tensor]]
"""Of rows, factors, offsets and epsilon: the rows normalised, and mean and inverse deviation of each channel."""


def _normalise(x: Tensor, weight: Tensor | None, shift: Tensor | None, epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    return torch.native_batch_norm(x, weight, shift, None, None, True, 0.0, epsilon)


def make_batch_normalization(
    layer: keras.Layer,
    layout: Layout,
    rank: int,
    bias: keras.Variable | None = None,
    normalise: Normalise = _normalise,
) -> Run | None:
    """Return the function of a BatchNormalization layer, or None for settings left to Keras.

    Args:
        layer: as of every kernel.
        layout: likewise.
        rank: likewise.
        bias: a variable that is added to the offset of every channel, shape (1,).
        normalise: normalises a batch in training.
    """
    channel_axis = layer.axis % rank if isinstance(layer.axis, int) else -1
    if channel_axis != rank - 1 or layer.renorm or layer.synchronized:
        return None
    moves = rank > 2 and layout is Layout.KERAS
    gamma, beta = layer.gamma, layer.beta
    moving_mean, moving_variance = layer.moving_mean, layer.moving_variance

    def run(x: Tensor, training: bool | None) -> Tensor:
        if moves:
            x = x.movedim(-1, 1)
        sequence, x = x, as_image(x)
        weight = None if gamma is None else tensor_of(gamma)
        shift = None if beta is None else tensor_of(beta)
        if bias is not None:
            shift = tensor_of(bias).expand(x.shape[1]) if shift is None else shift + tensor_of(bias)
        if training and layer.trainable:
            y, mean, inverse = normalise(x, weight, shift, layer.epsilon)
            if x is not sequence and y.requires_grad:
                y.register_hook(by_position)
            with torch.no_grad():
                # Keras averages the biased variance; torch's own moving average would use the unbiased one.
                new = 1.0 - layer.momentum
                tensor_of(moving_mean).lerp_(mean, new)
                tensor_of(moving_variance).lerp_(inverse.pow(-2).sub_(layer.epsilon), new)
        else:
            y = torch.batch_norm(
                x, weight, shift, tensor_of(moving_mean), tensor_of(moving_variance), False, 0.0, layer.epsilon, False
            )
        if x is not sequence:
            y = y.squeeze(2)
        return y.movedim(1, -1) if moves else y

    return run


def make_dropout(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    """Return the function of a Dropout layer, or None for settings left to Keras."""
    # A layer with a seed of its own, or with noise shared along an axis, draws as Keras does.
    if layer.seed is not None or layer.noise_shape is not None:
        return None

    def run(x: Tensor, training: bool | None) -> Tensor:
        if training and layer.rate > 0:
            return dropout(x, layer.rate)
        return x

    return run


def _make_activation(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    activate = activation_for(layer.activation, channels=1 if layout is Layout.CHANNELS_FIRST else -1)
    return None if activate is None else lambda x, training: activate(x)


def _make_leaky_relu(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    return lambda x, training: functional.leaky_relu(x, layer.negative_slope)


def _make_relu(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    plain = layer.max_value is None and not layer.negative_slope and not layer.threshold
    return (lambda x, training: torch.relu(x)) if plain else None


def _make_identity(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    return lambda x, training: x


def _make_flatten(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    if layer.data_format != "channels_last" or rank < 2:
        return None
    return lambda x, training: x.flatten(1)


def _make_zero_padding(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    if layer.data_format != "channels_last":
        return None
    padding = [layer.padding] if rank == 3 else layer.padding
    sizes = [size for pair in reversed(padding) for size in pair]
    return lambda x, training: pad(x, sizes)


def _make_rescaling(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    scale, offset = (_constant(each, layout, rank, layer.compute_dtype) for each in (layer.scale, layer.offset))
    if not isinstance(offset, Tensor) and offset == 0.0:
        return lambda x, training: x * scale
    return lambda x, training: x * scale + offset


def _constant(value: float | np.ndarray, layout: Layout, rank: int, dtype: str) -> float | Tensor:
    """A number, or a tensor that broadcasts over the layout."""
    if isinstance(value, (int, float)):
        return float(value)
    constant = keras.ops.convert_to_tensor(value, dtype=dtype)
    constant = constant.reshape((1,) * (rank - constant.dim()) + tuple(constant.shape))
    if layout is Layout.CHANNELS_FIRST:
        constant = constant.movedim(-1, 1)
    return constant.contiguous()


def _element_wise(first: Callable[[Tensor, Tensor], Tensor], further: Callable[[Tensor, Tensor], Tensor]) -> Make:
    """A merge of equal shapes, pair by pair; `further` may write into its first tensor, which is nobody else's."""

    def join(tensors: list[Tensor], training: bool | None) -> Tensor:
        result = first(tensors[0], tensors[1])
        for tensor in tensors[2:]:
            result = further(result, tensor)
        return result

    def make(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
        # Keras also broadcasts unequal shapes; that is left to it.
        return None if _broadcasts(layer) else join

    return make


def _make_average(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    if _broadcasts(layer):
        return None

    def join(tensors: list[Tensor], training: bool | None) -> Tensor:
        result = tensors[0] + tensors[1]
        for tensor in tensors[2:]:
            result.add_(tensor)
        return result.div_(len(tensors))

    return join


def _make_concatenate(layer: keras.Layer, layout: Layout, rank: int) -> Run | None:
    axis = layer.axis % rank
    if layout is Layout.CHANNELS_FIRST and axis:
        axis = 1 if axis == rank - 1 else axis + 1
    return lambda tensors, training: torch.cat(tensors, axis)


def _broadcasts(layer: keras.Layer) -> bool:
    shapes = {tuple(tensor.shape) for node in inbound_nodes(layer) for tensor in node.input_tensors}
    return reshapes(layer) or len(shapes) > 1


_FIRST = Layout.CHANNELS_FIRST

KERNELS: dict[type, Kernel] = {
    layers.Dense: Kernel(make_dense, reads=Layout.KERAS),
    layers.BatchNormalization: Kernel(make_batch_normalization),
    layers.Dropout: Kernel(make_dropout),
    layers.Activation: Kernel(_make_activation),
    layers.LeakyReLU: Kernel(_make_leaky_relu),
    layers.ReLU: Kernel(_make_relu),
    layers.Identity: Kernel(_make_identity),
    layers.Flatten: Kernel(_make_flatten, reads=Layout.KERAS),
    layers.ZeroPadding1D: Kernel(_make_zero_padding, reads=_FIRST, gives=_FIRST),
    layers.ZeroPadding2D: Kernel(_make_zero_padding, reads=_FIRST, gives=_FIRST),
    layers.Rescaling: Kernel(_make_rescaling),
    layers.Add: Kernel(_element_wise(torch.add, Tensor.add_), joins=True),
    layers.Average: Kernel(_make_average, joins=True),
    layers.Maximum: Kernel(_element_wise(torch.maximum, torch.maximum), joins=True),
    layers.Minimum: Kernel(_element_wise(torch.minimum, torch.minimum), joins=True),
    layers.Multiply: Kernel(_element_wise(torch.multiply, torch.multiply), joins=True),
    layers.Concatenate: Kernel(_make_concatenate, joins=True),
    **{kind: Kernel(make_convolution, reads=_FIRST, gives=_FIRST) for kind in (layers.Conv1D, layers.Conv2D)},
    **{
        kind: Kernel(make_pooling, reads=_FIRST, gives=_FIRST)
        for kind in (layers.MaxPooling1D, layers.MaxPooling2D, layers.AveragePooling1D, layers.AveragePooling2D)
    },
    **{
        kind: Kernel(make_global_pooling, gives=Layout.KERAS)
        for kind in (
            layers.GlobalMaxPooling1D,
            layers.GlobalMaxPooling2D,
            layers.GlobalAveragePooling1D,
            layers.GlobalAveragePooling2D,
        )
    },
}
