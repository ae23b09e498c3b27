"""What a simple model reaches: the score that a search has to beat.

What may be changed here: which simple models there are.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from amber.backend import interrupts
from amber.data.baselines.label_ridge import LabelRidge, label_ridge
from amber.data.baselines.scores import ClassScore, LabelScore, NumberScore, NumbersScore
from amber.data.baselines.streamed import (
    FeatureBatches,
    features as side_by_side,
    logistic_regression,
    mapped,
    ridge_regression,
)
from amber.data.dataset import Dataset, Split, shapes_of
from amber.data.targets.target import Target, known_labels, known_numbers
from amber.display import one_line
from amber.errors import DataError
from amber.measures import accuracy, r2
from amber.types import Array, Inputs

logger = logging.getLogger(__name__)

Features = Callable[[Inputs], Any]
"""From inputs to what a linear model weighs: an array, a sparse matrix, or batches, `(examples, features)`."""

STRENGTHS = (0.01, 0.1, 1.0)
PENALTIES = (1.0, 10.0, 100.0, 1000.0)
# The least probability of a label that a regression may say.
_LEAST = 1e-3


@dataclass(frozen=True)
class BaselineResult:
    """How well a simple model predicts the classes of test data.

    Attributes:
        score: all measures of it.
        C: inverse strength of the penalty that was chosen on validation data.
        validation_accuracy: accuracy there.
        predictions: probability of each class, shape `(n, classes)`; 0 for a class that training data lack.
    """

    score: ClassScore
    C: float
    validation_accuracy: float
    predictions: Array = field(repr=False, compare=False)
    __repr__ = one_line

    @property
    def accuracy(self) -> float:
        """Fraction of examples whose class was predicted."""
        return self.score.accuracy

    @property
    def per_class_accuracy(self) -> Mapping[str, float]:
        """The same for each class; NaN for a class without test examples."""
        return self.score.per_class_accuracy

    @property
    def n(self) -> int:
        """Number of test examples."""
        return self.score.n


@dataclass(frozen=True)
class RegressionResult:
    """How well a simple model predicts a number of test data.

    Attributes:
        score: all measures of it.
        alpha: strength of the penalty that was chosen on validation data.
        validation_r2: coefficient of determination there.
        predictions: predicted numbers, shape `(n, 1)`, scaled as the targets are.
    """

    score: NumberScore
    alpha: float
    validation_r2: float
    predictions: Array = field(repr=False, compare=False)
    __repr__ = one_line

    @property
    def r2(self) -> float:
        """Coefficient of determination; 1 is perfect, 0 as good as the mean."""
        return self.score.r2

    @property
    def mae(self) -> float:
        """Mean absolute error, in the unit of the data."""
        return self.score.mae

    @property
    def n(self) -> int:
        """Number of test examples."""
        return self.score.n


@dataclass(frozen=True)
class LabelsResult:
    """How well a simple model predicts labels of test data.

    Attributes:
        score: all measures of it.
        alpha: strength of the penalty that was chosen on validation data.
        validation_error: mean squared error there.
        predictions: probability of each label, shape `(n, labels)`.
    """

    score: LabelScore
    alpha: float
    validation_error: float
    predictions: Array = field(repr=False, compare=False)


@dataclass(frozen=True)
class NumbersResult:
    """How well a simple model predicts several numbers, or a profile, of test data.

    Attributes:
        score: all measures of it.
        alpha: strength of the penalty that was chosen on validation data.
        validation_error: mean squared error there, scaled as the targets are.
        predictions: predicted numbers, shape `(n, units)`, scaled as the targets are.
    """

    score: NumbersScore
    alpha: float
    validation_error: float
    predictions: Array = field(repr=False, compare=False)


@interrupts.guarded()
def logistic_regression_baseline(
    dataset: Dataset,
    test_split: Split,
    seed: int = 0,
    target: str | None = None,
    *,
    refit: bool = False,
    features: Features = side_by_side,
) -> BaselineResult:
    """Score a logistic regression on the flattened inputs, all blocks side by side.

    It is fitted to the training data for each `C` of .01, .1 and 1 (inputs that are read in batches, by stochastic
    gradient descent); the one with the best accuracy on validation data is tested, the smallest of equals.

    Args:
        dataset: training and validation data; its test data are not opened.
        test_split: what `dataset.open_test()` returned.
        seed: of the solver.
        target: which of several targets; by default the only one.
        refit: whether the one that was chosen is fitted again, to training and validation data together.
        features: what is weighed, of inputs; by default all of them side by side.

    Returns:
        All measures on `test_split`.

    Raises:
        DataError: training data of one class only, or test inputs of another shape.
    """
    _check_shapes(dataset, test_split)
    chosen = _target(dataset, target)
    classes = chosen.classes
    if classes is None:
        raise DataError(f"Target {chosen.name!r} is a number; expected classes. Use ridge_baseline.")
    train_y, validation_y, test_y = (
        split.values_of(chosen.name) for split in (dataset.train, dataset.validation, test_split)
    )
    present = np.unique(train_y)
    if len(present) < 2:
        raise DataError(
            f"Data set {dataset.name!r}: the training data must hold at least two classes. "
            f"Received: {[classes[int(number)] for number in present]}"
        )
    weights = None if chosen.class_weights is None else {int(each): chosen.class_weights[each] for each in present}
    train_x, validation_x = features(dataset.train.x), features(dataset.validation.x)
    best: Any = None
    best_score, best_strength = -1.0, STRENGTHS[0]
    for strength in STRENGTHS:
        model = _fitted(logistic_regression(train_x, strength, seed, weights), train_x, train_y, dataset.train.weights)
        score = accuracy(validation_y, mapped(model.predict, validation_x))
        logger.debug("Logistic regression, C=%g: validation accuracy %.4f", strength, score)
        if score > best_score:
            best, best_score, best_strength = model, score, strength
    if refit:
        both = dataset.train.joined(dataset.validation)
        both_x, both_y = features(both.x), both.values_of(chosen.name)
        best = _fitted(logistic_regression(both_x, best_strength, seed, weights), both_x, both_y, both.weights)
    probabilities = np.zeros((len(test_split), len(classes)))
    probabilities[:, best.classes_] = mapped(best.predict_proba, features(test_split.x))
    return BaselineResult(
        score=ClassScore.of(test_y, probabilities, classes),
        C=best_strength,
        validation_accuracy=best_score,
        predictions=probabilities,
    )


@interrupts.guarded()
def ridge_baseline(
    dataset: Dataset,
    test_split: Split,
    target: str | None = None,
    *,
    refit: bool = False,
    features: Features = side_by_side,
) -> RegressionResult:
    """Score a ridge regression of a number on the flattened inputs, all blocks side by side.

    It is fitted to the training data for each penalty of 1, 10, 100 and 1000; the one with the best coefficient
    of determination on validation data is tested, the weakest of equals.

    Args:
        dataset: training and validation data; its test data are not opened.
        test_split: what `dataset.open_test()` returned.
        target: which of several targets; by default the only one.
        refit: whether the one that was chosen is fitted again, to training and validation data together.
        features: what is weighed, of inputs; by default all of them side by side.

    Raises:
        DataError: a target with classes, or test inputs of another shape.
    """
    _check_shapes(dataset, test_split)
    chosen = _target(dataset, target)
    if chosen.classes is not None:
        raise DataError(f"Target {chosen.name!r} has classes; expected a number. Use logistic_regression_baseline.")
    train_y, validation_y, test_y = (
        split.values_of(chosen.name) for split in (dataset.train, dataset.validation, test_split)
    )
    train_x, validation_x = features(dataset.train.x), features(dataset.validation.x)
    given = dataset.train.weights
    models = [(alpha, _fitted(ridge_regression(train_x, alpha), train_x, train_y, given)) for alpha in PENALTIES]
    scores = [r2(validation_y, mapped(model.predict, validation_x)) for _, model in models]
    best = int(np.argmax(scores))
    alpha, model = models[best]
    if refit:
        both = dataset.train.joined(dataset.validation)
        both_x = features(both.x)
        model = _fitted(ridge_regression(both_x, alpha), both_x, both.values_of(chosen.name), both.weights)
    predicted = mapped(model.predict, features(test_split.x)).reshape(-1, 1)
    unit = chosen.scaling.scale[0] if chosen.scaling else 1.0
    return RegressionResult(
        score=NumberScore.of(test_y, predicted, unit),
        alpha=alpha,
        validation_r2=scores[best],
        predictions=predicted,
    )


@interrupts.guarded()
def labels_baseline(
    dataset: Dataset,
    test_split: Split,
    target: str | None = None,
    *,
    refit: bool = False,
    features: Features = side_by_side,
) -> LabelsResult:
    """Score one ridge regression of all labels on the flattened inputs, cut to probabilities from 0 to 1.

    It is fitted for each penalty of 1, 10, 100 and 1000; the one with the least squared error of the known validation
    labels is tested. A label that is not known counts as its mean while the regression is fitted.

    Args:
        dataset: training and validation data; its test data are not opened.
        test_split: what `dataset.open_test()` returned.
        target: which of several targets; by default the only one.
        refit: whether the one that was chosen is fitted again, to training and validation data together.
        features: what is weighed, of inputs; by default all of them side by side.

    Raises:
        DataError: a target without labels, or test inputs of another shape.
    """
    _check_shapes(dataset, test_split)
    chosen = _target(dataset, target)
    if chosen.labels is None:
        raise DataError(f"Target {chosen.name!r} has no labels. Received: {chosen.task}")
    test_y, predicted, alpha, error = _ridge_of_many(
        dataset, test_split, lambda split: known_labels(split.values_of(chosen.name)), _probabilities, refit, features
    )
    score = LabelScore.of(test_y, predicted, chosen.labels.names)
    return LabelsResult(score=score, alpha=alpha, validation_error=error, predictions=predicted)


@interrupts.guarded()
def numbers_baseline(
    dataset: Dataset,
    test_split: Split,
    target: str | None = None,
    *,
    refit: bool = False,
    features: Features = side_by_side,
) -> NumbersResult:
    """Score one ridge regression of several numbers, or of all bins of a profile, on the flattened inputs.

    It is chosen as that of `labels_baseline` is; a number that is not known counts as its mean while it is fitted.

    Args:
        dataset: training and validation data; its test data are not opened.
        test_split: what `dataset.open_test()` returned.
        target: which of several targets; by default the only one.
        refit: whether the one that was chosen is fitted again, to training and validation data together.
        features: what is weighed, of inputs; by default all of them side by side.

    Raises:
        DataError: a target of another kind, or test inputs of another shape.
    """
    _check_shapes(dataset, test_split)
    chosen = _target(dataset, target)
    if chosen.numbers is None:
        raise DataError(f"Target {chosen.name!r} does not have several numbers. Received: {chosen.task}")
    test_y, predicted, alpha, error = _ridge_of_many(
        dataset, test_split, lambda split: known_numbers(split.values_of(chosen.name)), _numbers, refit, features
    )
    score = NumbersScore.of(chosen.in_units(test_y), chosen.in_units(predicted), chosen.numbers)
    return NumbersResult(score=score, alpha=alpha, validation_error=error, predictions=predicted)


def _ridge_of_many(
    dataset: Dataset,
    test_split: Split,
    known: Callable[[Split], Array],
    predict: Callable[[LabelRidge, Any], Array],
    refit: bool,
    features: Features,
) -> tuple[Array, Array, float, float]:
    """Choose the penalty of one ridge regression of many values by the validation data, and predict the test data.

    Args:
        dataset: training and validation data.
        test_split: test data.
        known: gives the values of a split, shape (examples, values), NaN where one is not known.
        predict: gives the predictions of a fitted model.
        refit: whether the one that was chosen is fitted again, to training and validation data together.
        features: what is weighed, of inputs.

    Returns:
        True and predicted values of the test data, the penalty, and its validation error.
    """
    train_y, validation_y, test_y = (known(split) for split in (dataset.train, dataset.validation, test_split))
    train_x, validation_x = features(dataset.train.x), features(dataset.validation.x)
    models = label_ridge(train_x, _with_means(train_y), PENALTIES, dataset.train.weights)
    errors = [float(np.nanmean((validation_y - predict(model, validation_x)) ** 2)) for model in models]
    best = int(np.argmin(errors))
    alpha, model = PENALTIES[best], models[best]
    if refit:
        both = dataset.train.joined(dataset.validation)
        both_y = _with_means(np.concatenate([train_y, validation_y]))
        (model,) = label_ridge(features(both.x), both_y, [alpha], both.weights)
    return test_y, predict(model, features(test_split.x)), alpha, errors[best]


def _numbers(model: LabelRidge, x: Array | FeatureBatches) -> Array:
    return np.asarray(model.predict(x))


def _with_means(y: Array) -> Array:
    """Return labels with the mean of each in place of those that are not known."""
    known = ~np.isnan(y)
    means = np.where(known, y, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, y, means)


def _probabilities(model: LabelRidge, x: Array | FeatureBatches) -> Array:
    return np.clip(model.predict(x), _LEAST, 1 - _LEAST)


def _fitted(model: Any, x: Array | FeatureBatches, y: Array, weights: Array | None) -> Any:
    """Fit a model, without the warnings that it stops at its limit of steps or that inputs are collinear."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(x, y, sample_weight=weights)


def _check_shapes(dataset: Dataset, test_split: Split) -> None:
    if shapes_of(test_split.x) != dataset.input_shape:
        raise DataError(
            f"`test_split` must have inputs of shape {dataset.input_shape}, as {dataset.name!r} has. "
            f"Received: {shapes_of(test_split.x)}"
        )


def _target(dataset: Dataset, name: str | None) -> Target:
    found = [target for target in dataset.targets if name in (None, target.name)]
    if len(found) != 1:
        known = ", ".join(repr(target.name) for target in dataset.targets)
        raise DataError(f"Expected the name of one of the targets {known}. Received: {name!r}")
    return found[0]
