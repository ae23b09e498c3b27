"""Names of Keras's metrics and losses (which mean the same, fit a task, are better when less) and of our measures.

A task is classes, whose targets are class numbers and whose output is a softmax, or of two classes a sigmoid, or a
number.
"""

from __future__ import annotations

from typing import Any

from amber.errors import ConfigError
from amber.known_names import LOSSES
from amber.wording import shown

# What metrics are called beside the name of their class, without underscores and in lower case.
_OTHER_NAMES = {
    "mse": "meansquarederror",
    "mae": "meanabsoluteerror",
    "mape": "meanabsolutepercentageerror",
    "msle": "meansquaredlogarithmicerror",
    "rmse": "rootmeansquarederror",
    "acc": "accuracy",
    "bce": "binarycrossentropy",
    "kld": "kldivergence",
    "logcosh": "logcosherror",
}
_LESS_IS_BETTER = (
    "loss",
    "error",
    "crossentropy",
    "hinge",
    "divergence",
    "falsepositives",
    "falsenegatives",
    "poisson",
)

# `accuracy` finds out what it is given. These take class numbers as they are.
_OF_CLASS_NUMBERS = ("sparse_categorical_accuracy", "sparse_categorical_crossentropy")
# Of several classes: a column for each class. What they are made with, so that there is one number for all classes.
OF_ONE_HOT: dict[str, dict[str, Any]] = {
    "auc": {"multi_label": True},
    "f1_score": {"average": "macro"},
    "f_beta_score": {"average": "macro"},
    "categorical_accuracy": {},
    "categorical_crossentropy": {},
    "categorical_hinge": {},
    "kl_divergence": {},
}
# Of two classes: the second class against the first.
OF_TWO_CLASSES: dict[str, dict[str, Any]] = {
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
PAIR = 2
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
METRICS_OF_LABELS = ("auc", "binary_accuracy")
"""Of labels, of which each example has any number."""
METRICS_OF_KNOWN_NUMBERS = ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error")
"""Of numbers of which some are missing."""
SOFTMAX_LOSS = "sparse_categorical_crossentropy"
"""The loss of a softmax over classes."""
_LOSSES_OF_TWO_CLASSES = ("binary_crossentropy", "binary_focal_crossentropy")
_LOSSES_OF_A_NUMBER = (
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
)


def plain_name(name: str) -> str:
    """Return a name so that all names of one metric are equal, such as `f1_score` and `F1Score`, `mse` and `MSE`."""
    letters = name.replace("_", "").casefold()
    return _OTHER_NAMES.get(letters, letters)


def less_is_better(name: str) -> bool:
    """Say whether a metric is to be minimised.

    Args:
        name: as Keras reports it, such as `val_loss`, `val_mae` or `val_OUTPUT_mae`.
    """
    last = plain_name(name.rsplit("_", 1)[-1])
    return any(end.endswith(_LESS_IS_BETTER) for end in (last, plain_name(name)))


def more_is_better(name: str) -> bool:
    """Say whether a metric is one of Keras's that is to be maximised; of a metric that is not Keras's nobody knows.

    Args:
        name: as Keras reports it, such as `val_accuracy` or `val_OUTPUT_auc`.
    """
    if less_is_better(name):
        return False
    known = {plain_name(each) for each in ("accuracy", *_OF_CLASS_NUMBERS, *OF_ONE_HOT, *OF_TWO_CLASSES, *_OF_A_NUMBER)}
    parts = name.removeprefix("val_").split("_")
    return any(plain_name("_".join(parts[first:])) in known for first in range(len(parts)))


def check_metric(name: str, classes: int | None) -> None:
    """Raise ConfigError where a metric does not fit a task, or Keras does not know it; lists those that do.

    Args:
        name: of one of Keras's metrics.
        classes: how many there are; None for a number.
    """
    known, fitting = plain_name(name), fitting_metrics(classes)
    if known not in {plain_name(each) for each in fitting}:
        raise ConfigError(
            f"expected a Keras metric that fits {_task(classes)}: {', '.join(fitting)}.{_hint(known, classes)} "
            f"Received: {shown(name)}"
        )


def check_loss(name: str, classes: int | None) -> None:
    """Raise ConfigError where a loss does not fit a task, or Keras does not know it; lists those that do.

    Args:
        name: of one of Keras's losses.
        classes: how many there are; None for a number.
    """
    fitting = _LOSSES_OF_A_NUMBER
    if classes is not None:
        fitting = (*(_LOSSES_OF_TWO_CLASSES if classes == PAIR else ()), SOFTMAX_LOSS)
    known = plain_name(name).removesuffix("error")
    if known not in {plain_name(each).removesuffix("error") for each in fitting} or name not in LOSSES:
        labels = "" if classes is None else ", whose labels are class numbers"
        raise ConfigError(
            f"expected the name of a Keras loss that fits {_task(classes)}{labels}: {', '.join(fitting)}. A loss of "
            f"your own is given in Python, in `model_compile_dict` of a builder. Received: {shown(name)}"
        )


def fitting_metrics(classes: int | None) -> list[str]:
    """Return the names of Keras's metrics that fit a task, as Keras writes them."""
    if classes is None:
        return sorted(_OF_A_NUMBER)
    of_two = OF_TWO_CLASSES if classes == PAIR else ()
    of_many = _OF_MANY_CLASSES if classes > _TOP_K else ()
    return ["accuracy", *sorted({*_OF_CLASS_NUMBERS, *OF_ONE_HOT, *of_two, *of_many})]


def _task(classes: int | None) -> str:
    return "a number" if classes is None else f"{classes} classes"


def _hint(name: str, classes: int | None) -> str:
    """Return which reward could be meant."""
    rewards = ("pearson", "spearman") if classes is None else ("auroc", "auprc", "mcc")
    reward = name.removesuffix("correlation")
    if reward not in rewards:
        return " A measure of your own is registered as a reward and named by `search.reward`."
    return f" `search.reward: {reward}` compares networks by it, and it is reported at the test in any case."


MEASURES = {
    "accuracy": "accuracy",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "mcc": "MCC",
    "r2": "R2",
    "pearson": "Pearson correlation",
    "spearman": "Spearman correlation",
    "mae": "mean absolute error",
}
"""Key of a score -> what tables call it, the most important first."""
FURTHER = {
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
}
"""The same of measures that files, cards and reports show."""


def measure_name(key: str) -> str:
    """Return what tables call a measure or metric."""
    return MEASURES.get(key) or FURTHER.get(key, key)
