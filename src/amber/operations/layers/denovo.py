"""A convolution whose kernels are constrained to position-weight matrices (`denovo`).

Motifs can be read directly from the kernels: weights are information contents in bits, and never negative.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from amber.checks import is_integer
from amber.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="amber")
class DenovoConstraint(keras.constraints.Constraint):
    """Sets negative weights to zero and scales every position down to at most `max_bits` over all letters.

    Args:
        max_bits: largest sum over the letters of one position.
    """

    def __init__(self, max_bits: float = 2.0) -> None:
        self.max_bits = max_bits

    def __call__(self, kernel: Tensor) -> Tensor:
        """Return the kernel (letters, positions, 1, filters) within its bounds."""
        kernel = ops.maximum(kernel, 0.0)
        total = ops.sum(kernel, axis=0, keepdims=True)
        return kernel * (self.max_bits / ops.maximum(total, self.max_bits))

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the constraint."""
        return {"max_bits": self.max_bits}


@keras.saving.register_keras_serializable(package="amber")
class NonPositive(keras.constraints.Constraint):
    """Sets positive weights to zero."""

    def __call__(self, weights: Tensor) -> Tensor:
        """Return the weights with those above zero set to zero."""
        return ops.minimum(weights, 0.0)


@keras.saving.register_keras_serializable(package="amber")
class DenovoRegularizer(keras.regularizers.Regularizer):
    """Prefers short, centred motifs with few letters.

    The penalty of a kernel (letters, positions, 1, filters) is the sum of: `lambda_l1` times the sum of all
    absolute weights; the same per position times `lambda_pos`, falling linearly from the ends to the centre; and
    `lambda_filter` times the sum, over positions and filters, of the weight of a position in a filter whose
    weights are scaled to length 1, which is least for a filter with all its weight at one position.

    Args:
        lambda_pos: penalty of the outermost positions.
        lambda_l1: penalty of any weight.
        lambda_filter: penalty of filters whose weight is spread over many positions.
    """

    def __init__(self, lambda_pos: float = 3e-3, lambda_l1: float = 3e-3, lambda_filter: float = 1e-8) -> None:
        self.lambda_pos = lambda_pos
        self.lambda_l1 = lambda_l1
        self.lambda_filter = lambda_filter

    def __call__(self, kernel: Tensor) -> Tensor:
        """Return the penalty of a kernel."""
        size = int(kernel.shape[1])
        # k/2, ..., 1, 1, ..., k/2 for an even k; the same distances from the centre for an odd one.
        distance = np.abs(np.arange(size) - (size - 1) / 2) + 0.5
        location = ops.convert_to_tensor(distance * (self.lambda_pos / (size / 2)), dtype=kernel.dtype)
        magnitude = ops.sum(ops.abs(kernel), axis=(0, 2, 3))
        profile = ops.sum(kernel, axis=0)
        length = ops.sqrt(ops.maximum(ops.sum(ops.square(profile), axis=0, keepdims=True), 1e-12))
        return (
            self.lambda_filter * ops.sum(profile / length)
            + self.lambda_l1 * ops.sum(magnitude)
            + ops.sum(location * magnitude)
        )

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the regularizer."""
        return {"lambda_pos": self.lambda_pos, "lambda_l1": self.lambda_l1, "lambda_filter": self.lambda_filter}


@keras.saving.register_keras_serializable(package="amber")
class DenovoMotif(keras.layers.Layer):
    """A convolution along a one-hot sequence with kernels regularised to be position-weight matrices.

    The weight `kernel` has the shape (letters, positions, 1, filters); `bias`, which starts at zero, is never
    above zero, so that an output is positive only where the motif occurs.

    Input shape: `(batch, length, letters)`. Output shape: `(batch, new_length, filters)`.

    Args:
        filters: number of motifs.
        kernel_size: number of positions of a motif, odd or even.
        strides: step along the sequence.
        padding: `"valid"`, or `"same"` with zeros beyond both ends.
        activation: name or function.
        lambda_pos: see `DenovoRegularizer`.
        lambda_l1: see `DenovoRegularizer`.
        lambda_filter: see `DenovoRegularizer`.
        max_bits: largest sum over the letters of one position after an update; an alphabet can carry log2 of its
            number of letters, which is 2 for four.
        kernel_initializer: normal with deviation 0.5 by default.
        **kwargs: arguments of `keras.layers.Layer`.

    Raises:
        ValueError: an argument out of range.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        padding: str = "valid",
        activation: str | Callable[[Tensor], Tensor] | None = "sigmoid",
        lambda_pos: float = 3e-3,
        lambda_l1: float = 3e-3,
        lambda_filter: float = 1e-8,
        max_bits: float = 2.0,
        kernel_initializer: str | keras.initializers.Initializer = None,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = _positive("filters", filters)
        self.kernel_size = _positive("kernel_size", kernel_size)
        self.strides = _positive("strides", strides)
        if padding not in ("valid", "same"):
            raise ValueError(f"padding must be 'valid' or 'same'. Received: padding={padding!r}")
        for name, value in (("lambda_pos", lambda_pos), ("lambda_l1", lambda_l1), ("lambda_filter", lambda_filter)):
            if not isinstance(value, (int, float)) or value < 0:
                raise ValueError(f"{name} must be a number of at least 0. Received: {name}={value!r}")
        if not isinstance(max_bits, (int, float)) or max_bits <= 0:
            raise ValueError(f"max_bits must be a number above 0. Received: max_bits={max_bits!r}")
        self.padding = padding
        self.activation = keras.activations.get(activation)
        self.lambda_pos = lambda_pos
        self.lambda_l1 = lambda_l1
        self.lambda_filter = lambda_filter
        self.max_bits = max_bits
        if kernel_initializer is None:
            kernel_initializer = keras.initializers.RandomNormal(0.0, 0.5)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, input_shape: Shape) -> None:
        """Make the kernel and the bias."""
        letters = input_shape[-1]
        if letters is None:
            raise ValueError(f"The number of letters must be known. Received: input_shape={input_shape}")
        self.kernel = self.add_weight(
            name="kernel",
            shape=(letters, self.kernel_size, 1, self.filters),
            initializer=self.kernel_initializer,
            regularizer=DenovoRegularizer(self.lambda_pos, self.lambda_l1, self.lambda_filter),
            constraint=DenovoConstraint(self.max_bits),
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros", constraint=NonPositive())

    def call(self, inputs: Tensor) -> Tensor:
        """Return how well each motif fits at each position."""
        along = ops.transpose(ops.squeeze(ops.convert_to_tensor(self.kernel), axis=2), (1, 0, 2))
        fits = ops.conv(inputs, along, strides=self.strides, padding=self.padding, data_format="channels_last")
        return self.activation(fits + self.bias)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `(batch, new_length, filters)`."""
        batch, length, _ = input_shape
        if length is None:
            return (batch, None, self.filters)
        if self.padding == "valid":
            length = length - self.kernel_size + 1
            if length < 1:
                raise ValueError(
                    f"The sequence must be at least as long as kernel_size={self.kernel_size}. "
                    f"Received: input_shape={input_shape}"
                )
        return (batch, math.ceil(length / self.strides), self.filters)

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the layer."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "activation": keras.activations.serialize(self.activation),
            "lambda_pos": self.lambda_pos,
            "lambda_l1": self.lambda_l1,
            "lambda_filter": self.lambda_filter,
            "max_bits": self.max_bits,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _positive(name: str, value: object) -> int:
    """Return a positive integer, which Keras may also write as a list of one."""
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if not is_integer(value) or value < 1:
        raise ValueError(f"{name} must be a positive integer. Received: {name}={value!r}")
    return value
