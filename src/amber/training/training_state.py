"""How far a training is: what was reported, the best epoch, and whether it goes on.

All of it is plain values, so that a checkpoint can keep it; see `amber.training.checkpoint`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from amber.training.settings import FitSettings

if TYPE_CHECKING:
    import keras


class TrainingState:
    """The epochs of one training so far.

    Args:
        settings: how long it may be, and what is better.

    Attributes:
        history: what `fit` reported, by name, one value an epoch.
        best_epoch: the epoch (from 0) of the best metric so far; 0 before the first.
        best_weights: the model's weights after it, where they are to be put back and are not the model's own.
        stopped: whether a callback ended it.
        keeps_best: whether the best epoch's weights are put back in the end.
    """

    def __init__(self, settings: FitSettings) -> None:
        self._settings = settings
        self.history: dict[str, list[float]] = {}
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None
        self.stopped = False
        self.keeps_best = settings.patience is not None

    @property
    def epochs(self) -> int:
        """How many were trained."""
        return max((len(values) for values in self.history.values()), default=0)

    @property
    def ended(self) -> bool:
        """Whether all epochs are trained, or none was better for `patience` of them."""
        patience = self._settings.patience
        waited = patience is not None and self.epochs - 1 - self.best_epoch >= patience
        return self.stopped or waited or self.epochs >= self._settings.epochs

    @property
    def scored_epoch(self) -> int:
        """The epoch (from 0) whose weights are kept."""
        return self.best_epoch if self.keeps_best else self.epochs - 1

    def add(self, reported: Mapping[str, Sequence[float]], model: keras.Model) -> None:
        """Add what one epoch reported, and keep the weights where it is the best."""
        for name, values in reported.items():
            self.history.setdefault(name, []).extend(float(value) for value in values)
        if not self.keeps_best:
            return
        values = self.history[self._settings.metric]
        if len(values) == 1 or self._is_better(values[-1], values[self.best_epoch]):
            self.best_epoch = len(values) - 1
            self.best_weights = model.get_weights()

    def put_best_back(self, model: keras.Model) -> None:
        """Give the model the weights of the scored epoch."""
        if self.best_weights is not None and self.best_epoch != self.epochs - 1:
            model.set_weights(self.best_weights)

    def _is_better(self, value: float, than: float) -> bool:
        if not math.isfinite(value) or not math.isfinite(than):
            # A diverged epoch is never the best where another one is not.
            return math.isfinite(value)
        return value > than if self._settings.direction == "maximize" else value < than
