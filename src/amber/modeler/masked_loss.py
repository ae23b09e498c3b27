"""The losses of labels and of numbers of which some are not known."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

# Labels below this are not known; see `amber.data.targets.target.MISSING_LABEL`.
LEAST_KNOWN_LABEL = -0.5
# Numbers below this are not known; see `amber.data.targets.target.MISSING_NUMBER`.
LEAST_KNOWN_NUMBER = -5e29


@keras.saving.register_keras_serializable("amber")
class MaskedBinaryCrossentropy(keras.losses.Loss):
    """Binary cross-entropy of the labels that are known: 0 and 1. Those that are -1 count nowhere.

    The loss of an example is the sum over its known labels, divided by the mean number of known labels in the batch, so
    that every known label weighs the same.

    Args:
        name: of the loss.
        reduction: as for every loss of Keras.
        dtype: of Keras.
    """

    def __init__(
        self,
        name: str = "masked_binary_crossentropy",
        reduction: str = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each example, shape `(examples,)`, from labels and probabilities `(examples, labels)`."""
        least = keras.config.epsilon()
        known = ops.cast(y_true > LEAST_KNOWN_LABEL, y_pred.dtype)
        present = ops.maximum(y_true, 0.0)
        probability = ops.clip(y_pred, least, 1 - least)
        each = -(present * ops.log(probability) + (1 - present) * ops.log(1 - probability))
        return _of_known(each, known)


@keras.saving.register_keras_serializable("amber")
class MaskedMeanSquaredError(keras.losses.Loss):
    """Mean squared error of the numbers that are known. Those that are -1e30 count nowhere.

    The loss of an example is the sum over its known numbers, divided by the mean number of known ones in the batch, so
    that every known number weighs the same.

    Args:
        name: of the loss.
        reduction: as for every loss of Keras.
        dtype: of Keras.
    """

    def __init__(
        self, name: str = "masked_mean_squared_error", reduction: str = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each example, shape `(examples,)`, from numbers `(examples, numbers)`."""
        is_known = y_true > LEAST_KNOWN_NUMBER
        known = ops.cast(is_known, y_pred.dtype)
        error = ops.where(is_known, y_true, 0.0) - y_pred
        return _of_known(ops.square(error), known)


def _of_known(each: Any, known: Any) -> Any:
    """Return the sum of the known values of each example, divided by the mean number of known ones in the batch."""
    count = ops.mean(ops.sum(known, axis=-1))
    return ops.sum(each * known, axis=-1) / ops.maximum(count, 1e-7)
