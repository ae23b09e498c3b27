"""Scores of one output: targets and predictions of shape (records, columns) in, one number or one per column out.

A column that cannot be scored, because all its targets are equal, is NaN, and left out of means.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray
ColumnScore = Callable[[Array, Array], float]


def per_column(score: ColumnScore) -> Callable[[Array, Array], list[float]]:
    """Returns the function that scores every column of an output by itself.

    Args:
        score: of targets (records,) and predictions (records,); not asked where all targets are equal.
    """

    def scores(targets: Array, predictions: Array) -> list[float]:
        return [
            float("nan") if _constant(true) else float(score(true, predicted))
            for true, predicted in zip(targets.T, predictions.T, strict=True)
        ]

    return scores


def auroc(targets: Array, predictions: Array) -> float:
    """Area under the receiver operating characteristic of one column of zeros and ones."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(targets, predictions))


def auprc(targets: Array, predictions: Array) -> float:
    """Average precision of one column of zeros and ones: the area under the precision-recall curve, in steps."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(targets, predictions))


def accuracy(targets: Array, predictions: Array) -> float:
    """Share of right classes: of the largest column, or where columns are separate labels, of labels at 0.5."""
    true, predicted = _decided(targets, predictions)
    return float(np.mean(true == predicted))


def mcc(targets: Array, predictions: Array) -> list[float]:
    """Matthews correlation coefficient of the classes; where columns are separate labels, of each at 0.5."""
    from sklearn.metrics import matthews_corrcoef

    true, predicted = _decided(targets, predictions)
    return per_column(matthews_corrcoef)(true, predicted)


def pearson(targets: Array, predictions: Array) -> float:
    """Linear correlation of one column; 0 where all predictions are equal."""
    if _constant(predictions):
        return 0.0
    true, predicted = targets - targets.mean(), predictions - predictions.mean()
    scale = np.linalg.norm(true) * np.linalg.norm(predicted)
    return float(np.clip(true @ predicted / scale, -1, 1)) if scale > 0 else 0.0


def spearman(targets: Array, predictions: Array) -> float:
    """Correlation of the ranks of one column, equal values sharing their mean rank; 0 as for `pearson`."""
    return pearson(_ranks(targets), _ranks(predictions))


def _constant(values: Array) -> bool:
    return bool((values == values[0]).all())


def _ranks(values: Array) -> Array:
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[where]


def _decided(targets: Array, predictions: Array) -> tuple[Array, Array]:
    """Class numbers, (records, 1), where every record has exactly one class; else zeros and ones per column."""
    binary = np.isin(targets, (0, 1)).all()
    if targets.shape[1] > 1 and binary and (targets.sum(axis=1) == 1).all():
        return targets.argmax(axis=1)[:, None], predictions.argmax(axis=1)[:, None]
    return targets > 0.5, predictions > 0.5
