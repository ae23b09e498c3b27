"""Floating-point operations of layers: 2 x multiply-adds of products and convolutions, forward, batch 1.

Biases, activations, normalisation, pooling and element-wise work are not counted, as in torch's own counter. A
recurrent layer is counted once for each step of its sequence.
"""

from __future__ import annotations

import math

import keras

from amber.operations.self_attention import attention_of
from amber.types import Shape


def dense(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count a matrix product for every position before the last axis."""
    return 2 * _known(inputs[0]) * int(layer.units)


def einsum_dense(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count one multiply-add for every combination of the indices of inputs and kernel."""
    read, kernel = layer.equation.split("->")[0].replace(" ", "").split(",")
    new = (size for index, size in zip(kernel, layer.kernel.shape, strict=True) if index not in read)
    return 2 * _known(inputs[0]) * math.prod(new)


def convolution(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count one kernel product per output position; the kernel is per group already."""
    return 2 * _positions(layer, output) * math.prod(layer.kernel.shape)


def transposed_convolution(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count one kernel product per input position."""
    return 2 * _positions(layer, inputs[0]) * math.prod(layer.kernel.shape)


def separable_convolution(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count a depthwise convolution, then a dense layer over channels."""
    weights = math.prod(layer.depthwise_kernel.shape) + math.prod(layer.pointwise_kernel.shape)
    return 2 * _positions(layer, output) * weights


def denovo(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count a convolution along a sequence."""
    return 2 * _known(output[:-1]) * math.prod(layer.kernel.shape)


def separable_fc(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count one product of the whole sequence with the kernel that both profiles make."""
    return 2 * _known(inputs[0]) * int(layer.output_dim)


def recurrent(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count the products with both kernels, at every step."""
    cell = layer.cell
    steps = _known(inputs[0][:1])
    return 2 * steps * (math.prod(cell.kernel.shape) + math.prod(cell.recurrent_kernel.shape))


def bidirectional(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count both directions."""
    return recurrent(layer.forward_layer, inputs, output) + recurrent(layer.backward_layer, inputs, output)


def self_attention(layer: keras.layers.Layer, inputs: list[Shape], output: Shape) -> int:
    """Count four projections (with a gate, five), the scores of all pairs of positions, and the weighted sums."""
    attention = attention_of(layer)
    positions = _known(inputs[0][:1])
    kernels = sum(math.prod(weight.shape) for weight in attention.weights if weight.name == "kernel")
    per_pair = attention.num_heads * (attention.key_dim + attention.value_dim)
    return 2 * positions * kernels + 2 * positions * positions * per_pair


def _positions(layer: keras.layers.Layer, shape: Shape) -> int:
    return _known(shape[:-1]) if layer.data_format == "channels_last" else _known(shape[1:])


def _known(shape: Shape) -> int:
    return math.prod(dimension or 1 for dimension in shape)
