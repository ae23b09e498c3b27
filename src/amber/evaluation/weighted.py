"""Measures of weighted examples, prepared once and then cheap for each of a thousand bootstrap draws.

With all weights equal to 1 each is the measure of the same name in `amber.measures` or scikit-learn.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from amber.evaluation.bootstrap import WeightedMeasure, Weights
from amber.types import Array

NAN = float("nan")
# Probabilities below this one count as it, so that a single wrong and certain prediction does not make a loss infinite.
LEAST_PROBABILITY = 1e-7
CALIBRATION_BINS = 15


def auroc(positive: Array, scores: Array) -> WeightedMeasure:
    """Area under the receiver operating characteristic; ties count half. NaN where one class has no weight."""
    order, starts = _ties(scores)
    is_positive = np.asarray(positive, bool)[order]

    def measure(weights: Weights) -> float:
        sorted_weights = weights[order]
        positives = np.add.reduceat(np.where(is_positive, sorted_weights, 0.0), starts)
        negatives = np.add.reduceat(np.where(is_positive, 0.0, sorted_weights), starts)
        total = positives.sum() * negatives.sum()
        if total == 0:
            return NAN
        # Scores fall: a positive beats the negatives after it, and half of those with its own score.
        after = negatives.sum() - np.cumsum(negatives)
        return float((positives * (after + negatives / 2)).sum() / total)

    return measure


def auprc(positive: Array, scores: Array) -> WeightedMeasure:
    """Average precision, the area under the precision-recall curve in steps. NaN where one class has no weight."""
    order, starts = _ties(scores)
    is_positive = np.asarray(positive, bool)[order]

    def measure(weights: Weights) -> float:
        sorted_weights = weights[order]
        every = np.add.reduceat(sorted_weights, starts)
        positives = np.add.reduceat(np.where(is_positive, sorted_weights, 0.0), starts)
        total = positives.sum()
        if total in (0, every.sum()):
            return NAN
        found, taken = np.cumsum(positives), np.cumsum(every)
        precision = np.divide(found, taken, out=np.zeros_like(found), where=taken > 0)
        return float((precision * positives).sum() / total)

    return measure


def accuracy(true: Array, predicted: Array) -> WeightedMeasure:
    """Fraction of examples whose class was predicted."""
    return mean_of(np.asarray(true == predicted, np.float64))


def mean_of(values: Array) -> WeightedMeasure:
    """Mean of one value for each example, such as its loss."""

    def measure(weights: Weights) -> float:
        total = weights.sum()
        return float(weights @ values / total) if total else NAN

    return measure


def confusion(true: Array, predicted: Array, classes: int) -> dict[str, WeightedMeasure]:
    """Measures of the confusion matrix: `balanced_accuracy`, `f1` and `mcc`.

    With two classes `f1` is that of the second class, with more the mean over the classes. NaN where all weight is
    on one true class.
    """
    cells = np.asarray(true) * classes + np.asarray(predicted)

    def table(weights: Weights) -> NDArray[np.float64] | None:
        counts = np.asarray(np.bincount(cells, weights, classes * classes), np.float64).reshape(classes, classes)
        return counts if (counts.sum(axis=1) > 0).sum() > 1 else None

    def balanced_accuracy(weights: Weights) -> float:
        counts = table(weights)
        if counts is None:
            return NAN
        rows = counts.sum(axis=1)
        return float((np.diag(counts)[rows > 0] / rows[rows > 0]).mean())

    def f1(weights: Weights) -> float:
        counts = table(weights)
        if counts is None:
            return NAN
        both = counts.sum(axis=0) + counts.sum(axis=1)
        each = np.divide(2 * np.diag(counts), both, out=np.zeros(classes), where=both > 0)
        return float(each[1] if classes == 2 else each[both > 0].mean())

    def mcc(weights: Weights) -> float:
        counts = table(weights)
        if counts is None:
            return NAN
        total, rows, columns = counts.sum(), counts.sum(axis=1), counts.sum(axis=0)
        spread = (total**2 - columns @ columns) * (total**2 - rows @ rows)
        return float((np.trace(counts) * total - rows @ columns) / math.sqrt(spread)) if spread > 0 else 0.0

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

    def measure(weights: Weights) -> float:
        total = weights.sum()
        gaps = np.bincount(bins, weights * (right - confidence), CALIBRATION_BINS)
        return float(np.abs(gaps).sum() / total) if total else NAN

    return measure


def r2(true: Array, predicted: Array) -> WeightedMeasure:
    """Coefficient of determination; NaN where all true values of weight are equal."""
    errors = (true - predicted) ** 2

    def measure(weights: Weights) -> float:
        total = weights.sum()
        if not total:
            return NAN
        spread = weights @ (true - weights @ true / total) ** 2
        return float(1 - weights @ errors / spread) if spread > 0 else NAN

    return measure


def pearson(true: Array, predicted: Array) -> WeightedMeasure:
    """Linear correlation; NaN where all true values of weight are equal, 0 where only the predictions are."""

    def measure(weights: Weights) -> float:
        total = weights.sum()
        if not total:
            return NAN
        left, right = true - weights @ true / total, predicted - weights @ predicted / total
        spread, other = weights @ left**2, weights @ right**2
        if spread <= 0:
            return NAN
        return float(np.clip(weights @ (left * right) / math.sqrt(spread * other), -1, 1)) if other > 0 else 0.0

    return measure


def spearman(true: Array, predicted: Array) -> WeightedMeasure:
    """Rank correlation; equal values share their mean rank among the examples that were drawn."""
    first, second = _Ranks(true), _Ranks(predicted)

    def measure(weights: Weights) -> float:
        return pearson(first.of(weights), second.of(weights))(weights)

    return measure


class _Ranks:
    """Ranks of fixed values, each counted as often as its weight says."""

    def __init__(self, values: Array) -> None:
        _, self._where = np.unique(values, return_inverse=True)
        self._count = int(self._where.max()) + 1

    def of(self, weights: Weights) -> NDArray[np.float64]:
        """Return the mean rank of each value."""
        counts = np.bincount(self._where, weights, self._count)
        ranks = np.cumsum(counts) - counts / 2
        found: NDArray[np.float64] = ranks[self._where]
        return found


def _ties(scores: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of descending scores, and where in it each distinct score begins."""
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    falling = np.asarray(scores)[order]
    return order, np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
