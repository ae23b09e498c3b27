"""Which of Keras's metrics and losses fit a task, and those that fit once class numbers are one-hot.

A task is classes, whose targets are class numbers and whose output is a softmax, or of two classes a sigmoid, or a
number.
"""

from __future__ import annotations

from typing import Any

import keras

from amber.known_names import METRICS
from amber.metric_names import (
    METRICS_OF_KNOWN_NUMBERS,
    OF_ONE_HOT,
    OF_TWO_CLASSES,
    PAIR,
    check_metric,
    fitting_metrics,
    plain_name,
)
from amber.modeler.masked_loss import LEAST_KNOWN_LABEL, LEAST_KNOWN_NUMBER
from amber.types import Tensor


def metric_for(name: str, classes: int | None) -> keras.metrics.Metric | str:
    """Return what `compile(metrics=[...])` is to be given for a metric, so that it works on this task.

    Args:
        name: of one of Keras's metrics.
        classes: how many there are; None for a number.

    Returns:
        The name itself, or a metric of that name which turns class numbers into one-hot columns. Of two classes,
        metrics such as `precision` and `auc` are those of the second.

    Raises:
        ConfigError: Keras does not know the name, or the metric does not fit; lists those that do.
    """
    check_metric(name, classes)
    known = plain_name(name)
    own = {plain_name(each): each for each in (*OF_ONE_HOT, *OF_TWO_CLASSES, "top_k_categorical_accuracy")}
    if classes == PAIR:  # what takes class numbers of a softmax has no second column where there is a sigmoid
        own |= {plain_name(f"sparse_{each}"): each for each in ("categorical_accuracy", "categorical_crossentropy")}
    if classes is None or known not in own:
        # A name that Keras does not know, such as `rmse`, becomes the one that it does.
        if name in METRICS or known == "accuracy":
            return name
        return next(each for each in fitting_metrics(classes) if plain_name(each) == known)
    return OnClassNumbers(own[known], classes, name=name)


def metric_of_labels(name: str, labels: int, missing: bool = False) -> keras.metrics.Metric:
    """Return a metric of labels: `auc` (the mean over labels) or `binary_accuracy`; `missing`: of the known ones."""
    if missing:
        return OfKnownTargets(name, LEAST_KNOWN_LABEL, labels if name == "auc" else 1, name=name)
    if name == "auc":
        several = {"multi_label": True, "num_labels": labels} if labels > 1 else {}
        return keras.metrics.AUC(**several, name=name)
    return keras.metrics.BinaryAccuracy(name=name)


def metric_of_known_numbers(name: str) -> keras.metrics.Metric:
    """Return a metric of the numbers that are known, such as `mae`."""
    known = next(each for each in METRICS_OF_KNOWN_NUMBERS if plain_name(each) == plain_name(name))
    return OfKnownTargets(known, LEAST_KNOWN_NUMBER, name=name)


@keras.saving.register_keras_serializable("amber")
class OnClassNumbers(keras.metrics.Metric):
    """A metric of one-hot targets that takes class numbers.

    Args:
        metric: its name in Keras.
        classes: how many there are.
        name: under which it is reported.
        dtype: of Keras.
    """

    def __init__(self, metric: str, classes: int, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(name=name or metric, dtype=dtype)
        self.kind, self.classes = metric, classes
        self._second_only = classes == PAIR and metric in OF_TWO_CLASSES
        options = OF_TWO_CLASSES[metric] if self._second_only else OF_ONE_HOT.get(metric, {})
        if options.get("multi_label"):
            options = {**options, "num_labels": classes}
        self.metric = type(keras.metrics.get(metric))(**options, dtype=dtype)

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Add a batch of class numbers, shape `(n,)` or `(n, 1)`, and probabilities.

        Args:
            y_true: class numbers.
            y_pred: shape `(n, classes)`, or of two classes `(n, 1)`, that of the second.
            sample_weight: of each example.
        """
        numbers = keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32")
        labels = keras.ops.one_hot(numbers, self.classes, dtype=y_pred.dtype)
        if self._second_only:
            labels, y_pred = labels[:, 1:], y_pred[:, -1:]
        elif self.classes == PAIR and y_pred.shape[-1] == 1:
            y_pred = keras.ops.concatenate([1 - y_pred, y_pred], axis=-1)
        self.metric.update_state(labels, y_pred, sample_weight)

    def result(self) -> Any:
        """Return the value so far."""
        return self.metric.result()

    def reset_state(self) -> None:
        """Forget all batches."""
        self.metric.reset_state()

    def get_config(self) -> dict[str, object]:
        """Return what the metric is made of again."""
        return {"metric": self.kind, "classes": self.classes, "name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable("amber")
class OfKnownTargets(keras.metrics.Metric):
    """A metric of the targets that are known; the others count nowhere.

    Args:
        metric: its name in Keras.
        least: targets below it are not known.
        labels: of how many columns it is the mean; 1: all columns are one.
        name: under which it is reported.
        dtype: of Keras.
    """

    def __init__(
        self, metric: str, least: float, labels: int = 1, name: str | None = None, dtype: str | None = None
    ) -> None:
        super().__init__(name=name or metric, dtype=dtype)
        self.kind, self.least, self.labels = metric, least, labels
        options = {"multi_label": True, "num_labels": labels} if labels > 1 else {}
        self.metric = type(keras.metrics.get(metric))(**options, dtype=dtype)

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Add a batch of targets and predictions, shape `(n, columns)`, and weights of the examples."""
        is_known = y_true > self.least
        weights = keras.ops.cast(is_known, y_pred.dtype)
        if sample_weight is not None:
            weights = weights * keras.ops.reshape(keras.ops.cast(sample_weight, y_pred.dtype), (-1, 1))
        true = keras.ops.where(is_known, y_true, keras.ops.zeros_like(y_true))
        if self.labels == 1:
            true, y_pred = keras.ops.reshape(true, (-1, 1)), keras.ops.reshape(y_pred, (-1, 1))
            weights = keras.ops.reshape(weights, (-1,))
        self.metric.update_state(true, y_pred, weights)

    def result(self) -> Any:
        """Return the value so far."""
        return self.metric.result()

    def reset_state(self) -> None:
        """Forget all batches."""
        self.metric.reset_state()

    def get_config(self) -> dict[str, object]:
        """Return what the metric is made of again."""
        return {
            "metric": self.kind,
            "least": self.least,
            "labels": self.labels,
            "name": self.name,
            "dtype": self.dtype,
        }


_OWN = (OnClassNumbers, OfKnownTargets)


def stock_metrics(metrics: Any) -> Any:
    """Return compiled metrics without those of this module, so that what is saved loads without AMBER."""
    if isinstance(metrics, dict):
        return {name: stock_metrics(each) for name, each in metrics.items()}
    return [each for each in metrics if not isinstance(each, _OWN)]


def has_own_metrics(metrics: Any) -> bool:
    """Say whether any of compiled metrics is of this module."""
    each = metrics.values() if isinstance(metrics, dict) else [metrics]
    return any(isinstance(metric, _OWN) for listed in each for metric in listed)
