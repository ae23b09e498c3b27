"""Which of Keras's metrics and losses fit a task, and those that fit once class numbers are one-hot.

A task is classes, whose targets are class numbers and whose output is a softmax, or a number.
"""

from __future__ import annotations

from typing import Any

import keras

from amber.errors import ConfigError
from amber.metric_names import plain_name

# `accuracy` finds out what it is given. These take class numbers as they are.
_OF_CLASS_NUMBERS = ("sparse_categorical_accuracy", "sparse_categorical_crossentropy")
# Of several classes: a column for each class. What they are made with, so that there is one number for all classes.
_OF_ONE_HOT: dict[str, dict[str, Any]] = {
    "auc": {"multi_label": True},
    "f1_score": {"average": "macro"},
    "f_beta_score": {"average": "macro"},
    "categorical_accuracy": {},
    "categorical_crossentropy": {},
    "categorical_hinge": {},
    "kl_divergence": {},
}
# Of two classes: the second class against the first.
_OF_TWO_CLASSES: dict[str, dict[str, Any]] = {
    "auc": {},
    "binary_accuracy": {},
    "binary_crossentropy": {},
    "f1_score": {"average": "macro", "threshold": 0.5},
    "f_beta_score": {"average": "macro", "threshold": 0.5},
    "false_negatives": {},
    "false_positives": {},
    "precision": {},
    "recall": {},
    "true_negatives": {},
    "true_positives": {},
}
# Of more than this many classes: whether the right one is among the five most probable.
_TOP_K = 5
_OF_MANY_CLASSES = ("sparse_top_k_categorical_accuracy", "top_k_categorical_accuracy")
_OF_A_NUMBER = (
    "log_cosh_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "r2_score",
    "root_mean_squared_error",
)
_LOSSES_OF_CLASSES = ("sparse_categorical_crossentropy",)
_LOSSES_OF_A_NUMBER = (
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
)


def metric_for(name: str, classes: int | None) -> Any:
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
    known = plain_name(name)
    fitting = fitting_metrics(classes)
    if known not in {plain_name(each) for each in fitting}:
        raise ConfigError(
            f"expected a Keras metric that fits {_task(classes)}: {', '.join(fitting)}.{_hint(known, classes)} "
            f"Received: {name!r}"
        )
    own = {plain_name(each): each for each in (*_OF_ONE_HOT, *_OF_TWO_CLASSES, "top_k_categorical_accuracy")}
    if classes is None or known not in own:
        # A name that Keras does not know, such as `rmse`, becomes the one that it does.
        return name if _is_known(name) else next(each for each in fitting if plain_name(each) == known)
    return OnClassNumbers(own[known], classes, name=name)


def check_loss(name: str, classes: int | None) -> None:
    """Raise ConfigError where a loss does not fit a task, or Keras does not know it; lists those that do.

    Args:
        name: of one of Keras's losses.
        classes: how many there are; None for a number.
    """
    fitting = _LOSSES_OF_A_NUMBER if classes is None else _LOSSES_OF_CLASSES
    known = plain_name(name).removesuffix("error")
    if known not in {plain_name(each).removesuffix("error") for each in fitting} or not _is_loss(name):
        labels = "" if classes is None else ", whose labels are class numbers"
        raise ConfigError(
            f"expected the name of a Keras loss that fits {_task(classes)}{labels}: {', '.join(fitting)}. "
            f"Received: {name!r}"
        )


def fitting_metrics(classes: int | None) -> list[str]:
    """Return the names of Keras's metrics that fit a task, as Keras writes them."""
    if classes is None:
        return sorted(_OF_A_NUMBER)
    of_two = _OF_TWO_CLASSES if classes == 2 else ()
    of_many = _OF_MANY_CLASSES if classes > _TOP_K else ()
    return ["accuracy", *sorted({*_OF_CLASS_NUMBERS, *_OF_ONE_HOT, *of_two, *of_many})]


@keras.saving.register_keras_serializable("amber")
class OnClassNumbers(keras.metrics.Metric):
    """A metric of one-hot targets that takes class numbers.

    Args:
        metric: its name in Keras.
        classes: how many there are.
        name: under which it is reported.
        dtype: of Keras.
    """

    def __init__(self, metric: str, classes: int, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name or metric, dtype=dtype)
        self.kind, self.classes = metric, classes
        self._second_only = classes == 2 and metric in _OF_TWO_CLASSES
        options = _OF_TWO_CLASSES[metric] if self._second_only else _OF_ONE_HOT.get(metric, {})
        if options.get("multi_label"):
            options = {**options, "num_labels": classes}
        self.metric = type(keras.metrics.get(metric))(**options, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch of class numbers, shape `(n,)` or `(n, 1)`, and probabilities, shape `(n, classes)`."""
        numbers = keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32")
        labels = keras.ops.one_hot(numbers, self.classes, dtype=y_pred.dtype)
        if self._second_only:
            labels, y_pred = labels[:, 1:], y_pred[:, 1:]
        self.metric.update_state(labels, y_pred, sample_weight)

    def result(self) -> Any:
        """Return the value so far."""
        return self.metric.result()

    def reset_state(self) -> None:
        """Forget all batches."""
        self.metric.reset_state()

    def get_config(self) -> dict[str, Any]:
        """Return what the metric is made of again."""
        return {"metric": self.kind, "classes": self.classes, "name": self.name, "dtype": self.dtype}


def stock_metrics(metrics: Any) -> Any:
    """Return compiled metrics without those of this module, so that what is saved loads without AMBER."""
    if isinstance(metrics, dict):
        return {name: stock_metrics(each) for name, each in metrics.items()}
    return [each for each in metrics if not isinstance(each, OnClassNumbers)]


def has_own_metrics(metrics: Any) -> bool:
    """Say whether any of compiled metrics is of this module."""
    each = metrics.values() if isinstance(metrics, dict) else [metrics]
    return any(isinstance(metric, OnClassNumbers) for listed in each for metric in listed)


def _task(classes: int | None) -> str:
    return "a number" if classes is None else f"{classes} classes"


def _hint(name: str, classes: int | None) -> str:
    """Return which reward could be meant."""
    rewards = ("pearson", "spearman") if classes is None else ("auroc", "auprc", "mcc")
    reward = name.removesuffix("correlation")
    if reward not in rewards:
        return ""
    return f" `search.reward: {reward}` compares networks by it, and it is reported at the test in any case."


def _is_known(name: str) -> bool:
    if name.lower() in ("accuracy", "acc"):
        return True
    try:
        keras.metrics.get(name)
    except (ValueError, TypeError):
        return False
    return True


def _is_loss(name: str) -> bool:
    try:
        keras.losses.get(name)
    except ValueError:
        return False
    return True
