"""Ridge regressions of many labels at once, from arrays or from inputs that are read in batches.

What may be changed here: how the regressions are solved.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.data.baselines.streamed import FeatureBatches, mapped
from amber.types import Array


@dataclass(frozen=True, eq=False)
class LabelRidge:
    """A linear model of labels.

    Attributes:
        kernel: `(features, labels)`.
        bias: `(labels,)`.
    """

    kernel: NDArray[np.float64]
    bias: NDArray[np.float64]

    def predict(self, x: Array | FeatureBatches) -> NDArray[np.float64]:
        """Return a number for each label, `(examples, labels)`."""
        return np.asarray(mapped(lambda some: some @ self.kernel + self.bias, x))


def label_ridge(
    x: Array | FeatureBatches, y: Array, penalties: Sequence[float], weights: Array | None = None
) -> list[LabelRidge]:
    """Fit a ridge regression of all labels for each penalty.

    Args:
        x: features, `(examples, features)`; in batches they are gone through once, for the products of all columns.
        y: `(examples, labels)`, without missing ones.
        penalties: strengths.
        weights: how much each example counts, `(examples,)`; None: all alike.
    """
    if not isinstance(x, FeatureBatches):
        return [_of_arrays(x, y, penalty, weights) for penalty in penalties]
    width = x.shape[1]
    each = np.ones(len(x)) if weights is None else weights.astype(np.float64)
    count = each.sum()
    squares, products = np.zeros((width, width)), np.zeros((width, y.shape[1]))
    sums = np.zeros(width)
    for rows in x.batches():
        some = x[rows].astype(np.float64)
        weighed = some.T * each[rows]
        squares += weighed @ some
        products += weighed @ y[rows]
        sums += weighed.sum(axis=1)
    means, mean_y = sums / count, each @ y / count
    squares -= count * np.outer(means, means)
    products -= count * np.outer(means, mean_y)
    found = []
    for penalty in penalties:
        kernel = np.linalg.solve(squares + penalty * np.eye(width), products)
        found.append(LabelRidge(np.asarray(kernel, np.float64), np.asarray(mean_y - means @ kernel, dtype=np.float64)))
    return found


def _of_arrays(x: Array, y: Array, penalty: float, weights: Array | None) -> LabelRidge:
    from sklearn.linear_model import Ridge

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # inputs that say the same
        fitted = Ridge(alpha=penalty).fit(x, y, sample_weight=weights)
    kernel = np.asarray(fitted.coef_, dtype=np.float64).reshape(y.shape[1], -1).T
    return LabelRidge(kernel, np.asarray(fitted.intercept_, dtype=np.float64).reshape(-1))
