"""How well one output was predicted on one part of the data: all measures of it together.

What may be changed here: which measures belong together; `amber.measures` defines each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from amber import measures
from amber.data.targets.target import Numbers
from amber.display import one_line
from amber.errors import DataError
from amber.types import Array


@dataclass(frozen=True)
class ClassScore:
    """How well classes were predicted.

    Of two classes, `auroc` and `auprc` are those of the second; of more, the mean over the classes, each against the
    rest. What is undefined is NaN: AUROC, AUPRC and MCC where all examples have one class.

    Attributes:
        accuracy: fraction of examples whose class was predicted.
        auroc: area under the receiver operating characteristic.
        auprc: average precision, the area under the precision-recall curve in steps.
        mcc: Matthews correlation coefficient.
        per_class_accuracy: of each class, the fraction of its examples that were predicted as such (recall).
        per_class_auroc: of each class against the rest.
        per_class_auprc: likewise.
        per_class_mcc: likewise.
        per_class_records: examples of each class.
        per_class_predictions: how many examples were predicted as each class.
        n: number of examples.
    """

    accuracy: float
    auroc: float
    auprc: float
    mcc: float
    per_class_accuracy: Mapping[str, float]
    per_class_auroc: Mapping[str, float]
    per_class_auprc: Mapping[str, float]
    per_class_mcc: Mapping[str, float]
    per_class_records: Mapping[str, int]
    per_class_predictions: Mapping[str, int]
    n: int
    __repr__ = one_line

    @classmethod
    def of(cls, y_true: ArrayLike, probabilities: ArrayLike, classes: Sequence[str]) -> ClassScore:
        """Score predicted probabilities.

        Args:
            y_true: class numbers, shape `(n,)` or `(n, 1)`.
            probabilities: of each class, shape `(n, classes)`; only their order within an example and within a class
                matters.
            classes: names of the classes in the order of their numbers.

        Raises:
            DataError: no examples, other shapes, or a class number without a class.
        """
        true, columns = np.asarray(y_true), np.asarray(probabilities)
        if columns.shape != (len(true), len(classes)) or true.size != len(true):
            raise DataError(
                f"Expected one class number and {len(classes)} probabilities for each example. "
                f"Received: shapes {true.shape} and {columns.shape}"
            )
        true = true.reshape(-1)
        predicted = columns.argmax(axis=1)
        recall = measures.per_class_accuracy(true, predicted, classes)
        each = {
            name: [measure(true == number, columns[:, number]) for number in range(len(classes))]
            for name, measure in (("auroc", measures.auroc), ("auprc", measures.auprc))
        }
        against_rest = [
            measures.mcc((true == number).astype(int), (predicted == number).astype(int))
            for number in range(len(classes))
        ]
        return cls(
            accuracy=measures.accuracy(true, predicted),
            auroc=_of_all(each["auroc"]),
            auprc=_of_all(each["auprc"]),
            mcc=measures.mcc(true, predicted),
            per_class_accuracy=recall,
            per_class_auroc=dict(zip(classes, each["auroc"], strict=True)),
            per_class_auprc=dict(zip(classes, each["auprc"], strict=True)),
            per_class_mcc=dict(zip(classes, against_rest, strict=True)),
            per_class_records=_counts(true, classes),
            per_class_predictions=_counts(predicted, classes),
            n=len(true),
        )

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary; NaN becomes None, and `n` is called `records`."""
        return _to_dict(self)


