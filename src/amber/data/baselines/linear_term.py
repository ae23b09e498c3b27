"""A linear model of all inputs as plain numbers, so that a network can hold it.

What may be changed here: how strong its penalty may be.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.backend import interrupts
from amber.data.baselines.linear_models import PENALTIES, STRENGTHS
from amber.data.baselines.streamed import FeatureBatches, features, logistic_regression, mapped, ridge_regression
from amber.data.dataset import Dataset, values_of
from amber.data.targets.target import Target
from amber.types import Array, Inputs

# The score of a class that training data lack.
_ABSENT = -30.0


@dataclass(frozen=True, eq=False)
class LinearModel:
    """What a linear model adds up.

    Attributes:
        kernel: of all inputs, flattened and side by side, shape `(features, units)`.
        bias: shape `(units,)`.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]

    def predict(self, x: Inputs, probabilities: bool) -> Array:
        """Return predictions, shape `(examples, units)`: probabilities of classes, or a number."""
        scores = mapped(self._scores, features(x))
        if not probabilities:
            return np.asarray(scores)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def of_second(self) -> LinearModel:
        """Return one unit: of two classes the one whose sigmoid is the probability of the second; a number as it is."""
        if len(self.bias) == 1:
            return self
        return LinearModel(self.kernel[:, 1:] - self.kernel[:, :1], self.bias[1:] - self.bias[:1])

    def _scores(self, given: Array) -> Array:
        return np.asarray(given @ self.kernel + self.bias)


@interrupts.guarded()
def fit_linear(dataset: Dataset, target: Target, seed: int = 0) -> LinearModel | None:
    """Fit a logistic regression, or of a number a ridge regression, to the training part.

    Args:
        dataset: its validation part decides how strong the penalty is, by the loss there.
        target: what is predicted.
        seed: of the solver.

    Returns:
        The model; None where the training part has one class only.
    """
    x, y = features(dataset.train.x), dataset.train.values_of(target.name)
    if target.classes is not None and len(np.unique(y)) < 2:
        return None
    given = dataset.train.weights
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a limit of steps, inputs that say the same
        if target.classes is None:
            models = [_ridge(x, y, penalty, given) for penalty in PENALTIES]
        else:
            models = [_logistic(x, y, strength, target, seed, given) for strength in STRENGTHS]
    validation = dataset.validation
    found = [losses(target, validation.y, model.predict(validation.x, bool(target.classes))).mean() for model in models]
    return models[int(np.argmin(found))]


def losses(target: Target, y: Inputs, predictions: Array, least: float = 1e-7) -> NDArray[np.float64]:
    """Return the cross-entropy of each example's probabilities, or of a number its squared error.

    Args:
        target: what is predicted.
        y: targets of one part, as a Split holds them.
        predictions: shape `(examples, units)`.
        least: probability; smaller ones, and those as near to 1, count as this one.
    """
    true = values_of(y, target.name)
    if target.classes is None:
        return np.asarray((true - predictions.reshape(-1)) ** 2, dtype=np.float64)
    return np.asarray(-np.log(np.clip(predictions[np.arange(len(true)), true], least, 1 - least)), dtype=np.float64)


def _ridge(x: Array | FeatureBatches, y: Array, penalty: float, given: Array | None) -> LinearModel:
    fitted = ridge_regression(x, penalty).fit(x, y, sample_weight=given)
    bias = np.reshape(fitted.intercept_, 1).astype("float32")
    return LinearModel(fitted.coef_.reshape(-1, 1).astype("float32"), bias)


def _logistic(
    x: Array | FeatureBatches, y: Array, strength: float, target: Target, seed: int, given: Array | None
) -> LinearModel:
    classes, of_classes = target.units, target.class_weights
    weights = None if of_classes is None else {int(each): of_classes[each] for each in np.unique(y)}
    fitted = logistic_regression(x, strength, seed, weights).fit(x, y, sample_weight=given)
    kernel, bias = np.zeros((x.shape[1], classes), "float32"), np.full(classes, _ABSENT, "float32")
    present = fitted.classes_[1:] if len(fitted.classes_) == 2 else fitted.classes_
    bias[fitted.classes_] = 0
    kernel[:, present], bias[present] = fitted.coef_.T, fitted.intercept_
    return LinearModel(kernel, bias)
