"""How well predictions agree with the truth: each measure is defined here once, for data, rewards and reports.

A measure takes the true and the predicted values of the same examples and returns a number. Where it is undefined, as
the area under a curve is where all examples have one class, it is NaN. The areas under curves and MCC are those of
`amber.weighted_measures`, with every weight 1: scikit-learn's take a hundred times as long, for each of thousands of
labels; tests hold them equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amber import weighted_measures
from amber.errors import DataError
from amber.types import Array

ColumnMeasure = Callable[[Array, Array], float]


def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the fraction of examples whose class was predicted.

    Args:
        y_true: class numbers, shape `(n,)`.
        y_pred: predicted class numbers, shape `(n,)`.

    Returns:
        A number from 0 to 1.

    Raises:
        DataError: the arrays are empty or of other shapes, or do not hold integers.
    """
    true, predicted = _class_numbers(y_true, y_pred)
    return float(np.mean(true == predicted))


def per_class_accuracy(y_true: ArrayLike, y_pred: ArrayLike, classes: Sequence[str]) -> dict[str, float]:
    """Return the fraction of the examples of each class whose class was predicted (the recall of each class).

    Args:
        y_true: class numbers, shape `(n,)`.
        y_pred: predicted class numbers, shape `(n,)`.
        classes: names of the classes in the order of their numbers.

    Returns:
        Class name -> number from 0 to 1; NaN for a class without examples.

    Raises:
        DataError: as `accuracy`, or a number without a class.
    """
    true, predicted = _class_numbers(y_true, y_pred)
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


def mcc(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the Matthews correlation coefficient of class numbers, -1 to 1; NaN where there is one true class."""
    true, predicted = _class_numbers(y_true, y_pred)
    if constant(true):
        return float("nan")
    classes, numbers = np.unique(np.concatenate([true, predicted]), return_inverse=True)
    measure = weighted_measures.confusion(numbers[: len(true)], numbers[len(true) :], len(classes))["mcc"]
    return float(measure(np.ones(len(true))))


def auroc(y_true: ArrayLike, scores: ArrayLike) -> float:
    """Return the area under the receiver operating characteristic.

    Args:
        y_true: zeros and ones, shape `(n,)`.
        scores: higher where a one is more likely, shape `(n,)`.

    Returns:
        A number from 0 to 1; NaN where all of `y_true` are equal.
    """
    true, predicted = np.asarray(y_true), np.asarray(scores)
    if constant(true):
        return float("nan")
    return float(weighted_measures.auroc(_positives(true, predicted), predicted)(np.ones(len(true))))


def auprc(y_true: ArrayLike, scores: ArrayLike) -> float:
    """Return the average precision: the area under the precision-recall curve, in steps; arguments as for `auroc`."""
    true, predicted = np.asarray(y_true), np.asarray(scores)
    if constant(true):
        return float("nan")
    return float(weighted_measures.auprc(_positives(true, predicted), predicted)(np.ones(len(true))))


def _positives(true: Array, scores: Array) -> Array:
    """Return which examples are positive, after a check that they have a curve."""
    if true.ndim != 1 or true.shape != scores.shape:
        raise DataError(f"Expected a score for each example. Received: shapes {true.shape} and {scores.shape}")
    kinds = np.unique(true)
    if len(kinds) != 2:
        raise DataError(f"`y_true` must hold zeros and ones. Received: {len(kinds)} values")
    if not np.isfinite(scores).all():
        raise DataError(f"`scores` must be finite. Received: {int((~np.isfinite(scores)).sum())} that are not")
    positive: Array = true == kinds[-1]
    return positive


def r2(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the coefficient of determination: 1 is perfect, 0 as good as the mean of the true values.

    Args:
        y_true: numbers, shape `(n,)` or `(n, 1)`.
        y_pred: predicted numbers, of as many examples.

    Returns:
        At most 1; NaN where all true values are equal.

    Raises:
        DataError: the arrays are empty or of other shapes.
    """
    true, predicted = _numbers(y_true, y_pred)
    if constant(true):
        return float("nan")
    from sklearn.metrics import r2_score

    return float(r2_score(true, predicted))


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the mean absolute difference of true and predicted numbers; arguments and errors as for `r2`."""
    true, predicted = _numbers(y_true, y_pred)
    return float(np.mean(np.abs(true - predicted)))


def pearson(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the linear correlation; arguments and errors as for `r2`.

    Returns:
        A number from -1 to 1; NaN where all true values are equal, and 0 where only the predictions are: they say
        nothing.
    """
    true, predicted = _numbers(y_true, y_pred)
    if constant(true):
        return float("nan")
    if constant(predicted):
        return 0.0
    true, predicted = true - true.mean(), predicted - predicted.mean()
    scale = np.linalg.norm(true) * np.linalg.norm(predicted)
    return float(np.clip(true @ predicted / scale, -1, 1)) if scale > 0 else 0.0


def spearman(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the correlation of the ranks, equal values sharing their mean rank; otherwise as `pearson`."""
    true, predicted = _numbers(y_true, y_pred)
    return pearson(_ranks(true), _ranks(predicted))


def constant(values: Array) -> bool:
    """Say whether all values are equal (or there are none)."""
    return not len(values) or bool((values == values[0]).all())


def _ranks(values: Array) -> NDArray[np.float64]:
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[where]
    return ranks


def _numbers(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    true, predicted = (np.asarray(values, dtype=np.float64) for values in (y_true, y_pred))
    if not true.size or any(values.size != len(values) for values in (true, predicted)) or true.size != predicted.size:
        raise DataError(
            "`y_true` and `y_pred` must hold one number for each of the same examples. "
            f"Received: shapes {true.shape} and {predicted.shape}"
        )
    return true.reshape(-1), predicted.reshape(-1)


def _class_numbers(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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
