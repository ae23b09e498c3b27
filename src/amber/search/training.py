"""Trains one child model: seeded, watched, with early stopping on one metric.

Both the search and the final training go through `train_child`, so that the same seed gives the same model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from amber.backend import interrupts
from amber.checks import positive_integer
from amber.errors import ConfigError
from amber.modeler.cost import measure
from amber.modeler.supernet.recalibration import recalibrate
from amber.search.checkpoint import Checkpoint
from amber.search.course import Course
from amber.search.epochs import OneTraining, finalised_once
from amber.search.pruning import PruningCallback
from amber.search.randomness import epoch_seed, preserved, seeded

DIRECTIONS = ("maximize", "minimize")
_OURS = {
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

# How many training examples normalisation statistics are estimated from after an epoch.
_RECALIBRATION_EXAMPLES = 512

EpochListener = Callable[[int, int, Mapping[str, float]], None]


@dataclass(frozen=True)
class FitSettings:
    """How every child of a search is trained; checked once.

    Args:
        metric: the name under which `fit` reports what is searched for, such as `"val_accuracy"`.
        direction: `"maximize"` or `"minimize"`.
        epochs: the most epochs.
        batch_size: rows of a batch.
        patience: epochs without improvement after which training stops; the weights of the best epoch are put
            back. None: all epochs are trained and the weights of the last are kept.
        fit_kwargs: more arguments of `keras.Model.fit`, such as `class_weight`.
        recalibrate: whether batch-normalisation statistics are estimated anew: from some hundred training examples
            before validation data are looked at after each epoch, so that early stopping and pruning compare what is
            kept, and from all training data once training has ended. Moving averages lag behind weights that change
            fast: in short trainings, or under strong weight decay.

    Raises:
        ConfigError: a value out of range, or an argument of `fit` that is set otherwise.
    """

    metric: str = "val_accuracy"
    direction: str = "maximize"
    epochs: int = 10
    batch_size: int = 32
    patience: int | None = None
    fit_kwargs: Mapping[str, Any] | None = None
    recalibrate: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.metric, str) or not self.metric:
            raise ConfigError(f"metric must be a name such as 'val_accuracy'. Received: {self.metric!r}")
        if self.direction not in DIRECTIONS:
            raise ConfigError(f"direction must be 'maximize' or 'minimize'. Received: {self.direction!r}")
        positive_integer(self.epochs, "epochs")
        positive_integer(self.batch_size, "batch_size")
        if self.patience is not None:
            positive_integer(self.patience, "patience")
        if not isinstance(self.recalibrate, bool):
            raise ConfigError(f"recalibrate must be true or false. Received: {self.recalibrate!r}")
        clash = sorted(_OURS & set(self.fit_kwargs or {}))
        if clash:
            raise ConfigError(f"fit_kwargs must not hold {', '.join(clash)}: these are set by the search.")

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings that JSON can say; of `fit_kwargs` the names, and `recalibrate` where it is on.

        Records that were begun before there was such a setting are taken up without it.
        """
        found = {**vars(self), "fit_kwargs": sorted(self.fit_kwargs or {})}
        return found if self.recalibrate else {name: value for name, value in found.items() if name != "recalibrate"}


