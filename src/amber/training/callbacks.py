"""What one training does between the epochs, each of which is a `fit` of its own."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import keras

from amber.backend.keras_internals.fit import is_default
from amber.backend.randomness import epoch_seed
from amber.errors import ConfigError
from amber.training.recalibration import recalibrate
from amber.training.settings import FitSettings
from amber.types import TensorTree

EpochListener = Callable[[int, int, Mapping[str, float]], None]
"""Called after every epoch with the epoch (from 1), the epochs in all, and the metrics."""

# How many training examples batch-norm statistics are recalibrated from after an epoch.
_RECALIBRATION_EXAMPLES = 512
_HOOKS = [
    *(f"on_{kind}_batch_{end}" for kind in ("train", "test", "predict") for end in ("begin", "end")),
    *(f"on_{kind}_{end}" for kind in ("epoch", "test", "predict", "batch") for end in ("begin", "end")),
]


@runtime_checkable
class HistoryReader(Protocol):
    """A callback that is told, when a training is resumed, what its metric was in each epoch before."""

    def take_up(self, values: Sequence[float]) -> None:
        """Take the values, one for each epoch."""


class ResumableCallback(keras.callbacks.Callback):
    """Makes one training of several `fit` for a callback: one beginning, and an end when `end` is called.

    A callback that does nothing at either needs none.
    """

    def __init__(self, callback: keras.callbacks.Callback) -> None:
        super().__init__()
        self._callback = callback
        self._begun = False
        self._logs: Mapping[str, Any] | None = None
        for name in ("set_params", "set_model", *_HOOKS):
            # The methods themselves: Keras looks whether they do anything, and skips those that do not.
            setattr(self, name, getattr(callback, name))

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Pass the first beginning on."""
        if not self._begun:
            self._begun = True
            self._callback.on_train_begin(logs)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Keep the logs, which `end` passes on."""
        self._logs = logs

    def end(self) -> None:
        """Tell that training has ended."""
        self._callback.on_train_end(self._logs)


def hears_of_ends(callback: keras.callbacks.Callback) -> bool:
    """Say whether a callback does anything as a training begins or ends."""
    return not all(map(is_default, (callback.on_train_begin, callback.on_train_end)))


@contextlib.contextmanager
def finalised_once(model: keras.Model) -> Iterator[None]:
    """Have the optimizer put its averaged weights (`use_ema`) into the model at the end, not after every `fit`."""
    optimizer = model.optimizer
    optimizer.finalize_variable_values = lambda variables: None
    try:
        yield
    finally:
        del optimizer.finalize_variable_values
    optimizer.finalize_variable_values(model.trainable_weights)


class EpochWatcher(keras.callbacks.Callback):
    """What a training does within each `fit`, before any other callback is told.

    As an epoch begins it is seeded again; before validation data are looked at, batch-norm statistics are recalibrated
    on some training examples, where the settings say so; at its end an unknown metric or a loss that is not finite
    stops the training, and a listener is told of it.

    Args:
        settings: of the training.
        seed: of the training.
        features: that it trains on.
        on_epoch: the listener; None for none.

    Attributes:
        restore: what restores a model as its first epoch begins; None where training begins.
    """

    def __init__(self, settings: FitSettings, seed: int, features: TensorTree, on_epoch: EpochListener | None) -> None:
        super().__init__()
        self._settings, self._seed, self._listener = settings, seed, on_epoch
        self._examples: TensorTree = None
        if settings.recalibrate:
            # Examples from everywhere, as a file may be in the order of its classes.
            step = max(1, len(keras.tree.flatten(features)[0]) // _RECALIBRATION_EXAMPLES)
            some = slice(None, _RECALIBRATION_EXAMPLES * step, step)
            self._examples = keras.tree.map_structure(lambda array: array[some], features)
        self.restore: Callable[[], None] | None = None

    def seed_epoch(self, epoch: int) -> None:
        """Seed the global generators for every epoch but the first, which goes on from building."""
        if epoch:
            keras.utils.set_random_seed(epoch_seed(self._seed, epoch))

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Undo what `fit` drew before."""
        self.seed_epoch(epoch)
        if self.restore is not None:
            self.restore()
            self.restore = None

    def on_test_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Recalibrate the statistics, which training does not read."""
        if self._examples is not None:
            recalibrate(self.model, self._examples)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Look at what `fit` reports.

        Raises:
            ConfigError: the metric is not among it.
            FloatingPointError: the loss is not finite.
        """
        reported = {name: float(value) for name, value in (logs or {}).items()}
        if self._settings.metric not in reported:
            raise ConfigError(
                f"metric must be one of what fit reports: {', '.join(reported)}. Received: {self._settings.metric!r}"
            )
        if not math.isfinite(reported.get("loss", 0.0)):
            raise FloatingPointError(f"the loss is {reported['loss']} after epoch {epoch + 1}")
        if self._listener:
            self._listener(epoch + 1, self._settings.epochs, reported)
