"""Sequence kernels with the channels before the positions, as torch stores them, from weights in Keras's order.

Keras keeps sequences as (batch, length, channels), so on torch each of its convolutions transposes twice, and its
normalisation is put together from moments. A network that stays in torch's order is spared both. The kernels are
those of `amber.backend.torch`, with what shared layers need: any precision, and operations instead of layers.

Each function here gives a callable of a tensor, shape (batch, channels, length), and the training flag.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from amber.backend.keras_internals import fast_paths_available
from amber.backend.keras_internals.variables import kernel_of, tensor_of

if TYPE_CHECKING:
    import keras
    import torch

Run: TypeAlias = "Callable[[torch.Tensor, bool | None], torch.Tensor]"


def is_available() -> bool:
    """Whether the backend in use is the one these kernels are for."""
    import keras

    return str(keras.config.backend()) == "torch" and fast_paths_available()


def convolution(layer: keras.Layer, dilation: int) -> Run:
    """Convolution with a Conv1D layer's kernel: stride 1, padding 'same', no bias."""
    from amber.backend.torch.conv_pool_kernels import zero_padding
    from amber.backend.torch.sequences import convolve

    variable = kernel_of(layer)
    pad = zero_padding("same", [(variable.shape[0] - 1) * dilation + 1], (1,))

    def run(x: torch.Tensor, training: bool | None) -> torch.Tensor:
        x, padding = pad(x)
        return convolve(x, tensor_of(variable).permute(2, 1, 0).to(x.dtype), None, 1, padding, dilation)

    return run


def normalisation(layer: keras.Layer, bias: keras.Variable | None = None) -> Run:
    """Batch normalisation with a layer's weights, computed in float32; its moving statistics learn in training.

    `bias` is a variable that is added to the offset of every channel, shape (1,).
    """
    from amber.backend.torch.conv_pool_kernels import Layout
    from amber.backend.torch.kernels import make_batch_normalization

    normalise = make_batch_normalization(layer, Layout.CHANNELS_FIRST, 3, bias)
    if normalise is None:
        raise ValueError(f"not a normalisation of channels: {layer}")
    return lambda x, training: normalise(x.float(), training).to(x.dtype)


def activation(name: str) -> Run:
    """A Keras activation; softmax is over the channels."""
    import keras

    from amber.backend.torch.activations import activation_for

    function = activation_for(keras.activations.get(name), channels=1)
    if function is None:
        raise ValueError(f"not an activation of sequences: {name}")
    return lambda x, training: function(x)


def max_pool(size: int, stride: int) -> Run:
    """Maximum of `size` positions with padding 'same'."""
    from amber.backend.torch.conv_pool_kernels import pool_inside
    from amber.backend.torch.sequences import max_pool

    return pool_inside(max_pool, [size], (stride,))


def average_pool(size: int, stride: int) -> Run:
    """Average of the positions inside the sequence among `size`, with padding 'same'."""
    from functools import partial

    from amber.backend.torch.conv_pool_kernels import pool_inside
    from amber.backend.torch.sequences import average_pool

    return pool_inside(partial(average_pool, count_include_pad=False), [size], (stride,))


def dropout(layer: keras.Layer) -> Run:
    """A Dropout layer."""
    from amber.backend.torch.conv_pool_kernels import Layout
    from amber.backend.torch.kernels import make_dropout

    run = make_dropout(layer, Layout.CHANNELS_FIRST, 3)
    return run if run is not None else lambda x, training: layer(x, training=training)


def dense(layer: keras.Layer) -> Run:
    """A Dense layer, of features."""
    from amber.backend.torch.conv_pool_kernels import Layout
    from amber.backend.torch.kernels import make_dense

    run = make_dense(layer, Layout.KERAS, 2)

    def run_if_alike(x: torch.Tensor, training: bool | None) -> torch.Tensor:
        return run(x, training) if run is not None and x.dtype == tensor_of(kernel_of(layer)).dtype else layer.call(x)

    return run_if_alike
