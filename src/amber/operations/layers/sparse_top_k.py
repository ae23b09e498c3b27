"""A layer that keeps only the largest values of each row (`sparsek_vec`)."""

from __future__ import annotations

import keras
from keras import ops

from amber.checks import is_number
from amber.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="amber")
class SparseTopK(keras.layers.Layer):
    """Sets everything below the k-th largest value of each row to zero.

    With n values in a row, k is `ratio * n` rounded down, and at least 1. Values are compared with their
    signs; ties at the threshold are all kept. Gradients flow through what is kept.

    Input and output shape: `(batch, ..., n)`.

    Args:
        ratio: share of the values to keep, above 0 and at most 1.
        **kwargs: arguments of `keras.layers.Layer`.

    Raises:
        ValueError: a ratio out of range, or, on building, a last axis of unknown size.
    """

    def __init__(self, ratio: float = 0.2, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if not is_number(ratio) or not 0 < ratio <= 1:
            raise ValueError(f"ratio must be above 0 and at most 1. Received: ratio={ratio!r}")
        self.ratio = float(ratio)
        self.input_spec = keras.layers.InputSpec(min_ndim=2)

    def build(self, input_shape: Shape) -> None:
        """Compute how many values of a row are kept."""
        size = input_shape[-1]
        if size is None:
            raise ValueError(f"The last axis must have a known size. Received: input_shape={input_shape}")
        # A product such as 0.29 * 100 falls just short of the whole number it stands for.
        self.k = max(1, int(self.ratio * size + 1e-9))

    def call(self, inputs: Tensor) -> Tensor:
        """Return the inputs with all but the largest values of each row set to zero."""
        largest, _ = ops.top_k(inputs, self.k)
        return ops.where(inputs >= largest[..., -1:], inputs, ops.zeros_like(inputs))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the layer."""
        return {**super().get_config(), "ratio": self.ratio}
