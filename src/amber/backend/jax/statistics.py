"""A pass over data that changes only the moving statistics of batch normalisation, compiled as one function."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from amber.backend.jax.compiling import QUICKEST, compiled
from amber.types import Tensor, TensorTree


def statistics_pass(model: keras.Model, norms: Sequence[keras.Layer]) -> Callable[[TensorTree, float], None]:
    """Return a function of a batch and a momentum, which runs a model in training mode with that momentum.

    Operation by operation JAX would compile each of the model's for itself. The few passes are not worth optimising.

    Args:
        model: built, and functional.
        norms: the layers whose momentum is given; the caller puts theirs back.
    """

    def run(
        trainable: Sequence[Tensor], others: Sequence[Tensor], batch: TensorTree, momentum: Tensor
    ) -> Sequence[Tensor]:
        for layer in norms:
            layer.momentum = momentum
        found: Sequence[Tensor] = model.stateless_call(trainable, others, batch, training=True)[1]
        return found

    function = compiled(run, QUICKEST, donated=None)

    def take(batch: TensorTree, momentum: float) -> None:
        others = model.non_trainable_variables
        values = function(
            [variable.value for variable in model.trainable_variables],
            [variable.value for variable in others],
            keras.tree.map_structure(keras.ops.convert_to_tensor, batch),
            np.float32(momentum),
        )
        for variable, value in zip(others, values, strict=True):
            variable.assign(value)

    return take
