"""Linear models of inputs that are read in batches: fitted by stochastic gradient descent, with bounded memory.

What may be changed here: how often the data are gone through, and how many examples are read at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.dataset import flat
from amber.types import Array, Inputs, StreamedArray

_EPOCHS = 5
_AT_ONCE = 1024


class FeatureBatches:
    """All inputs side by side, of which some rows are read at a time.

    Args:
        x: an array or a dictionary of arrays, any of them streamed.
    """

    def __init__(self, x: Inputs) -> None:
        self._x = x
        arrays = list(x.values()) if isinstance(x, Mapping) else [x]
        self.shape = (len(arrays[0]), sum(int(np.prod(array.shape[1:])) for array in arrays))

    def __len__(self) -> int:
        """Number of examples."""
        return self.shape[0]

    def __getitem__(self, rows: NDArray[np.int64]) -> Array:
        """Return the features of some examples, `(rows, features)`."""
        x = self._x
        return flat({name: array[rows] for name, array in x.items()} if isinstance(x, Mapping) else x[rows])

    def batches(self, rng: np.random.Generator | None = None) -> Iterator[NDArray[np.int64]]:
        """Yield the rows of batches: in a random order, or without a generator in their own."""
        order = np.arange(len(self)) if rng is None else rng.permutation(len(self))
        yield from (order[first : first + _AT_ONCE] for first in range(0, len(order), _AT_ONCE))

    def mapped(self, function: Callable[[Array], Array]) -> Array:
        """Return what a function gives for each batch, one after the other."""
        return np.concatenate([np.asarray(function(self[rows])) for rows in self.batches()])


def mapped(function: Callable[[Array], Array], x: Array | FeatureBatches) -> Array:
    """Return what a function gives for features; those of one part may be held in memory where another's are not."""
    return x.mapped(function) if isinstance(x, FeatureBatches) else np.asarray(function(x))


def is_streamed(x: Inputs) -> bool:
    """Say whether any input is read in batches."""
    arrays = x.values() if isinstance(x, Mapping) else [x]
    return any(not isinstance(array, np.ndarray) and isinstance(array, StreamedArray) for array in arrays)


def features(x: Inputs) -> Array | FeatureBatches:
    """Return all inputs side by side, `(examples, features)`: as an array, or in batches where any is streamed."""
    return FeatureBatches(x) if is_streamed(x) else flat(x)


class StreamedModel:
    """A linear model of scikit-learn that is fitted in batches; `mapped` asks it as one that is fitted at once.

    Args:
        model: has `partial_fit`.
        seed: of the order of the examples.
    """

    def __init__(self, model: Any, seed: int) -> None:
        self._model, self._seed = model, seed

    def fit(self, x: FeatureBatches, y: Array, sample_weight: Array | None = None) -> StreamedModel:
        """Go through the data some times, each time in another order; examples may have weights."""
        rng = np.random.default_rng(self._seed)
        options = {"classes": np.unique(y)} if hasattr(self._model, "predict_proba") else {}
        for _ in range(_EPOCHS):
            for rows in x.batches(rng):
                weights = None if sample_weight is None else sample_weight[rows]
                self._model.partial_fit(x[rows], y[rows], sample_weight=weights, **options)
        return self

    def __getattr__(self, name: str) -> object:
        """Return `predict`, `coef_`, `intercept_` or `classes_`."""
        return getattr(self._model, name)


def logistic_regression(
    x: Array | FeatureBatches, strength: float, seed: int, weights: Mapping[int, float] | None = None
) -> Any:
    """Return a logistic regression to be fitted to features.

    Args:
        x: the features.
        strength: inverse strength of its penalty.
        seed: of the solver.
        weights: class number -> how much its examples count; None: all alike.
    """
    # Takes a second to import.
    from sklearn.linear_model import LogisticRegression, SGDClassifier

    if not isinstance(x, FeatureBatches):
        return LogisticRegression(C=strength, max_iter=1000, random_state=seed, class_weight=weights)
    # The penalty of one example: that of C is beside the sum over all.
    return StreamedModel(
        SGDClassifier(
            loss="log_loss",
            alpha=1 / (strength * len(x)),
            average=True,
            random_state=seed,
            class_weight=weights,
        ),
        seed,
    )


def ridge_regression(x: Array | FeatureBatches, penalty: float, seed: int = 0) -> Any:
    """Return a ridge regression to be fitted to features, with the strength of its penalty."""
    from sklearn.linear_model import Ridge, SGDRegressor

    if not isinstance(x, FeatureBatches):
        return Ridge(alpha=penalty)
    return StreamedModel(SGDRegressor(alpha=penalty / len(x), average=True, random_state=seed), seed)
