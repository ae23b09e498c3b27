"""All measures of one output on one split of the data, by task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from amber import weighted_measures as weighted
from amber.display import html_table
from amber.errors import DataError
from amber.evaluation import given
from amber.evaluation.bootstrap import Estimate, Resampling
from amber.evaluation.interval_plot import interval_plot
from amber.metric_names import measure_name
from amber.types import Array, JsonObject
from amber.weighted_measures import WeightedMeasure
from amber.wording import shortened, shown

Measures = dict[str, WeightedMeasure]


@dataclass(frozen=True)
class Evaluation:
    """The scores of one output's predictions.

    Attributes:
        scores: each measure with its interval.
        per_class: for classes or labels, by name, the measures of each against the rest.
        differences: for each baseline, how much better the model is in each measure (negative: worse; of losses and
            errors, positive is worse), with the interval of the difference on the same draws.
        baselines: the scores of each baseline.
        examples: number of examples.
        level: of all intervals.
        units: number of units drawn from for the intervals: examples, or groups.
    """

    scores: Mapping[str, Estimate]
    per_class: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    differences: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    examples: int = 0
    level: float = 0.95
    units: int = 0

    def __repr__(self) -> str:
        """Return the number of examples and each score with its interval, in one line."""
        scores = [f"{name} {each.value:.4g} ({each.low:.4g} to {each.high:.4g})" for name, each in self.scores.items()]
        return f"Evaluation({self.examples:,} examples: {shortened(', '.join(scores), 400)})"

    def _repr_html_(self) -> str:
        """Return the scores as a table and a plot for notebooks."""
        scores = self.scores.items()
        rows = [(measure_name(name), each.value, f"{each.low:.4f} to {each.high:.4f}") for name, each in scores]
        head = ("measure", "value", f"{self.level:.0%} interval")
        table = html_table(f"Scores on {self.examples:,} examples", head, rows)
        return table + interval_plot(self.scores, self.baselines)

    def to_dict(self) -> JsonObject:
        """Return a JSON-ready dictionary."""
        nested = {
            name: {each: _dicts(scores) for each, scores in getattr(self, name).items()}
            for name in ("per_class", "differences", "baselines")
        }
        counts = {"examples": self.examples, "level": self.level, "units": self.units}
        return {"scores": _dicts(self.scores), **nested, **counts}


def evaluate_classes(
    true: ArrayLike,
    probabilities: ArrayLike,
    classes: Sequence[str],
    *,
    resampling: Resampling | None = None,
    baselines: Mapping[str, ArrayLike] | None = None,
) -> Evaluation:
    """Evaluate predicted probabilities of classes; each example has one class.

    Args:
        true: class numbers, shape `(examples,)`.
        probabilities: of each class, shape `(examples, classes)`.
        classes: names, in the order of their numbers; at least two.
        resampling: how intervals are drawn; None: 1,000 draws of examples, 95 %.
        baselines: probabilities of other models, by name.

    Raises:
        DataError: shapes, names or a resampling that do not fit, class numbers without a class, or values that are not
            probabilities.
    """
    classes = given.names_of(classes, "classes")
    numbers = given.class_numbers(true, len(classes))
    shape = (len(numbers), len(classes))

    def measures_of(values: ArrayLike, what: str) -> Measures:
        return _class_measures(numbers, given.probabilities_of(values, shape, what))

    found = given.probabilities_of(probabilities, shape, "probabilities")
    each = {
        name: _against_rest(numbers == number, found[:, number], found.argmax(axis=1) == number)
        for number, name in enumerate(classes)
    }
    drawn = given.resampling_of(resampling, len(numbers))
    return _evaluated(measures_of, found, baselines, drawn, each)


def evaluate_labels(
    true: ArrayLike,
    probabilities: ArrayLike,
    labels: Sequence[str],
    *,
    resampling: Resampling | None = None,
    baselines: Mapping[str, ArrayLike] | None = None,
) -> Evaluation:
    """Evaluate predicted probabilities of labels; each example has any number of them.

    Args:
        true: 0, 1 or, where a label is missing, NaN; shape `(examples, labels)`. Missing labels are not counted.
        probabilities: of each label, of the same shape.
        labels: their names.
        resampling: how intervals are drawn; None: 1,000 draws of examples, 95 %.
        baselines: probabilities of other models, by name.

    Returns:
        Means over the labels for which a measure is defined, and each label's own.

    Raises:
        DataError: shapes, names or a resampling that do not fit, or other values.
    """
    labels = given.names_of(labels, "labels")
    values = given.numbers_of(true, "labels")
    if values.ndim != 2 or values.shape[1] != len(labels) or not np.isin(values[~np.isnan(values)], (0, 1)).all():
        raise DataError(
            f"Expected 0, 1 or NaN for each of {len(labels)} labels. Received: shape {values.shape}"
            + ("" if values.ndim != 2 or values.shape[1] != len(labels) else ", with other values")
        )

    def by_label(found: ArrayLike, what: str) -> dict[str, Measures]:
        predicted = given.probabilities_of(found, values.shape, what)
        return {name: _label_measures(values[:, k], predicted[:, k]) for k, name in enumerate(labels)}

    def measures_of(found: ArrayLike, what: str) -> Measures:
        return _means(by_label(found, what))

    drawn = given.resampling_of(resampling, len(values))
    return _evaluated(measures_of, probabilities, baselines, drawn, by_label(probabilities, "probabilities"))


def evaluate_numbers(
    true: ArrayLike,
    predicted: ArrayLike,
    *,
    resampling: Resampling | None = None,
    baselines: Mapping[str, ArrayLike] | None = None,
) -> Evaluation:
    """Evaluate predicted numbers.

    Args:
        true: shape `(examples,)`; NaN where a value is missing, which is not counted.
        predicted: of the same examples.
        resampling: how intervals are drawn; None: 1,000 draws of examples, 95 %.
        baselines: predictions of other models, by name.

    Raises:
        DataError: shapes that do not fit, no value at all, or values that are not finite.
    """
    values = given.known_numbers(true, "numbers").reshape(-1)
    known = ~np.isnan(values)
    if not known.any():
        raise DataError(f"Expected numbers. Received: {len(values)} missing values")

    def measures_of(predictions: ArrayLike, what: str) -> Measures:
        found = given.finite(given.numbers_of(predictions, what).reshape(-1), values.shape, what)
        return {name: _where(known, measure) for name, measure in _number_measures(values[known], found[known]).items()}

    return _evaluated(measures_of, predicted, baselines, given.resampling_of(resampling, len(values)), {})


def evaluate_several_numbers(
    true: ArrayLike,
    predicted: ArrayLike,
    columns: Mapping[str, slice],
    *,
    resampling: Resampling | None = None,
    baselines: Mapping[str, ArrayLike] | None = None,
) -> Evaluation:
    """Evaluate several predicted numbers of each example, or profiles.

    Args:
        true: shape `(examples, units)`; NaN where a value is missing, which is not counted.
        predicted: of the same shape.
        columns: name -> the units of a number, or of a signal in all its bins, which are evaluated together.
        resampling: how intervals are drawn, of whole examples; None: 1,000 draws, 95 %.
        baselines: predictions of other models, by name.

    Returns:
        Means over the numbers for which a measure is defined, and each one's own.

    Raises:
        DataError: shapes, columns or a resampling that do not fit, or values that are not finite.
    """
    values = given.known_numbers(true, "numbers")
    if values.ndim != 2:
        raise DataError(f"Expected numbers of shape (examples, units). Received: shape {values.shape}")
    columns = given.columns_of(columns, values.shape[1])

    def by_number(predictions: ArrayLike, what: str) -> dict[str, Measures]:
        found = given.finite(predictions, values.shape, what)
        return {name: _several_measures(values[:, each], found[:, each]) for name, each in columns.items()}

    def measures_of(predictions: ArrayLike, what: str) -> Measures:
        return _means(by_number(predictions, what))

    drawn = given.resampling_of(resampling, len(values))
    return _evaluated(measures_of, predicted, baselines, drawn, by_number(predicted, "predictions"))


def _several_measures(true: Array, predicted: Array) -> Measures:
    """Return the measures of the known ones of `(examples, bins)`; the weight of an example is that of each bin."""
    known = ~np.isnan(true)
    if not known.any():
        return dict.fromkeys(("r2", "pearson", "spearman", "mae"), weighted.mean_of(np.full(len(true), np.nan)))
    rows = np.nonzero(known)[0]
    return {name: _where(rows, measure) for name, measure in _number_measures(true[known], predicted[known]).items()}


def _evaluated(
    measures_of: Callable[[ArrayLike, str], Measures],
    predicted: ArrayLike,
    baselines: Mapping[str, ArrayLike] | None,
    resampling: Resampling,
    each: Mapping[str, Measures],
) -> Evaluation:
    others = {
        name: measures_of(values, f"predictions of the baseline {shown(name)}")
        for name, values in given.baselines_of(baselines).items()
    }
    ours = resampling.draw(measures_of(predicted, "predictions"))
    theirs = {name: resampling.draw(measures) for name, measures in others.items()}
    return Evaluation(
        scores=resampling.intervals(ours),
        per_class={name: resampling.intervals(resampling.draw(measures)) for name, measures in each.items()},
        differences={name: resampling.differences(ours, drawn) for name, drawn in theirs.items()},
        baselines={name: resampling.intervals(drawn) for name, drawn in theirs.items()},
        examples=resampling.examples,
        level=resampling.level,
        units=resampling.units,
    )


def _class_measures(true: Array, probabilities: Array) -> Measures:
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    ranked = range(1, 2) if classes == 2 else range(classes)
    curves = {number: (true == number, probabilities[:, number]) for number in ranked}
    return {
        "accuracy": weighted.accuracy(true, predicted),
        "auroc": weighted.mean_over([weighted.auroc(*curve) for curve in curves.values()]),
        "auprc": weighted.mean_over([weighted.auprc(*curve) for curve in curves.values()]),
        **weighted.confusion(true, predicted, classes),
        "log_loss": weighted.log_loss(true, probabilities),
        "calibration_error": weighted.calibration_error(true, probabilities),
    }


def _against_rest(true: Array, scores: Array, predicted: Array) -> Measures:
    measures = {"auroc": weighted.auroc(true, scores), "auprc": weighted.auprc(true, scores)}
    return {**measures, "mcc": weighted.confusion(true.astype(int), predicted.astype(int), 2)["mcc"]}


def _label_measures(true: Array, probabilities: Array) -> Measures:
    known = ~np.isnan(true)
    if not known.any():
        return dict.fromkeys(("auroc", "auprc", "mcc", "log_loss"), weighted.mean_of(np.full(len(true), np.nan)))
    numbers, found = true[known].astype(np.int64), probabilities[known]
    both = np.stack([1 - found, found], axis=1)
    measures = _against_rest(numbers == 1, found, found >= 0.5)
    return {
        name: _where(known, measure)
        for name, measure in {**measures, "log_loss": weighted.log_loss(numbers, both)}.items()
    }


def _number_measures(true: Array, predicted: Array) -> Measures:
    return {
        "r2": weighted.r2(true, predicted),
        "pearson": weighted.pearson(true, predicted),
        "spearman": weighted.spearman(true, predicted),
        "mae": weighted.mean_of(np.abs(true - predicted)),
    }


def _where(known: Array, measure: WeightedMeasure) -> WeightedMeasure:
    return lambda weights: measure(weights[..., known])


def _means(by_name: Mapping[str, Measures]) -> Measures:
    names = next(iter(by_name.values()))
    return {name: weighted.mean_over([measures[name] for measures in by_name.values()]) for name in names}


def _dicts(scores: Mapping[str, Estimate]) -> JsonObject:
    return {name: estimate.to_dict() for name, estimate in scores.items()}
