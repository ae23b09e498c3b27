"""Scores of predicted classes.

What may be changed here: scores that need nothing but class numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amber.errors import DataError


def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Fraction of records whose class was predicted.

    Args:
        y_true: class numbers, shape `(n,)`.
        y_pred: predicted class numbers, shape `(n,)`.

    Returns:
        A number from 0 to 1.

    Raises:
        DataError: the arrays are empty or of other shapes, or do not hold integers.
    """
    true, predicted = _check(y_true, y_pred)
    return float(np.mean(true == predicted))


def per_class_accuracy(y_true: ArrayLike, y_pred: ArrayLike, classes: Sequence[str]) -> dict[str, float]:
    """Fraction of the records of each class whose class was predicted (the recall of each class).

    Args:
        y_true: class numbers, shape `(n,)`.
        y_pred: predicted class numbers, shape `(n,)`.
        classes: names of the classes in the order of their numbers.

    Returns:
        Class name -> number from 0 to 1; NaN for a class without records.

    Raises:
        DataError: as `accuracy`, or a number without a class.
    """
    true, predicted = _check(y_true, y_pred)
    for name, values in (("y_true", true), ("y_pred", predicted)):
        outside = (values < 0) | (values >= len(classes))
        if outside.any():
            row = int(np.argmax(outside))
            raise DataError(
                f"`{name}`, row {row}: a class number must be from 0 to {len(classes) - 1}. Received: {values[row]}"
            )
    result: dict[str, float] = {}
    for number, name in enumerate(classes):
        members = true == number
        result[name] = float(np.mean(predicted[members] == number)) if members.any() else float("nan")
    return result


def r2(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Coefficient of determination: 1 is perfect, 0 as good as the mean of the true values.

    Args:
        y_true: numbers, shape `(n,)` or `(n, 1)`.
        y_pred: predicted numbers, of as many records.

    Returns:
        At most 1; NaN where all true values are equal.

    Raises:
        DataError: the arrays are empty or of other shapes.
    """
    true, predicted = _check_numbers(y_true, y_pred)
    total = float(np.sum((true - true.mean()) ** 2))
    return float("nan") if total == 0 else 1.0 - float(np.sum((true - predicted) ** 2)) / total


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Mean absolute difference of true and predicted numbers; arguments and errors as for `r2`."""
    true, predicted = _check_numbers(y_true, y_pred)
    return float(np.mean(np.abs(true - predicted)))


def _check_numbers(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    true, predicted = (np.asarray(values, dtype=np.float64) for values in (y_true, y_pred))
    if not true.size or any(values.size != len(values) for values in (true, predicted)) or true.size != predicted.size:
        raise DataError(
            "`y_true` and `y_pred` must hold one number for each of the same records. "
            f"Received: shapes {true.shape} and {predicted.shape}"
        )
    return true.reshape(-1), predicted.reshape(-1)


def _check(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    true, predicted = np.asarray(y_true), np.asarray(y_pred)
    for name, values in (("y_true", true), ("y_pred", predicted)):
        if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
            raise DataError(
                f"`{name}` must hold class numbers in one dimension. "
                f"Received: shape {values.shape}, type {values.dtype}"
            )
    if true.shape != predicted.shape or not true.size:
        raise DataError(
            "`y_true` and `y_pred` must have the same length, at least 1. "
            f"Received: lengths {len(true)} and {len(predicted)}"
        )
    return true.astype(np.int64), predicted.astype(np.int64)
