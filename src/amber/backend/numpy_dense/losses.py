"""Losses and their gradients, of predictions that hold a row for each unit and a column for each example.

Each is what Keras computes by default: the mean over the examples, of probabilities or numbers, never logits. Weights
of examples multiply their losses and do not change what the sum is divided by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import keras
import numpy as np

from amber.backend.stock_parts import plain_loss
from amber.types import Array

LossFunction: TypeAlias = Callable[[Array, Array], tuple[Array, Array]]
"""Of targets and predictions: the loss of each example, and its gradient with respect to the predictions."""


class DenseLoss(NamedTuple):
    """A loss, and what its targets are.

    Attributes:
        function: of targets and predictions of one shape.
        of_classes: whether targets are numbers of classes, which are made columns of zeros and ones.
    """

    function: LossFunction
    of_classes: bool

    def fits(self, y: Array, units: int) -> bool:
        """Say whether targets need nothing done to them that only Keras does."""
        count = 1 if self.of_classes else units
        is_single = y.ndim == 1 and count == 1
        if not is_single and y.shape[1:] != (count,):
            return False
        if not self.of_classes:
            return y.dtype.kind in "biuf"
        return units > 1 and y.dtype.kind in "iu" and bool(y.size) and int(y.min()) >= 0 and int(y.max()) < units

    def __call__(self, y: Array, predicted: Array, weights: Array | None) -> tuple[float, Array]:
        """Return the loss of a batch and its gradient.

        Args:
            y: targets, a row for each example.
            predicted: a column for each example.
            weights: of the examples, or None.
        """
        units, examples = predicted.shape
        if self.of_classes:
            target = np.zeros_like(predicted)
            target[y.reshape(-1), np.arange(examples)] = 1
        else:
            target = y.reshape(examples, units).T.astype("float32", copy=False)
        losses, gradient = self.function(target, predicted)
        if weights is not None:
            losses, gradient = losses * weights, gradient * weights
        gradient *= np.float32(1 / examples)
        return float(losses.sum()) / examples, gradient


def loss_of(compiled: keras.losses.Loss | None) -> DenseLoss | None:
    """Return the loss given to `compile`, or None if only Keras knows it."""
    function = plain_loss(compiled)
    return None if function is None else _KNOWN.get(function)


def _squared_error(target: Array, predicted: Array) -> tuple[Array, Array]:
    gradient = predicted - target
    losses = np.einsum("ij,ij->j", gradient, gradient) / np.float32(len(predicted))
    gradient *= np.float32(2 / len(predicted))
    return losses, gradient


def _absolute_error(target: Array, predicted: Array) -> tuple[Array, Array]:
    difference = predicted - target
    return np.abs(difference).mean(axis=0), np.sign(difference) * np.float32(1 / len(predicted))


def _binary_crossentropy(target: Array, predicted: Array) -> tuple[Array, Array]:
    inside = _probabilities(predicted)
    losses = -(target * np.log(inside) + (1 - target) * np.log(1 - inside)).mean(axis=0)
    gradient = (inside - target) / (inside * (1 - inside))
    # Where a probability was clipped, it has no gradient.
    gradient *= (inside == predicted) * np.float32(1 / len(predicted))
    return losses, gradient


def _categorical_crossentropy(target: Array, predicted: Array) -> tuple[Array, Array]:
    total = predicted.sum(axis=0)
    parts = predicted / total
    inside = _probabilities(parts)
    losses = -(target * np.log(inside)).sum(axis=0)
    gradient = np.where(inside == parts, -target / inside, np.float32(0))
    gradient -= (gradient * parts).sum(axis=0)
    gradient /= total
    return losses, gradient


def _probabilities(predicted: Array) -> Array:
    small = np.float32(keras.config.epsilon())
    return np.clip(predicted, small, 1 - small)


_KNOWN: dict[object, DenseLoss] = {
    keras.losses.mean_squared_error: DenseLoss(_squared_error, of_classes=False),
    keras.losses.mean_absolute_error: DenseLoss(_absolute_error, of_classes=False),
    keras.losses.binary_crossentropy: DenseLoss(_binary_crossentropy, of_classes=False),
    keras.losses.categorical_crossentropy: DenseLoss(_categorical_crossentropy, of_classes=False),
    keras.losses.sparse_categorical_crossentropy: DenseLoss(_categorical_crossentropy, of_classes=True),
}
