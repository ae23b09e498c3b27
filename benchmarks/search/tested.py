"""How good a network or a linear model is on test data, with the draws that make differences paired.

The measure of each task was named before any test was opened: Matthews' correlation for the tasks of GUE, as published
figures have it; the area under the ROC curve for all others, of several labels the mean.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from amber.evaluation.bootstrap import Resampling
from amber.experiment.final.scoring import predictions
from amber.weighted_measures import WeightedMeasure, accuracy, auprc, auroc, confusion, mean_over
from benchmarks.search.problem import Task, other_strand
from benchmarks.search.real_tasks import GUE

Numbers = NDArray[Any]
DRAWS = 400
# Draws are kept as whole numbers of this unit.
UNIT = 1e-4
_K, _C = (4, 6), (0.003, 0.03, 0.3)


def measure_of(task: str) -> str:
    """Return the name of the measure that a task is compared by."""
    return "mcc" if task in GUE else "auroc"


def tested(task: Task, predicted: Numbers) -> dict[str, Any]:
    """Return all measures of predictions for the test data, and the draws of the one that is compared.

    Args:
        task: whose test data are opened.
        predicted: probabilities, (examples, classes or labels).
    """
    true = np.asarray(task.test.y)
    measures = _measures(true, predicted)
    ones = np.ones(len(true))
    found = {name: round(float(measure(ones)), 5) for name, measure in measures.items()}
    main = measure_of(task.name)
    drawn = Resampling(len(true), draws=DRAWS).draw({main: measures[main]}).draws[main]
    return {**found, "draws": [round(each / UNIT) for each in drawn]}


def network_predictions(task: Task, model: Any) -> Numbers:
    """Return what a network says of the test data; of either strand it is the mean of both."""
    strands = [task.test.x, other_strand(task.test.x)] if task.of_either_strand else [task.test.x]
    found = np.mean([predictions(model, each, task.name)[0] for each in strands], axis=0)
    return found if found.shape[1] > 1 else np.hstack([1 - found, found])


def _measures(true: Numbers, predicted: Numbers) -> dict[str, WeightedMeasure]:
    if true.ndim > 1 and true.shape[1] > 1:
        both = {"auroc": auroc, "auprc": auprc}
        columns = list(zip(true.T, predicted.T, strict=True))
        return {name: mean_over([measure(*each) for each in columns]) for name, measure in both.items()}
    labels, positive = true.reshape(-1).astype(int), predicted[:, 1]
    chosen = predicted.argmax(axis=1)
    return {
        "auroc": auroc(labels == 1, positive),
        "auprc": auprc(labels == 1, positive),
        "mcc": confusion(labels, chosen, 2)["mcc"],
        "accuracy": accuracy(labels, chosen),
    }


def linear_model(task: Task) -> tuple[Numbers, dict[str, Any]]:
    """Return what a logistic regression on counts of k-mers says of the test data, and how it was chosen.

    k and the penalty are those of the lowest loss on validation data; each label has a regression of its own.
    """
    started = time.process_time()
    train, validation = task.data.train, task.data.validation
    best: tuple[float, int, float, Any] | None = None
    for k, strength in itertools.product(_K, _C):
        counts = CountVectorizer(analyzer="char", ngram_range=(k, k), lowercase=False)
        fitted = _fit(counts.fit_transform(_letters(train.x)), np.asarray(train.y), strength)
        loss = _loss(np.asarray(validation.y), fitted(counts.transform(_letters(validation.x))))
        if best is None or loss < best[0]:
            best = loss, k, strength, (counts, fitted)
    if best is None:
        raise ValueError("no model was fitted")
    loss, k, strength, (counts, fitted) = best
    spent = round(time.process_time() - started, 2)
    return fitted(counts.transform(_letters(task.test.x))), {"k": k, "C": strength, "validation": loss, "cpu": spent}


def constant_loss(task: Task) -> float:
    """Return the loss on validation data of predicting frequencies: what a network that learnt something is below."""
    true = np.asarray(task.data.validation.y)
    frequency = np.asarray(task.data.train.y, dtype=float).reshape(len(task.data.train), -1).mean(axis=0)
    rows = np.tile(frequency, (len(true), 1))
    return _loss(true, rows if rows.shape[1] > 1 else np.hstack([1 - rows, rows]))


def _fit(features: Any, true: Numbers, strength: float) -> Any:
    """Return a function that gives probabilities of features: of both classes, or of every label."""
    several = true.ndim > 1 and true.shape[1] > 1
    columns = true.T if several else true.reshape(1, -1)
    models = [
        LogisticRegression(C=strength, solver="liblinear").fit(features, each) if len(set(each.tolist())) > 1 else None
        for each in columns
    ]

    def predict(rows: Any) -> Numbers:
        each = [np.zeros(rows.shape[0]) if one is None else one.predict_proba(rows)[:, 1] for one in models]
        return np.array(each).T if several else np.array([1 - each[0], each[0]]).T

    return predict


def _loss(true: Numbers, predicted: Numbers) -> float:
    """Return the mean cross-entropy."""
    several = true.ndim > 1 and true.shape[1] > 1
    positive = predicted if several else predicted[:, 1]
    chance = np.clip(positive, 1e-7, 1 - 1e-7)
    labels = true if several else true.reshape(-1)
    return float(-np.mean(np.where(labels == 1, np.log(chance), np.log(1 - chance))))


def _letters(one_hot: Any) -> list[str]:
    """Return sequences of one-hot ones; what is none of the four bases becomes an N, which makes k-mers of its own."""
    given = np.asarray(one_hot)
    codes = np.where(given.max(axis=-1) > 0, given.argmax(axis=-1), 4)
    return ["".join(row) for row in np.array(list("ACGTN"))[codes]]
