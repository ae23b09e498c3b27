"""A dense layer over a sequence whose weights are a position profile times a channel profile (`sfc`).

After Alexandari et al., "Separable fully connected layers improve deep learning models for genomics",
bioRxiv 146431 (2017).
"""

from __future__ import annotations

import keras
from keras import ops

from amber.checks import is_integer
from amber.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="amber")
class SmoothnessRegularizer(keras.regularizers.Regularizer):
    """Penalises differences between neighbouring positions, along the last axis.

    Args:
        coefficient: factor of the penalty.
        l1: mean of absolute differences instead of squared ones.
        second_diff: second differences, which are zero for a straight line.
    """

    def __init__(self, coefficient: float, l1: bool = False, second_diff: bool = True) -> None:
        self.coefficient = coefficient
        self.l1 = l1
        self.second_diff = second_diff

    def __call__(self, weights: Tensor) -> Tensor:
        """Return the penalty; zero where there are too few positions for a difference."""
        order = 2 if self.second_diff else 1
        if weights.shape[-1] <= order:
            return ops.zeros((), dtype=weights.dtype)
        difference = _difference(weights)
        if self.second_diff:
            difference = _difference(difference)
        return self.coefficient * ops.mean(ops.abs(difference) if self.l1 else ops.square(difference))

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the regularizer."""
        return {"coefficient": self.coefficient, "l1": self.l1, "second_diff": self.second_diff}


@keras.saving.register_keras_serializable(package="amber")
class CurvatureConstraint(keras.constraints.Constraint):
    """Keeps second differences along the last axis within bounds.

    Second differences are clipped; first differences and then the values are integrated from them, and row means are
    kept.

    Args:
        limit: largest absolute second difference.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, weights: Tensor) -> Tensor:
        """Return the weights with bounded curvature."""
        if weights.shape[-1] < 3:
            return weights
        slopes = _difference(weights)
        bends = ops.clip(_difference(slopes), -self.limit, self.limit)
        return _integrate(_integrate(bends, slopes), weights)

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the constraint."""
        return {"limit": self.limit}


def _difference(values: Tensor) -> Tensor:
    return values[..., 1:] - values[..., :-1]


def _integrate(differences: Tensor, original: Tensor) -> Tensor:
    """Return values with these differences, and with the row means of the original."""
    summed = ops.concatenate([ops.zeros_like(original[..., :1]), ops.cumsum(differences, axis=-1)], axis=-1)
    return summed + ops.mean(original - summed, axis=-1, keepdims=True)


@keras.saving.register_keras_serializable(package="amber")
class SeparableFC(keras.layers.Layer):
    """A dense layer, without bias and activation, whose kernel is positions times channels.

    `y[b, o]` is the sum over positions l and channels c of `x[b, l, c] * P[o, l] * W_chan[o, c]`. P is the weight
    `W_pos`, or, when symmetric, `W_pos` followed by its mirror image, which share the middle of an odd length.

    Input shape: `(batch, length, channels)`, both known. Output shape: `(batch, output_dim)`.

    Args:
        output_dim: number of outputs.
        symmetric: whether positions at equal distance from both ends share a weight.
        smoothness_penalty: factor of the mean difference of `W_pos` between positions; None for no penalty.
        smoothness_l1: absolute differences instead of squared ones.
        smoothness_second_diff: second differences instead of first ones.
        curvature_constraint: largest absolute second difference of `W_pos`; None for any.
        **kwargs: arguments of `keras.layers.Layer`.

    Raises:
        ValueError: a size that is not a positive integer, a negative penalty or bound, or, on building, an unknown
            length or number of channels.
    """

    def __init__(
        self,
        output_dim: int,
        symmetric: bool,
        smoothness_penalty: float | None = None,
        smoothness_l1: bool = False,
        smoothness_second_diff: bool = True,
        curvature_constraint: float | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if not is_integer(output_dim) or output_dim < 1:
            raise ValueError(f"output_dim must be a positive integer. Received: output_dim={output_dim!r}")
        for name, value in (("smoothness_penalty", smoothness_penalty), ("curvature_constraint", curvature_constraint)):
            if value is not None and (not isinstance(value, (int, float)) or value < 0):
                raise ValueError(f"{name} must be a number of at least 0, or None. Received: {name}={value!r}")
        self.output_dim = output_dim
        self.symmetric = bool(symmetric)
        self.smoothness_penalty = smoothness_penalty
        self.smoothness_l1 = bool(smoothness_l1)
        self.smoothness_second_diff = bool(smoothness_second_diff)
        self.curvature_constraint = curvature_constraint
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, input_shape: Shape) -> None:
        """Make `W_pos` (output_dim, length or half of it, rounded up) and `W_chan` (output_dim, channels)."""
        _, length, channels = input_shape
        if length is None or channels is None:
            raise ValueError(f"Length and channels must be known. Received: input_shape={input_shape}")
        self.length = length
        # The original's initialiser: Keras's "uniform".
        initializer = keras.initializers.RandomUniform(-0.05, 0.05)
        self.W_pos = self.add_weight(
            name="W_pos",
            shape=(self.output_dim, (length + 1) // 2 if self.symmetric else length),
            initializer=initializer,
            regularizer=self._regularizer(),
            constraint=self._constraint(),
        )
        self.W_chan = self.add_weight(
            name="W_chan",
            shape=(self.output_dim, channels),
            initializer=keras.initializers.RandomUniform(-0.05, 0.05),
        )

    def _regularizer(self) -> SmoothnessRegularizer | None:
        if self.smoothness_penalty is None:
            return None
        return SmoothnessRegularizer(self.smoothness_penalty, self.smoothness_l1, self.smoothness_second_diff)

    def _constraint(self) -> CurvatureConstraint | None:
        return None if self.curvature_constraint is None else CurvatureConstraint(self.curvature_constraint)

    def call(self, inputs: Tensor) -> Tensor:
        """Return one product of the flattened sequence with the kernel of both profiles."""
        positions = ops.convert_to_tensor(self.W_pos)
        if self.symmetric:
            half = self.length // 2
            positions = ops.concatenate([positions, ops.flip(positions[:, :half], axis=1)], axis=1)
        kernel = positions[:, :, None] * ops.convert_to_tensor(self.W_chan)[:, None, :]
        flat = ops.reshape(inputs, (-1, self.length * inputs.shape[-1]))
        return ops.matmul(flat, ops.transpose(ops.reshape(kernel, (self.output_dim, -1))))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `(batch, output_dim)`."""
        return (input_shape[0], self.output_dim)

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the layer."""
        return {
            **super().get_config(),
            "output_dim": self.output_dim,
            "symmetric": self.symmetric,
            "smoothness_penalty": self.smoothness_penalty,
            "smoothness_l1": self.smoothness_l1,
            "smoothness_second_diff": self.smoothness_second_diff,
            "curvature_constraint": self.curvature_constraint,
        }
