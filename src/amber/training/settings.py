"""How a model is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypedDict

from amber.checks import positive_integer
from amber.errors import ConfigError
from amber.metric_names import less_is_better

DIRECTIONS = ("maximize", "minimize")
_SET_BY_TRAINING = {
    "x",
    "y",
    "epochs",
    "initial_epoch",
    "batch_size",
    "validation_data",
    "validation_split",
    "validation_freq",
    "callbacks",
}


class FitOptions(TypedDict, total=False):
    """The arguments of `FitSettings`, for functions that take them by name."""

    metric: str
    direction: str
    epochs: int
    batch_size: int
    patience: int | None
    fit_kwargs: Mapping[str, object] | None
    recalibrate: bool


@dataclass(frozen=True)
class FitSettings:
    """How a model is trained; checked once.

    Args:
        metric: the name under which `fit` reports what is searched for, such as `"val_accuracy"`.
        direction: `"maximize"` or `"minimize"`; by default, losses and errors such as `"val_loss"` and `"val_mae"`
            are minimized, all others maximized.
        epochs: the most epochs.
        batch_size: rows of a batch.
        patience: epochs without improvement after which training stops; the weights of the best epoch are put
            back. None: all epochs are trained and the weights of the last are kept.
        fit_kwargs: more arguments of `keras.Model.fit`, such as `class_weight`.
        recalibrate: whether batch-norm statistics are recalibrated: from some hundred training examples
            before validation data are looked at after each epoch, so that early stopping and pruning compare what is
            kept, and from all training data once training has ended. Moving averages lag behind weights that change
            fast: in short trainings, or under strong weight decay.

    Raises:
        ConfigError: a value out of range, or an argument of `fit` that is set by training itself.
    """

    metric: str = "val_accuracy"
    direction: str = ""
    epochs: int = 10
    batch_size: int = 32
    patience: int | None = None
    fit_kwargs: Mapping[str, Any] | None = None
    recalibrate: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.metric, str) or not self.metric:
            raise ConfigError(f"metric must be a name such as 'val_accuracy'. Received: {self.metric!r}")
        if not self.direction:
            object.__setattr__(self, "direction", "minimize" if less_is_better(self.metric) else "maximize")
        if self.direction not in DIRECTIONS:
            raise ConfigError(f"direction must be 'maximize' or 'minimize'. Received: {self.direction!r}")
        positive_integer(self.epochs, "epochs")
        positive_integer(self.batch_size, "batch_size")
        if self.patience is not None:
            positive_integer(self.patience, "patience")
        if not isinstance(self.recalibrate, bool):
            raise ConfigError(f"recalibrate must be true or false. Received: {self.recalibrate!r}")
        clash = sorted(_SET_BY_TRAINING & set(self.fit_kwargs or {}))
        if clash:
            raise ConfigError(f"fit_kwargs must not hold {', '.join(clash)}: training sets these itself.")

    def to_dict(self) -> dict[str, object]:
        """Return the settings that JSON can hold: of `fit_kwargs` the names, and `recalibrate` only where it is on.

        Runs begun before that setting existed are resumed without it.
        """
        found = {each.name: getattr(self, each.name) for each in fields(FitSettings)}
        found["fit_kwargs"] = sorted(self.fit_kwargs or {})
        return found if self.recalibrate else {name: value for name, value in found.items() if name != "recalibrate"}
