"""A trained model on labelled records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.cli.problem import INPUT
from amber.cli.results import AnyScore, NumberScore, Score
from amber.data import (
    Dataset,
    Split,
    Target,
    accuracy,
    logistic_regression_baseline,
    mean_absolute_error,
    per_class_accuracy,
    r2,
    ridge_baseline,
)
from amber.errors import DataError

if TYPE_CHECKING:
    import keras


def predictions(model: keras.Model, x: Any, where: str, batch_size: int = 256) -> list[Any]:
    """Returns what a model predicts, one array of shape `(records, units)` for each of its outputs.

    Args:
        model: the model.
        x: an array, or named blocks.
        where: what messages call the data.
        batch_size: records a step.

    Raises:
        DataError: blocks of other names, or records of another shape than the model takes.
    """
    blocks = x if isinstance(x, Mapping) else {INPUT: x}
    names = [tensor.name for tensor in model.inputs] if isinstance(x, Mapping) else [INPUT]
    if sorted(names) != sorted(blocks) or len(names) != len(model.inputs):
        takes = ", ".join(tensor.name for tensor in model.inputs)
        raise DataError(f"{where}: the model takes the inputs {takes}. Received: {', '.join(blocks)}")
    for tensor, name in zip(model.inputs, names, strict=True):
        expected, received = tuple(tensor.shape[1:]), tuple(blocks[name].shape[1:])
        fits = [size in (None, other) for size, other in zip(expected, received, strict=False)]
        if len(expected) != len(received) or not all(fits):
            what = "records" if len(blocks) == 1 else f"block {name!r}"
            raise DataError(
                f"{where}: the model takes {what} of shape {expected}. Received: records of shape {received}"
            )
    given = [blocks[name] for name in names]
    found = model.predict(given[0] if len(given) == 1 else given, batch_size=batch_size, verbose=0)
    return [np.asarray(each) for each in (found if isinstance(found, (list, tuple)) else [found])]


def score_model(model: keras.Model, part: Split, targets: Sequence[Target], where: str) -> dict[str, AnyScore]:
    """Returns the score of each output on one part of the data.

    Raises:
        DataError: as `predictions`, or a model with other outputs than there are targets.
    """
    found = predictions(model, part.x, where)
    if len(found) != len(targets):
        raise DataError(f"{where}: the model has {len(found)} outputs. Received: {len(targets)} targets")
    scores: dict[str, AnyScore] = {}
    for target, values in zip(targets, found, strict=True):
        true = part.y[target.name] if isinstance(part.y, Mapping) else part.y
        units = 1 if target.classes is None else len(target.classes)
        if values.shape[-1] != units:
            raise DataError(
                f"{where}: output {target.name!r} of the model has {values.shape[-1]} outputs. "
                f"Received: {units} {'classes' if target.classes else 'number'}"
            )
        scores[target.name] = _score(target, true, values)
    return scores


def score_baselines(
    dataset: Dataset, test: Split, seed: int, refit: bool = False
) -> dict[str, tuple[AnyScore, dict[str, float]]]:
    """Returns for each output the score of a linear model on all inputs, with how it was chosen.

    With `refit` the chosen one is fitted again to training and validation data, as the best network is then.
    """
    found: dict[str, tuple[AnyScore, dict[str, float]]] = {}
    for target in dataset.targets:
        if target.classes is None:
            ridge = ridge_baseline(dataset, test, target.name, refit=refit)
            chosen = {"alpha": ridge.alpha, "validation_r2": ridge.validation_r2}
            found[target.name] = NumberScore(ridge.r2, ridge.mae, ridge.n), chosen
            continue
        simple = logistic_regression_baseline(dataset, test, seed, target.name, refit=refit)
        chosen = {"C": simple.C, "validation_accuracy": simple.validation_accuracy}
        found[target.name] = Score(simple.accuracy, simple.per_class_accuracy, simple.n), chosen
    return found


def _score(target: Target, true: Any, values: Any) -> AnyScore:
    if target.classes is None:
        unit = target.scaling.scale[0] if target.scaling else 1.0
        return NumberScore(r2(true, values), mean_absolute_error(true, values) * unit, len(true))
    predicted = values.argmax(axis=-1)
    return Score(accuracy(true, predicted), per_class_accuracy(true, predicted, target.classes), len(true))
