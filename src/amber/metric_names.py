"""Names of Keras's metrics: which mean the same, and of which less is better. Loads no Keras."""

from __future__ import annotations

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