@dataclass(frozen=True)
class TrainedChild:
    """A trained model, what `fit` reported for every epoch, and the epoch (from 0) whose weights it has.

    Attributes:
        recalibrated: validation metrics with new statistics; empty where there are none.
    """

    model: Any
    history: dict[str, list[float]]
    epoch: int
    recalibrated: Mapping[str, float] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Returns what `fit` reported for the epoch whose weights the model has, or what holds with new statistics."""
        return {name: float(values[self.epoch]) for name, values in self.history.items()} | dict(self.recalibrated)


def train_child(
    builder: Any,
    arc_seq: Any,
    train: tuple[Any, Any],
    validation: tuple[Any, Any] | None,
    settings: FitSettings,
    seed: int,
    *,
    on_epoch: EpochListener | None = None,
    callbacks: Sequence[Any] = (),
    checkpoint: Checkpoint | None = None,
) -> TrainedChild:
    """Builds and trains one architecture; global random state is put back afterwards.

    Every epoch is a `fit` of its own with a seed of its own, so that training can be taken up after any of them, on
    every backend, as if it had not been interrupted.

    Args:
        builder: gives a compiled model of tokens.
        arc_seq: the tokens.
        train: features and targets.
        validation: features and targets that are never trained on.
        settings: how to train.
        seed: of weights, shuffling and dropout.
        on_epoch: called after every epoch with the epoch (from 1), the epochs in all, and the metrics.
        callbacks: more Keras callbacks; for them it is one training.
        checkpoint: where the state after each epoch is kept (but the last), and where training is taken up from. The
            caller removes it when the outcome is noted. Of callbacks only a PruningCallback is told what was before.

    Raises:
        InvalidArchitectureError: the tokens describe no network.
        ConfigError: the model is not compiled, or `fit` reports no metric of that name.
        FloatingPointError: the loss is not finite.
    """
    with preserved():
        # Shapes are worked out with layers that draw seeds, and kept: done here, so that whether they were
        # known already changes nothing of what follows the seed.
        measure(builder.plan(arc_seq))
    with interrupts.guarded(), seeded(seed):
        model = builder(arc_seq)
        if not getattr(model, "compiled", False):
            raise ConfigError(
                "The models of the builder are not compiled: give the builder a model_compile_dict with "
                f"at least 'optimizer' and 'loss'. Received: {type(builder).__name__}"
            )
        course = Course(settings)
        start = _Start(seed)
        if checkpoint is not None:
            start.restore = checkpoint.restore(model, course)
        for callback in callbacks if course.epochs else ():
            if isinstance(callback, PruningCallback):
                callback.take_up(course.history[settings.metric])
        listeners = [OneTraining(callback) for callback in callbacks]
        before = [_Recalibration(train)] if settings.recalibrate else []
        watchers = [start, *before, _Watch(settings, on_epoch), *listeners]
        with finalised_once(model):
            while not course.ended:
                interrupts.check()
                start.seed_epoch(course.epochs)
                fitted = model.fit(
                    *train,
                    initial_epoch=course.epochs,
                    epochs=course.epochs + 1,
                    batch_size=settings.batch_size,
                    validation_data=validation,
                    callbacks=watchers,
                    **{"verbose": 0, **(settings.fit_kwargs or {})},
                )
                course.add(fitted.history, model)
                course.stopped = bool(model.stop_training)
                if checkpoint is not None and not course.ended:
                    checkpoint.save(model, course)
        course.put_best_back(model)
        for callback in listeners:
            callback.end()
        again = _recalibrated(model, train, validation, settings) if settings.recalibrate else {}
    return TrainedChild(model, course.history, course.scored_epoch, again)


def _recalibrated(
    model: Any, train: tuple[Any, Any], validation: tuple[Any, Any] | None, settings: FitSettings
) -> dict[str, float]:
    """Estimates statistics anew and returns the metrics on validation data."""
    recalibrate(model, train)
    if validation is None:
        return {}
    found = model.evaluate(*validation, batch_size=settings.batch_size, verbose=0, return_dict=True)
    return {f"val_{name}": float(value) for name, value in found.items()}


class _Start(keras.callbacks.Callback):
    """Seeds every epoch but the first, which goes on from building, and restores a model as its first epoch begins."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed
        self.restore: Callable[[], None] | None = None

    def seed_epoch(self, epoch: int) -> None:
        """Seeds the global generators."""
        if epoch:
            keras.utils.set_random_seed(epoch_seed(self._seed, epoch))

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Undoes what `fit` drew before."""
        self.seed_epoch(epoch)
        if self.restore is not None:
            self.restore()
            self.restore = None


class _Recalibration(keras.callbacks.Callback):
    """Estimates normalisation statistics anew before validation data are looked at."""

    def __init__(self, train: tuple[Any, Any]) -> None:
        super().__init__()
        step = max(1, len(keras.tree.flatten(train[1])[0]) // _RECALIBRATION_EXAMPLES)
        # From everywhere, as a file may be in the order of its classes.
        self._examples = keras.tree.map_structure(lambda array: array[::step][:_RECALIBRATION_EXAMPLES], train[0])

    def on_test_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Changes the statistics, which training does not read."""
        recalibrate(self.model, self._examples)


class _Watch(keras.callbacks.Callback):
    """Stops on an unknown metric or a loss that is not finite, and tells a listener of every epoch."""

    def __init__(self, settings: FitSettings, on_epoch: EpochListener | None) -> None:
        super().__init__()
        self._settings = settings
        self._listener = on_epoch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Looks at what `fit` reports."""
        reported = {name: float(value) for name, value in (logs or {}).items()}
        if self._settings.metric not in reported:
            raise ConfigError(
                f"metric must be one of what fit reports: {', '.join(reported)}. Received: {self._settings.metric!r}"
            )
        if not math.isfinite(reported.get("loss", 0.0)):
            raise FloatingPointError(f"the loss is {reported['loss']} after epoch {epoch + 1}")
        if self._listener:
            self._listener(epoch + 1, self._settings.epochs, reported)
