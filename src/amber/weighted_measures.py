"""Measures of weighted examples, prepared once and then cheap for each of a thousand bootstrap draws.

With all weights equal to 1 each is the measure of the same name in `amber.measures` or scikit-learn. Weights have the
shape `(..., examples)`: those of many draws are taken at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from amber.types import Array

Weights = NDArray[np.float64]
"""How often each example counts, shape `(..., examples)`."""
Values = NDArray[np.float64]
WeightedMeasure = Callable[[Weights], Values]
"""A measure of fixed examples, each counted as often as its weight says: `(..., examples)` to `(...)`; NaN where it is
undefined."""
NAN = float("nan")
# Probabilities below this one count as it, so that a single wrong and certain prediction does not make a loss infinite.
LEAST_PROBABILITY = 1e-7
CALIBRATION_BINS = 15


def auroc(positive: Array, scores: Array) -> WeightedMeasure:
    """Area under the receiver operating characteristic; ties count half. NaN where one class has no weight."""
    order, starts = _ties(scores)
    is_positive = np.asarray(positive, np.float64)[order]

    def measure(weights: Weights) -> Values:
        sorted_weights = np.take(weights, order, axis=-1)
        positives = _segment_sums(sorted_weights * is_positive, starts)
        negatives = _segment_sums(sorted_weights, starts) - positives
        # Scores fall: a positive beats the negatives after it, and half of those with its own score.
        after = negatives.sum(axis=-1, keepdims=True) - np.cumsum(negatives, axis=-1)
        beaten = (positives * (after + negatives / 2)).sum(axis=-1)
        return _ratio(beaten, positives.sum(axis=-1) * negatives.sum(axis=-1))

    return measure


def auprc(positive: Array, scores: Array) -> WeightedMeasure:
    """Average precision, the area under the precision-recall curve in steps. NaN where one class has no weight."""
    order, starts = _ties(scores)
    is_positive = np.asarray(positive, np.float64)[order]

    def measure(weights: Weights) -> Values:
        sorted_weights = np.take(weights, order, axis=-1)
        every, positives = _segment_sums(sorted_weights, starts), _segment_sums(sorted_weights * is_positive, starts)
        total = positives.sum(axis=-1)
        precision = _ratio(np.cumsum(positives, axis=-1), np.cumsum(every, axis=-1), 0.0)
        found = _ratio((precision * positives).sum(axis=-1), total)
        return np.where(total == every.sum(axis=-1), NAN, found)

    return measure


def accuracy(true: Array, predicted: Array) -> WeightedMeasure:
    """Fraction of examples whose class was predicted."""
    return mean_of(np.asarray(true == predicted, np.float64))


def mean_of(values: Array) -> WeightedMeasure:
    """Mean of one value for each example, such as its loss."""

    def measure(weights: Weights) -> Values:
        return _ratio(weights @ values, weights.sum(axis=-1))

    return measure


def mean_over(measures: Sequence[WeightedMeasure]) -> WeightedMeasure:
    """Return the mean of several measures, over those that are defined."""

    def measure(weights: Weights) -> Values:
        total, defined = np.zeros(weights.shape[:-1]), np.zeros(weights.shape[:-1])
        for each in measures:
            values = each(weights)
            total, defined = total + np.nan_to_num(values), defined + ~np.isnan(values)
        found: Values = np.divide(total, defined, out=np.full(total.shape, NAN), where=defined > 0)
        return found

    return measure


def confusion(true: Array, predicted: Array, classes: int) -> dict[str, WeightedMeasure]:
    """Measures of the confusion matrix: `balanced_accuracy`, `f1` and `mcc`.

    With two classes `f1` is that of the second class, with more the mean over the classes. NaN where all weight is
    on one true class.
    """
    true, predicted = np.asarray(true), np.asarray(predicted)
    is_right = true == predicted

    def counted(weights: Weights) -> tuple[Values, Values, Values]:
        """Return the weight of each true class, of each predicted one, and of what is right in each."""
        if classes**2 <= len(true):
            cells = _weighted_counts(true * classes + predicted, weights, classes**2)
            table = cells.reshape(*weights.shape[:-1], classes, classes)
            return table.sum(axis=-1), table.sum(axis=-2), np.diagonal(table, axis1=-2, axis2=-1)
        rights = _weighted_counts(true[is_right], weights[..., is_right], classes)
        return _weighted_counts(true, weights, classes), _weighted_counts(predicted, weights, classes), rights

    def where_several(rows: Values, values: Values) -> Values:
        return np.where((rows > 0).sum(axis=-1) > 1, values, NAN)

    def balanced_accuracy(weights: Weights) -> Values:
        rows, _, right = counted(weights)
        return where_several(rows, _ratio(_ratio(right, rows, 0.0).sum(axis=-1), (rows > 0).sum(axis=-1)))

    def f1(weights: Weights) -> Values:
        rows, columns, right = counted(weights)
        each = _ratio(2 * right, rows + columns, 0.0)
        if classes == 2:
            return where_several(rows, each[..., 1])
        return where_several(rows, _ratio(each.sum(axis=-1), (rows + columns > 0).sum(axis=-1)))

    def mcc(weights: Weights) -> Values:
        rows, columns, right = counted(weights)
        total = rows.sum(axis=-1)
        spread = (total**2 - (columns**2).sum(axis=-1)) * (total**2 - (rows**2).sum(axis=-1))
        covariance = right.sum(axis=-1) * total - (rows * columns).sum(axis=-1)
        return where_several(rows, _ratio(covariance, np.sqrt(np.maximum(spread, 0)), 0.0))

    return {"balanced_accuracy": balanced_accuracy, "f1": f1, "mcc": mcc}


def log_loss(true: Array, probabilities: Array) -> WeightedMeasure:
    """Mean cross-entropy, natural logarithm, of the probability that each example's class was given."""
    chosen = probabilities[np.arange(len(true)), true]
    return mean_of(-np.log(np.clip(chosen, LEAST_PROBABILITY, 1.0)))


