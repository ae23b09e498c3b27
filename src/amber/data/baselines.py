"""What a simple model reaches: the score that a search has to beat.

What may be changed here: which simple models there are.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.scores import accuracy, per_class_accuracy
from amber.data.splits import Dataset, Split
from amber.errors import DataError

logger = logging.getLogger(__name__)

STRENGTHS = (0.01, 0.1, 1.0)


@dataclass(frozen=True)
class BaselineResult:
    """Score of a simple model on test data.

    Attributes:
        accuracy: fraction of records whose class was predicted.
        per_class_accuracy: the same for each class; NaN for a class without test records.
        n: number of test records.
        C: inverse strength of the penalty that was chosen on validation data.
        validation_accuracy: accuracy there.
    """

    accuracy: float
    per_class_accuracy: dict[str, float]
    n: int
    C: float
    validation_accuracy: float


def logistic_regression_baseline(dataset: Dataset, test_split: Split, seed: int = 0) -> BaselineResult:
    """Score a logistic regression on the flattened inputs.

    It is fitted to the training data for each `C` of .01, .1 and 1; the one with the best accuracy on
    validation data is tested, the smallest of equals.

    Args:
        dataset: training and validation data; its test data are not opened.
        test_split: what `dataset.open_test()` returned.
        seed: of the solver.

    Returns:
        Accuracy on `test_split`.

    Raises:
        DataError: training data of one class only, or test inputs of another shape.
    """
    # Takes a second to import, and is needed nowhere else.
    from sklearn.linear_model import LogisticRegression

    if test_split.x.shape[1:] != dataset.input_shape:
        raise DataError(
            f"`test_split` must have inputs of shape {dataset.input_shape}, as {dataset.name!r} has. "
            f"Received: {test_split.x.shape[1:]}"
        )
    present = np.unique(dataset.train.y)
    if len(present) < 2:
        raise DataError(
            f"Data set {dataset.name!r}: the training data must hold at least two classes. "
            f"Received: {[dataset.classes[int(number)] for number in present]}"
        )
    best: Any = None
    best_score, best_strength = -1.0, STRENGTHS[0]
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=1000, random_state=seed)
        model.fit(_flat(dataset.train.x), dataset.train.y)
        score = accuracy(dataset.validation.y, model.predict(_flat(dataset.validation.x)))
        logger.debug("Logistic regression, C=%g: validation accuracy %.4f", strength, score)
        if score > best_score:
            best, best_score, best_strength = model, score, strength
    predicted = best.predict(_flat(test_split.x))
    return BaselineResult(
        accuracy=accuracy(test_split.y, predicted),
        per_class_accuracy=per_class_accuracy(test_split.y, predicted, dataset.classes),
        n=len(test_split),
        C=best_strength,
        validation_accuracy=best_score,
    )


def _flat(x: NDArray[Any]) -> NDArray[Any]:
    return x.reshape(len(x), -1)
