"""Ridge regressions of many labels at once, from arrays or from inputs that are read in batches.

What may be changed here: how the regressions are solved.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.data.baselines.streamed import FeatureBatches
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
        if isinstance(x, FeatureBatches):
            return x.mapped(self.predict)
        return np.asarray(x @ self.kernel + self.bias)


def label_ridge(x: Array | FeatureBatches, y: Array, penalties: Sequence[float]) -> list[LabelRidge]:
    """Fit a ridge regression of all labels for each penalty.

    Args:
        x: features, `(examples, features)`; in batches they are gone through once, for the products of all columns.
        y: `(examples, labels)`, without missing ones.
        penalties: strengths.
    """
    if not isinstance(x, FeatureBatches):
        return [_of_arrays(x, y, penalty) for penalty in penalties]
    count, width = x.shape
    squares, products = np.zeros((width, width)), np.zeros((width, y.shape[1]))
    sums = np.zeros(width)
    for rows in x.batches():
        some = x[rows].astype(np.float64)
        squares += some.T @ some
        products += some.T @ y[rows]
        sums += some.sum(axis=0)
    means, mean_y = sums / count, y.mean(axis=0)
    squares -= count * np.outer(means, means)
    products -= count * np.outer(means, mean_y)
    found = []
    for penalty in penalties:
        kernel = np.linalg.solve(squares + penalty * np.eye(width), products)
        found.append(LabelRidge(np.asarray(kernel, np.float64), np.asarray(mean_y - means @ kernel, dtype=np.float64)))
    return found


def _of_arrays(x: Array, y: Array, penalty: float) -> LabelRidge:
    from sklearn.linear_model import Ridge

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # inputs that say the same
        fitted = Ridge(alpha=penalty).fit(x, y)
    kernel = np.asarray(fitted.coef_, dtype=np.float64).reshape(y.shape[1], -1).T
    return LabelRidge(kernel, np.asarray(fitted.intercept_, dtype=np.float64).reshape(-1))
