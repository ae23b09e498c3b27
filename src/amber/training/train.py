"""Trains one model: seeded, watched, with early stopping on one metric, and resumed from a checkpoint.

`train_epoch` is what every training of AMBER is made of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack

import keras
import numpy as np

from amber.backend import interrupts
from amber.backend.batch_order import (
    epoch_order,
    fit_arguments,
    in_batches,
    is_orderable,
    is_streamed,
    seen_in_epoch,
)
from amber.backend.randomness import epoch_seed, seeded
from amber.errors import ConfigError
from amber.training.callbacks import (
    EpochListener,
    EpochWatcher,
    HistoryReader,
    ResumableCallback,
    finalised_once,
    hears_of_ends,
)
from amber.training.checkpoint import Checkpoint
from amber.training.data_checks import check_data
from amber.training.recalibration import recalibrate
from amber.training.settings import FitOptions, FitSettings
from amber.training.training_state import TrainingState
from amber.types import TensorTree, Tokens


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, what `fit` reported for every epoch, and the epoch (from 0) whose weights it has.

    Attributes:
        recalibrated: validation metrics with recalibrated statistics; empty where there are none.
    """

    model: Any
    history: dict[str, list[float]]
    epoch: int
    recalibrated: Mapping[str, float] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Return what `fit` reported for the epoch whose weights the model has, or what holds once recalibrated."""
        return {name: float(values[self.epoch]) for name, values in self.history.items()} | dict(self.recalibrated)


def train_epoch(
    model: keras.Model,
    batches: Mapping[str, object],
    epoch: int = 0,
    *,
    validation: TensorTree = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Mapping[str, Sequence[float]]:
    """Train a compiled model for one epoch and return what `fit` reported, one value by name.

    Nothing is seeded here: batches, dropout and sampled architectures draw from the generators as they are.

    Args:
        model: a compiled model.
        batches: what to train on and in which order, as arguments of `fit`; see `batches_of`.
        epoch: its number, from 0.
        validation: features and targets to evaluate on afterwards.
        callbacks: Keras callbacks.
    """
    interrupts.check()
    options = {"initial_epoch": epoch, "epochs": epoch + 1, "validation_data": validation, "callbacks": list(callbacks)}
    reported: Mapping[str, Sequence[float]] = model.fit(**batches, **options).history
    return reported


def batches_of(
    train: tuple[TensorTree, TensorTree],
    rows: np.ndarray,
    batch_size: int,
    epoch: int | None = None,
    given: Mapping[str, Any] | None = None,
) -> dict[str, object]:
    """Return chosen examples in their order, as `train_epoch` takes them.

    Args:
        train: features and targets.
        rows: positions of the examples, shape (n,); they may repeat.
        batch_size: examples of a batch.
        epoch: whose views of the examples are drawn, where they are augmented; None: examples as they are.
        given: arguments of `fit`, of which `sample_weight` (of all examples) and `class_weight` are taken.
    """
    weighing = {name: (given or {})[name] for name in ("sample_weight", "class_weight") if name in (given or {})}
    if weighing.get("sample_weight") is not None:
        weighing["sample_weight"] = keras.tree.map_structure(
            lambda array: np.asarray(array)[rows], weighing["sample_weight"]
        )
    train = train if epoch is None else seen_in_epoch(train, epoch)
    x, y = keras.tree.map_structure(lambda array: array.part(rows) if is_streamed(array) else array[rows], train)
    return {"x": x, "y": y, "batch_size": batch_size, "shuffle": False, "verbose": 0, **weighing}


def train_model(
    build: Callable[[], keras.Model],
    train: tuple[TensorTree, TensorTree],
    validation: tuple[TensorTree, TensorTree] | None,
    settings: FitSettings,
    seed: int,
    *,
    on_epoch: EpochListener | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    checkpoint: Checkpoint | None = None,
) -> TrainedModel:
    """Build and train one model; global random state is put back afterwards.

    Every epoch is a `fit` of its own with a seed of its own, so that training can be resumed after any of them, on
    every backend, as if it had not been interrupted.

    Args:
        build: returns a fresh compiled model. It is called once the global generators are seeded.
        train: features and targets: arrays, or StreamedArrays, of which each epoch reads batches.
        validation: features and targets that are never trained on.
        settings: how to train.
        seed: of weights, shuffling and dropout.
        on_epoch: called after every epoch with the epoch (from 1), the epochs in all, and the metrics.
        callbacks: more Keras callbacks; for them it is one training.
        checkpoint: where the state after each epoch is kept (but the last), and where training is resumed from. The
            caller removes it when the outcome is recorded. Of callbacks only a HistoryReader is told what was before.

    Raises:
        InvalidArchitectureError: `build` finds that there is no such network.
        ConfigError: the model is not compiled, or `fit` reports no metric of that name.
        FloatingPointError: the loss is not finite, in training or, at the scored epoch, on validation data.
    """
    with interrupts.guarded(), seeded(seed):
        model = build()
        if not getattr(model, "compiled", False):
            raise ConfigError(
                "The models of the builder are not compiled: give the builder a model_compile_dict with "
                f"at least 'optimizer' and 'loss'. Received: a {type(model).__name__}"
            )
        state = TrainingState(settings)
        watcher = EpochWatcher(settings, seed, train[0], on_epoch)
        if checkpoint is not None:
            watcher.restore = checkpoint.restore(model, state)
        for callback in callbacks if state.epochs else ():
            if isinstance(callback, HistoryReader):
                callback.take_up(state.history[settings.metric])
        listeners = [ResumableCallback(each) if hears_of_ends(each) else each for each in callbacks]
        held_out = _held_out(model, validation, settings)
        watchers = [watcher, *listeners]
        with finalised_once(model):
            while not state.ended:
                watcher.seed_epoch(state.epochs)
                batches = _batches(model, train, settings, seed, state.epochs)
                reported = train_epoch(model, batches, state.epochs, validation=held_out, callbacks=watchers)
                state.add(reported, model)
                state.stopped = bool(model.stop_training)
                if checkpoint is not None and (checkpoint.after_last or not state.ended):
                    checkpoint.save(model, state)
        if watcher.restore is not None:  # all epochs were trained before
            watcher.restore()
        state.put_best_back(model)
        for listener in listeners:
            if isinstance(listener, ResumableCallback):
                listener.end()
        recalibrated = _recalibrated(model, train, validation, settings) if settings.recalibrate else {}
    trained = TrainedModel(model, state.history, state.scored_epoch, recalibrated)
    loss = trained.metrics().get("val_loss", 0.0)
    if not math.isfinite(loss):
        # Class numbers can be read off predictions that are not numbers, so that a metric may look well.
        raise FloatingPointError(f"the loss on validation data is {loss} after epoch {trained.epoch + 1}")
    return trained


def _batches(
    model: keras.Model, train: tuple[TensorTree, TensorTree], settings: FitSettings, seed: int, epoch: int
) -> dict[str, object]:
    """Return the arguments of `fit` for one epoch: its batches, in an order of our own, and those of the settings."""
    options = {"verbose": 0, "validation_batch_size": settings.batch_size, **(settings.fit_kwargs or {})}
    shuffle, weights = options.pop("shuffle", True), options.pop("sample_weight", None)
    data = train if weights is None else (*train, weights)
    if not is_orderable(data):
        return {
            "x": train[0],
            "y": train[1],
            "sample_weight": weights,
            "shuffle": shuffle,
            "batch_size": settings.batch_size,
            **options,
        }
    count = len(keras.tree.flatten(train[1])[0])
    order = epoch_order(
        epoch_seed(seed, epoch) if epoch else seed,
        count,
        first=epoch == 0,
        shuffle=shuffle,
        batch_size=settings.batch_size,
    )
    return {**fit_arguments(model, seen_in_epoch(data, epoch), order, settings.batch_size), **options}


def _held_out(model: keras.Model, data: tuple[TensorTree, TensorTree] | None, settings: FitSettings) -> TensorTree:
    """Return validation data as the model takes them: one that is not AMBER's takes streamed arrays as batches."""
    if data is None or not is_streamed(data) or getattr(type(model), "takes_batch_order", False):
        return data
    return in_batches(data, settings.batch_size)


