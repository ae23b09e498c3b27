"""Scores of one output: targets and predictions of shape (examples, columns) in, one number or one per column out.

The measures themselves are those of `amber.measures`. A column that cannot be scored, because all its targets are
equal, is NaN, and left out of means. So are targets that are not known, which are NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from amber import measures

Array = np.ndarray


def per_column(score: measures.ColumnMeasure) -> Callable[[Array, Array], list[float]]:
    """Return the function that scores every column of an output by itself.

    Args:
        score: of targets (examples,) and predictions (examples,); not asked where all targets are equal.
    """

    def scores(targets: Array, predictions: Array) -> list[float]:
        known = [_known(*each) for each in zip(targets.T, predictions.T, strict=True)]
        return [
            float("nan") if not len(true) or measures.constant(true) else float(score(true, predicted))
            for true, predicted in known
        ]

    return scores


def auroc(targets: Array, predictions: Array) -> list[float]:
    """Area under the receiver operating characteristic of each column; of two classes that of the second."""
    return per_column(measures.auroc)(*_asked(targets, predictions))


def auprc(targets: Array, predictions: Array) -> list[float]:
    """Average precision of each column; of two classes that of the second."""
    return per_column(measures.auprc)(*_asked(targets, predictions))


def accuracy(targets: Array, predictions: Array) -> float:
    """Share of right classes: of the largest column, or where columns are separate labels, of labels at 0.5."""
    true, predicted = _known(*(each.ravel() for each in _decided(targets, predictions)))
    return measures.accuracy(true.astype("int64"), predicted.astype("int64")) if len(true) else float("nan")


def mcc(targets: Array, predictions: Array) -> list[float]:
    """Matthews correlation coefficient of the classes; where columns are separate labels, of each at 0.5."""
    return per_column(_mcc)(*_decided(targets, predictions))


def _mcc(targets: Array, predictions: Array) -> float:
    return measures.mcc(targets.astype("int64"), predictions.astype("int64"))


def _one_class_each(targets: Array) -> bool:
    """Whether every example has exactly one of several classes."""
    binary = np.isin(targets, (0, 1)).all()
    return bool(targets.shape[1] > 1 and binary and (targets.sum(axis=1) == 1).all())


def _asked(targets: Array, predictions: Array) -> tuple[Array, Array]:
    """Leave out the first of two classes: what is not the one is the other, and the second is the one asked for."""
    two = targets.shape[1] == 2 and _one_class_each(targets)
    return (targets[:, 1:], predictions[:, 1:]) if two else (targets, predictions)


def _decided(targets: Array, predictions: Array) -> tuple[Array, Array]:
    """Class numbers, (examples, 1), where every example has exactly one class; else zeros and ones per column."""
    if _one_class_each(targets):
        return targets.argmax(axis=1)[:, None], predictions.argmax(axis=1)[:, None]
    decided = (targets > 0.5).astype("float64")
    return np.where(np.isnan(targets), np.nan, decided), (predictions > 0.5).astype("float64")


def _known(targets: Array, predictions: Array) -> tuple[Array, Array]:
    """Return the targets that are known, and their predictions."""
    known = ~np.isnan(targets)
    return targets[known], predictions[known]
