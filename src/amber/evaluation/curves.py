"""The points of an evaluation's plots: few and JSON-ready, so that a run keeps them beside its scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amber.types import Array, JsonObject

# Points that a curve keeps, bins of a calibration plot, examples of a scatter plot, and classes that are drawn.
_POINTS, _BINS, _SCATTERED, MOST_CLASSES = 100, 10, 500, 8


def class_curves(true: ArrayLike, probabilities: ArrayLike, classes: Sequence[str]) -> JsonObject:
    """Return ROC, precision-recall and calibration curves of each class against the rest, and the confusion matrix.

    With two classes, only the second has curves. With more than eight, the most frequent eight have curves.

    Args:
        true: class numbers, `(examples,)`.
        probabilities: of each class, `(examples, classes)`.
        classes: names in the order of their numbers.

    Returns:
        `curves`: class -> its curves, see `label_curves`; `confusion`: rows of true classes, columns of predicted ones,
        numbers of examples.
    """
    numbers, found = np.asarray(true).reshape(-1), np.asarray(probabilities, dtype=np.float64)
    drawn = [1] if len(classes) == 2 else _most_frequent(np.bincount(numbers, minlength=len(classes)))
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(confusion, (numbers, found.argmax(axis=1)), 1)
    return {
        "curves": {classes[number]: _curves(numbers == number, found[:, number]) for number in drawn},
        "confusion": confusion.tolist(),
    }


def label_curves(true: ArrayLike, probabilities: ArrayLike, labels: Sequence[str]) -> JsonObject:
    """Return the curves of each label, or of the eight most frequent; missing labels do not count.

    Args:
        true: 0, 1 or NaN, `(examples, labels)`.
        probabilities: of the same shape.
        labels: their names.

    Returns:
        `curves`: label -> `roc`, points (false positive rate, true positive rate); `precision_recall`, points (recall,
        precision); `calibration`, points (mean probability, share of positives, examples) of ten equal bins;
        `positives`, the share of them. A label with a single value has none.
    """
    values, found = np.asarray(true, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    known = ~np.isnan(values)
    curves = {}
    for number in _most_frequent(np.nansum(values, axis=0)):
        rows = known[:, number]
        curves[labels[number]] = _curves(values[rows, number] == 1, found[rows, number])
    return {"curves": {name: each for name, each in curves.items() if each}}


def number_points(true: ArrayLike, predicted: ArrayLike, seed: int = 0) -> JsonObject:
    """Return `points`, (true, predicted), of at most 500 random examples; missing values do not count."""
    values, found = (np.asarray(each, dtype=np.float64).reshape(-1) for each in (true, predicted))
    rows = np.flatnonzero(~np.isnan(values))
    if len(rows) > _SCATTERED:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _SCATTERED, replace=False))
    return {"points": [[_short(values[row]), _short(found[row])] for row in rows]}


def _curves(true: NDArray[np.bool_], scores: Array) -> JsonObject:
    from sklearn.metrics import precision_recall_curve, roc_curve

    if true.all() or not true.any():
        return {}
    false_rate, true_rate, _ = roc_curve(true, scores)
    precision, recall, _ = precision_recall_curve(true, scores)
    return {
        "roc": _thinned(false_rate, true_rate),
        # From all examples to none, as recall falls; drawn from left to right.
        "precision_recall": _thinned(recall[::-1], precision[::-1]),
        "calibration": _calibration(true, scores),
        "positives": _short(true.mean()),
    }


def _calibration(true: NDArray[np.bool_], scores: Array) -> list[list[float]]:
    bins = np.minimum((scores * _BINS).astype(np.int64), _BINS - 1)
    found = []
    for number in np.unique(bins):
        rows = bins == number
        found.append([_short(scores[rows].mean()), _short(true[rows].mean()), int(rows.sum())])
    return found


def _thinned(x: Array, y: Array) -> list[list[float]]:
    """Return points of a curve, including its ends, at about equal distances along it."""
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    kept = np.unique(np.searchsorted(along, np.linspace(0, along[-1], _POINTS)))
    return [[_short(x[place]), _short(y[place])] for place in kept]


def _most_frequent(counts: Array) -> list[int]:
    order = np.argsort(-np.asarray(counts), kind="stable")[:MOST_CLASSES]
    return sorted(int(number) for number in order)


def _short(value: float) -> float:
    return float(f"{value:.4g}")