@dataclass(frozen=True)
class NumberScore:
    """How well a number was predicted.

    Attributes:
        r2: coefficient of determination; NaN where all true values are equal, as `pearson` and `spearman`.
        pearson: linear correlation.
        spearman: correlation of the ranks.
        mae: mean absolute error, in the unit of the data.
        n: number of examples.
    """

    r2: float
    pearson: float
    spearman: float
    mae: float
    n: int

    @classmethod
    def of(cls, y_true: ArrayLike, y_pred: ArrayLike, unit: float = 1.0) -> NumberScore:
        """Score predicted numbers.

        Args:
            y_true: numbers, shape `(n,)` or `(n, 1)`.
            y_pred: predicted numbers, of as many examples.
            unit: what one of them is in the unit of the data; for standardised targets their standard deviation.

        Raises:
            DataError: no examples, or other shapes.
        """
        return cls(
            r2=measures.r2(y_true, y_pred),
            pearson=measures.pearson(y_true, y_pred),
            spearman=measures.spearman(y_true, y_pred),
            mae=measures.mean_absolute_error(y_true, y_pred) * unit,
            n=len(np.asarray(y_true)),
        )

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary; NaN becomes None, and `n` is called `records`."""
        return _to_dict(self)


@dataclass(frozen=True)
class LabelScore:
    """How well labels were predicted, of which each example has any number: means over those that can be scored.

    Attributes:
        auroc: area under the receiver operating characteristic; NaN where no label has examples of both kinds.
        auprc: average precision.
        mcc: Matthews correlation coefficient, at a probability of a half.
        per_label_auroc: of each label.
        per_label_auprc: likewise.
        n: number of examples.
    """

    auroc: float
    auprc: float
    mcc: float
    per_label_auroc: Mapping[str, float]
    per_label_auprc: Mapping[str, float]
    n: int
    __repr__ = one_line

    @classmethod
    def of(cls, y_true: ArrayLike, probabilities: ArrayLike, labels: Sequence[str]) -> LabelScore:
        """Score predicted probabilities.

        Args:
            y_true: 0, 1, or NaN where a label is not known, shape `(n, labels)`.
            probabilities: of the same shape.
            labels: their names.

        Raises:
            DataError: other shapes.
        """
        true, found = np.asarray(y_true, dtype=np.float64), np.asarray(probabilities)
        if true.shape != found.shape or true.shape != (len(true), len(labels)):
            raise DataError(
                f"Expected {len(labels)} labels and probabilities for each example. "
                f"Received: shapes {true.shape} and {found.shape}"
            )
        each: dict[str, list[float]] = {"auroc": [], "auprc": [], "mcc": []}
        for column in range(len(labels)):
            known = ~np.isnan(true[:, column])
            present, scores = true[known, column] == 1, found[known, column]
            both = known.any()
            each["auroc"].append(measures.auroc(present, scores) if both else math.nan)
            each["auprc"].append(measures.auprc(present, scores) if both else math.nan)
            hard = (scores >= 0.5).astype(int)
            each["mcc"].append(measures.mcc(present.astype(int), hard) if both else math.nan)
        return cls(
            auroc=_mean_of_known(each["auroc"]),
            auprc=_mean_of_known(each["auprc"]),
            mcc=_mean_of_known(each["mcc"]),
            per_label_auroc=dict(zip(labels, each["auroc"], strict=True)),
            per_label_auprc=dict(zip(labels, each["auprc"], strict=True)),
            n=len(true),
        )

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary; NaN becomes None, and `n` is called `records`."""
        return _to_dict(self)


@dataclass(frozen=True)
class NumbersScore:
    """How well several numbers, or a profile, were predicted: means over the numbers, or over the signals of a profile.

    The values of a signal are those of all its bins in all examples.

    Attributes:
        r2: coefficient of determination; NaN where no number has different true values.
        pearson: linear correlation.
        spearman: correlation of the ranks.
        mae: mean absolute error, each number in its own unit.
        per_number_r2: of each number or signal.
        per_number_pearson: likewise.
        n: number of examples.
    """

    r2: float
    pearson: float
    spearman: float
    mae: float
    per_number_r2: Mapping[str, float]
    per_number_pearson: Mapping[str, float]
    n: int
    __repr__ = one_line

    @classmethod
    def of(cls, y_true: ArrayLike, y_pred: ArrayLike, numbers: Numbers) -> NumbersScore:
        """Score predicted numbers.

        Args:
            y_true: in the unit of the data, NaN where one is not known, shape `(n, units)`.
            y_pred: of the same shape.
            numbers: what they are.

        Raises:
            DataError: other shapes.
        """
        true, found = np.asarray(y_true, dtype=np.float64), np.asarray(y_pred, dtype=np.float64)
        if true.shape != found.shape or true.shape != (len(true), numbers.units):
            raise DataError(
                f"Expected {numbers.units} numbers for each example. Received: shapes {true.shape} and {found.shape}"
            )
        each: dict[str, list[float]] = {name: [] for name in _OF_NUMBERS}
        for place in range(len(numbers.channels)):
            columns = numbers.of_channel(place)
            values, predicted = true[:, columns].reshape(-1), found[:, columns].reshape(-1)
            known = ~np.isnan(values)
            for name, measure in _OF_NUMBERS.items():
                each[name].append(float(measure(values[known], predicted[known])) if known.any() else math.nan)
        return cls(
            **{name: _mean_of_known(values) for name, values in each.items()},
            per_number_r2=dict(zip(numbers.channels, each["r2"], strict=True)),
            per_number_pearson=dict(zip(numbers.channels, each["pearson"], strict=True)),
            n=len(true),
        )

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary; NaN becomes None, and `n` is called `records`."""
        return _to_dict(self)


_OF_NUMBERS = {
    "r2": measures.r2,
    "pearson": measures.pearson,
    "spearman": measures.spearman,
    "mae": measures.mean_absolute_error,
}
Score = ClassScore | NumberScore | LabelScore | NumbersScore


def _mean_of_known(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _of_all(values: Sequence[float]) -> float:
    """Return that of the second of two classes, or the mean over more where it is defined."""
    if len(values) == 2:
        return values[1]
    defined = [value for value in values if not math.isnan(value)]
    return sum(defined) / len(defined) if defined else float("nan")


def _counts(numbers: Array, classes: Sequence[str]) -> dict[str, int]:
    counted = np.bincount(numbers, minlength=len(classes))
    return {name: int(count) for name, count in zip(classes, counted, strict=True)}


def _to_dict(score: Score) -> dict[str, object]:
    named = {("records" if each.name == "n" else each.name): getattr(score, each.name) for each in fields(score)}
    return {name: _json_ready(value) for name, value in named.items()}


def _json_ready(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _json_ready(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