def calibration_error(true: Array, probabilities: Array) -> WeightedMeasure:
    """Expected calibration error: the gap between the predicted class's probability and its accuracy.

    Over 15 bins of equal width (Guo et al., ICML 2017).
    """
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities[np.arange(len(predicted)), predicted]
    right = np.asarray(predicted == true, np.float64)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)

    def measure(weights: Weights) -> Values:
        gaps = _weighted_counts(bins, weights * (right - confidence), CALIBRATION_BINS)
        return _ratio(np.abs(gaps).sum(axis=-1), weights.sum(axis=-1))

    return measure


def r2(true: Array, predicted: Array) -> WeightedMeasure:
    """Coefficient of determination; NaN where all true values of weight are equal."""
    errors = (true - predicted) ** 2

    def measure(weights: Weights) -> Values:
        mean = _ratio(weights @ true, weights.sum(axis=-1))
        spread = (weights * (true - mean[..., None]) ** 2).sum(axis=-1)
        return 1 - _ratio(weights @ errors, spread)

    return measure


def pearson(true: Array, predicted: Array) -> WeightedMeasure:
    """Linear correlation; NaN where all true values of weight are equal, 0 where only the predictions are."""
    return lambda weights: _correlation(weights, true, predicted)


def spearman(true: Array, predicted: Array) -> WeightedMeasure:
    """Rank correlation; equal values share their mean rank among the examples that were drawn."""
    first, second = _Ranks(true), _Ranks(predicted)
    return lambda weights: _correlation(weights, first.of(weights), second.of(weights))


def _correlation(weights: Weights, true: Array, predicted: Array) -> Values:
    """Return the correlation of values of the shape `(examples,)`, or of `(..., examples)` for each draw."""
    total = weights.sum(axis=-1)
    left = true - _ratio((weights * true).sum(axis=-1), total)[..., None]
    right = predicted - _ratio((weights * predicted).sum(axis=-1), total)[..., None]
    spread, other = (weights * left**2).sum(axis=-1), (weights * right**2).sum(axis=-1)
    found = _ratio((weights * left * right).sum(axis=-1), np.sqrt(spread * other), 0.0)
    return np.where(spread > 0, np.clip(found, -1, 1), NAN)


class _Ranks:
    """Ranks of fixed values, each counted as often as its weight says."""

    def __init__(self, values: Array) -> None:
        _, self._where = np.unique(values, return_inverse=True)
        self._count = int(self._where.max()) + 1

    def of(self, weights: Weights) -> Values:
        """Return the mean rank of each value."""
        counts = _weighted_counts(self._where, weights, self._count)
        ranks: Values = (np.cumsum(counts, axis=-1) - counts / 2)[..., self._where]
        return ranks


def _segment_sums(values: Array, starts: Array) -> Values:
    """Return the sums of the stretches that begin at the places `starts`, along the last axis."""
    if len(starts) == values.shape[-1]:
        return values
    found: Values = np.add.reduceat(values, starts, axis=-1)
    return found


def _ratio(part: Values, whole: Values, otherwise: float = NAN) -> Values:
    """Return part / whole; `otherwise` where the whole is not above zero."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    found: Values = np.divide(part, whole, out=np.full(whole.shape, otherwise), where=whole > 0)
    return found


def _weighted_counts(numbers: Array, weights: Weights, count: int) -> Values:
    """Return the sum of the weights of each number from 0 to `count` - 1, shape `(..., count)`."""
    rows = weights.reshape(-1, len(numbers)) if len(numbers) else np.zeros((math.prod(weights.shape[:-1]), 0))
    places = numbers + count * np.arange(len(rows))[:, None]
    sums = np.bincount(places.reshape(-1), rows.reshape(-1), len(rows) * count)
    return np.asarray(sums, np.float64).reshape(*weights.shape[:-1], count)


def _ties(scores: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of descending scores, and where in it each distinct score begins."""
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    falling = np.asarray(scores)[order]
    return order, np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
