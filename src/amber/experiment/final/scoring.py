"""Score a trained model on labelled examples, and a linear model beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.data import (
    ClassScore,
    Dataset,
    LabelScore,
    NumberScore,
    NumbersScore,
    Split,
    Target,
    logistic_regression_baseline,
    ridge_baseline,
)
from amber.data.baselines.kmers import KmerCounts
from amber.data.baselines.linear_models import Features, labels_baseline, numbers_baseline
from amber.data.baselines.streamed import features as side_by_side
from amber.data.dataset import INPUT
from amber.data.targets.target import by_class, known_labels, known_numbers
from amber.display import one_line
from amber.errors import DataError, RunFailed
from amber.evaluation import (
    Evaluation,
    Resampling,
    evaluate_classes,
    evaluate_labels,
    evaluate_numbers,
    evaluate_several_numbers,
)
from amber.evaluation.curves import class_curves, label_curves, number_points
from amber.types import Array, JsonObject

if TYPE_CHECKING:
    import keras

    from amber.experiment.final.tables import AnyScore

BASELINES = {"logistic_regression": "logistic regression", "ridge_regression": "ridge regression"}
ALWAYS_MAJORITY, ALWAYS_MEAN = "always the most frequent class", "always the mean"
Baselines = Mapping[str, Mapping[str, Array]]
"""Output -> name of a simple model -> its predictions, `(examples, units)`."""

_OF_LENGTH = " (length x channels): cut or pad the sequences to that length"
# Draws of the bootstrap; of many examples fewer, as each takes longer and their intervals are narrow.
_DRAWS, _FEWER_DRAWS, _MANY_EXAMPLES = 1000, 200, 20_000
_DRAWS_OF_LABELS, _DRAWS_OF_CLASSES, _LEAST_DRAWS = 2000, 20_000, 50
# Intervals from draws of fewer groups would say little.
_FEWEST_GROUPS = 10


@dataclass(frozen=True)
class Scored:
    """A model, scored on one part of the data.

    Attributes:
        scores: by output.
        predictions: by output, each of shape `(n, units)`; of classes a probability for each.
        chosen: by output, how a linear model was chosen; empty for a network.
    """

    scores: Mapping[str, AnyScore]
    predictions: Mapping[str, Any]
    chosen: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    __repr__ = one_line


def baseline_key(score: AnyScore) -> str:
    """Return the key of `test.json` for the linear model of an output."""
    return "logistic_regression" if isinstance(score, ClassScore) else "ridge_regression"


def predictions(model: keras.Model, x: Any, where: str, batch_size: int = 256) -> list[Any]:
    """Return what a model predicts, one array of shape `(examples, units)` for each of its outputs.

    Args:
        model: the model.
        x: an array, or named blocks.
        where: what messages call the data.
        batch_size: examples a step.

    Raises:
        DataError: blocks of other names, or examples of another shape than the model takes.
    """
    names = check_inputs({tensor.name: tuple(tensor.shape[1:]) for tensor in model.inputs}, x, where)
    blocks = x if isinstance(x, Mapping) else {INPUT: x}
    given = [blocks[name] for name in names]
    # Loads Keras, which a model has loaded by now.
    from amber.backend.batch_order import predict

    found = predict(model, given[0] if len(given) == 1 else given, batch_size)
    return [np.asarray(each) for each in (found if isinstance(found, (list, tuple)) else [found])]


def check_inputs(expected: Mapping[str, tuple[int | None, ...]], x: Any, where: str) -> list[str]:
    """Check that examples are what a model reads.

    Args:
        expected: shape of each input of the model by name, in its order, without batch.
        x: an array, or named blocks.
        where: what messages call the data.

    Returns:
        The names of the blocks in the order of the inputs.

    Raises:
        DataError: blocks of other names, or examples of another shape.
    """
    blocks = x if isinstance(x, Mapping) else {INPUT: x}
    names = list(expected) if isinstance(x, Mapping) else [INPUT]
    if sorted(names) != sorted(blocks) or len(names) != len(expected):
        raise DataError(f"{where}: the model takes the inputs {', '.join(expected)}. Received: {', '.join(blocks)}")
    for wanted, name in zip(expected.values(), names, strict=True):
        received = tuple(blocks[name].shape[1:])
        fits = [size in (None, other) for size, other in zip(wanted, received, strict=False)]
        if len(wanted) != len(received) or not all(fits):
            what = "examples" if len(blocks) == 1 else f"block {name!r}"
            hint = _OF_LENGTH if len(wanted) == len(received) == 2 and wanted[1:] == received[1:] else ""
            raise DataError(
                f"{where}: the model takes {what} of shape {wanted}{hint}. Received: examples of shape {received}"
            )
    return names


def score_model(model: keras.Model, part: Split, targets: Sequence[Target], where: str) -> Scored:
    """Score each output on one part of the data.

    Raises:
        DataError: as `predictions`, or a model with other outputs than there are targets.
        RunFailed: the model predicts what is not a finite number.
    """
    found = predictions(model, part.x, where)
    if len(found) != len(targets):
        raise DataError(f"{where}: the model has {len(found)} outputs. Received: {len(targets)} targets")
    found = [by_class(target.outcome, values) for target, values in zip(targets, found, strict=True)]
    scores: dict[str, AnyScore] = {}
    for target, values in zip(targets, found, strict=True):
        true = part.values_of(target.name)
        if values.shape[-1] != target.units:
            what = "labels" if target.labels else "classes" if target.classes else "numbers"
            raise DataError(
                f"{where}: output {target.name!r} of the model has {values.shape[-1]} outputs. "
                f"Received: {target.units} {what}"
            )
        if not np.isfinite(values).all():
            raise RunFailed(
                f"{where}: output {target.name!r} must be finite numbers. Received: {values[~np.isfinite(values)][0]} "
                "(a lower training.learning_rate may help)"
            )
        scores[target.name] = _score(target, true, values)
    return Scored(scores, {target.name: values for target, values in zip(targets, found, strict=True)})


def score_baselines(
    dataset: Dataset, test: Split, seed: int, refit: bool = False, counts: KmerCounts | None = None
) -> Scored:
    """Score a linear model of each output on all inputs.

    Args:
        dataset: training and validation data.
        test: what is scored.
        seed: of the solver.
        refit: whether the chosen one is fitted again to training and validation data, as the best network is then.
        counts: of k-mers, which stand for the sequences then.
    """
    weighed: Features = side_by_side if counts is None else counts
    scores: dict[str, AnyScore] = {}
    predicted: dict[str, Any] = {}
    chosen: dict[str, dict[str, float]] = {}
    for target in dataset.targets:
        name = target.name
        if target.labels is not None:
            of_labels = labels_baseline(dataset, test, name, refit=refit, features=weighed)
            scores[name], predicted[name] = of_labels.score, of_labels.predictions
            chosen[name] = {"alpha": of_labels.alpha, "validation_error": of_labels.validation_error}
            continue
        if target.numbers is not None:
            of_numbers = numbers_baseline(dataset, test, name, refit=refit, features=weighed)
            scores[name], predicted[name] = of_numbers.score, of_numbers.predictions
            chosen[name] = {"alpha": of_numbers.alpha, "validation_error": of_numbers.validation_error}
            continue
        if target.classes is None:
            ridge = ridge_baseline(dataset, test, name, refit=refit, features=weighed)
            scores[name], predicted[name] = ridge.score, ridge.predictions
            chosen[name] = {"alpha": ridge.alpha, "validation_r2": ridge.validation_r2}
            continue
        logistic = logistic_regression_baseline(dataset, test, seed, name, refit=refit, features=weighed)
        scores[name], predicted[name] = logistic.score, logistic.predictions
        chosen[name] = {"C": logistic.C, "validation_accuracy": logistic.validation_accuracy}
    return Scored(scores, predicted, chosen)


def other_baselines(dataset: Dataset, test: Split, seed: int, refit: bool = False) -> Baselines:
    """Return what other simple models predict: a linear model of k-mers, and what is always the same.

    Args:
        dataset: training and validation data.
        test: what is predicted.
        seed: of the solver.
        refit: whether the linear model is fitted again to training and validation data.

    Returns:
        Output -> name of the model -> its predictions, `(examples, units)`.
    """
    found: dict[str, dict[str, Array]] = {target.name: {} for target in dataset.targets}
    counts = KmerCounts.of(dataset)
    if counts is not None:
        linear = score_baselines(dataset, test, seed, refit, counts)
        for name, values in linear.predictions.items():
            found[name][f"{BASELINES[baseline_key(linear.scores[name])]} on {counts.name}"] = values
    for target in dataset.targets:
        always = _mean_of(target, dataset.train.values_of(target.name))
        words = ALWAYS_MAJORITY if target.classes is not None else ALWAYS_MEAN
        found[target.name][words] = np.broadcast_to(always, (len(test), target.units))
    return found


def _mean_of(target: Target, train: Array) -> Array:
    """Return the shares of classes or labels, or the means of numbers, `(units,)`."""
    if target.classes is not None:
        return np.bincount(train, minlength=len(target.classes)) / len(train)
    if target.labels is not None:
        train = known_labels(train)
    elif target.numbers is not None:
        train = known_numbers(train)
    known = ~np.isnan(train)
    means: Array = np.where(known, train, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.reshape(means, -1)


def _score(target: Target, true: Array, values: Array) -> AnyScore:
    if target.labels is not None:
        return LabelScore.of(known_labels(true), values, target.labels.names)
    if target.numbers is not None:
        return NumbersScore.of(target.in_units(known_numbers(true)), target.in_units(values), target.numbers)
    if target.classes is None:
        return NumberScore.of(true, values, target.scaling.scale[0] if target.scaling else 1.0)
    return ClassScore.of(true, values, target.classes)


def curves_of(target: Target, part: Split, model: Scored) -> JsonObject:
    """Return the points of the plots of one output, JSON-ready; see `amber.evaluation.curves`."""
    true, values = part.values_of(target.name), model.predictions[target.name]
    if target.labels is not None:
        return label_curves(known_labels(true), values, target.labels.names)
    if target.classes is not None:
        return class_curves(true, values, target.classes)
    if target.numbers is not None:
        return number_points(target.in_units(known_numbers(true)), target.in_units(values))
    if target.scaling is not None:
        true, values = (target.scaling.invert(np.reshape(each, (-1, 1))) for each in (true, values))
    return number_points(true, values)


def _most_draws(target: Target) -> int:
    """Return how many draws are worth their time, as each scores every class, label, number or bin."""
    several = target.labels or target.numbers
    if several is not None:
        return _DRAWS_OF_LABELS // len(several.names)
    return _DRAWS_OF_CLASSES // len(target.classes) if target.classes else _DRAWS


def evaluated(
    target: Target,
    part: Split,
    model: Scored,
    baseline: Scored | None,
    further: Mapping[str, Array] | None = None,
    seed: int = 0,
) -> Evaluation:
    """Return all measures of one output with their intervals, and how far those of baselines are below them.

    Whole groups of examples are drawn for the intervals, where there are ten of them or more.

    Args:
        target: the output.
        part: the data that both were scored on.
        model: the model.
        baseline: the linear model; None where there is none to compare with.
        further: predictions of other simple models, by name.
        seed: of the draws.
    """
    true, values = part.values_of(target.name), model.predictions[target.name]
    others: dict[str, Any] = {}
    if baseline is not None:
        others = {BASELINES[baseline_key(baseline.scores[target.name])]: baseline.predictions[target.name]}
    others |= further or {}
    draws = _DRAWS if len(true) <= _MANY_EXAMPLES else _FEWER_DRAWS
    draws = max(_LEAST_DRAWS, min(draws, _most_draws(target)))
    has_groups = part.groups is not None and len(np.unique(part.groups)) >= _FEWEST_GROUPS
    resampling = Resampling(len(true), part.groups if has_groups else None, draws=draws, seed=seed)
    if target.labels is not None:
        return evaluate_labels(known_labels(true), values, target.labels.names, resampling=resampling, baselines=others)
    if target.classes is not None:
        return evaluate_classes(true, values, target.classes, resampling=resampling, baselines=others)
    if target.numbers is not None:
        return evaluate_several_numbers(
            target.in_units(known_numbers(true)),
            target.in_units(values),
            {each: target.numbers.of_channel(place) for place, each in enumerate(target.numbers.channels)},
            resampling=resampling,
            baselines={name: target.in_units(np.asarray(each)) for name, each in others.items()},
        )
    unit = target.scaling.scale[0] if target.scaling else 1.0
    in_units = {name: unit * np.asarray(each) for name, each in others.items()}
    return evaluate_numbers(unit * true, unit * values, resampling=resampling, baselines=in_units)