def _recalibrated(
    model: keras.Model,
    train: tuple[TensorTree, TensorTree],
    validation: tuple[TensorTree, TensorTree] | None,
    settings: FitSettings,
) -> dict[str, float]:
    """Recalibrate a model and return its metrics on validation data."""
    recalibrate(model, train)
    if validation is None:
        return {}
    if is_streamed(validation):
        found = model.evaluate(in_batches(validation, settings.batch_size), verbose=0, return_dict=True)
    else:
        found = model.evaluate(*validation, batch_size=settings.batch_size, verbose=0, return_dict=True)
    return {f"val_{name}": float(value) for name, value in found.items()}


def retrain(
    builder: Callable[[Tokens], keras.Model],
    arc: Tokens,
    train: tuple[TensorTree, TensorTree],
    validation: tuple[TensorTree, TensorTree],
    *,
    seed: int,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **options: Unpack[FitOptions],
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Build and train one architecture from fresh weights.

    With the seed and settings of a trial it gives the model of that trial again (on the CPU bit for bit).

    Args:
        builder: gives a compiled model of tokens.
        arc: the tokens.
        train: features and targets.
        validation: features and targets that decide on stopping and on the best epoch.
        seed: of weights, shuffling and dropout.
        callbacks: Keras callbacks.
        **options: those of `FitSettings`: `epochs`, `batch_size`, `patience`, `fit_kwargs`, `recalibrate`, and `metric`
            (`"val_loss"` here) and `direction` (`"minimize"` here), which say what decides.

    Returns:
        The trained model, and what `fit` reported for every epoch.

    Raises:
        InvalidArchitectureError: the tokens describe no network.
        ConfigError: a setting out of range, or a metric that `fit` does not report (lists the known).
        DataError: data without rows, of unequal lengths, or that are not finite numbers.
        FloatingPointError: as `train_model`.
    """
    by_loss: FitOptions = {"metric": "val_loss", "direction": "minimize", **options}
    settings = FitSettings(**by_loss)
    trained = train_model(
        lambda: builder(arc),
        check_data(train, "train"),
        check_data(validation, "validation"),
        settings,
        seed,
        callbacks=callbacks,
    )
    return trained.model, trained.history
