"""A training by NumPy as `keras.Model.fit` would go through it, with nobody watching its batches.

The weights are held as arrays for an epoch. However the epoch ends, by an interrupt or an error too, they are written
back, so that whoever reads a variable between epochs or afterwards reads what the steps done have made of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np
import threadpoolctl

from amber.backend.base_model import BaseModel, BatchlessCallbackList
from amber.backend.keras_internals.models import compiled_metrics, loss_tracker
from amber.backend.numpy_dense.data import Batch, DenseData
from amber.backend.numpy_dense.losses import DenseLoss
from amber.backend.numpy_dense.step import DenseStep
from amber.backend.numpy_dense.updates import Update
from amber.backend.numpy_dense.weights import HeldWeights
from amber.types import Array

if TYPE_CHECKING:
    from amber.backend.history import DetachedHistory
    from amber.backend.keras_internals.fit import DataAdapter
    from amber.backend.numpy_dense.sliced_model import SlicedModel
    from amber.backend.weight_slices import SlicedMLP

# Numbers of predictions that are kept before the metrics see them.
_MOST_NUMBERS = 1 << 22


class FitOptions(NamedTuple):
    """Arguments of `fit`; the validation data are an adapter or None."""

    epochs: int
    initial_epoch: int
    validation: DataAdapter | None
    validation_freq: int | Sequence[int]

    def validates(self, epoch: int) -> bool:
        """Say whether the validation data are evaluated after an epoch, counted from 0."""
        if self.validation is None:
            return False
        frequency = self.validation_freq
        return (epoch + 1) % frequency == 0 if isinstance(frequency, int) else epoch + 1 in frequency


class DenseTraining:
    """Trains a model.

    Args:
        model: whose networks are known here; see `conditions`.
        callbacks: that do not watch batches.
        data: to train on.
        loss: of predictions.
        update: of weights.
        options: of `fit`.
    """

    def __init__(
        self,
        model: SlicedModel,
        callbacks: BatchlessCallbackList,
        data: DenseData,
        loss: DenseLoss,
        update: Update,
        options: FitOptions,
    ) -> None:
        self._model, self._callbacks, self._data = model, callbacks, data
        self._loss, self._update, self._options = loss, update, options

    def run(self) -> DetachedHistory:
        """Train, and return the history."""
        model, callbacks, options = self._model, self._callbacks, self._options
        model.stop_training = False
        callbacks.on_train_begin()
        logs: dict[str, Any] = {}
        for epoch in range(options.initial_epoch, options.epochs):
            model.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            self._train_epoch()
            logs = dict(model.get_metrics_result())
            if options.validates(epoch):
                found = BaseModel.evaluate(model, x=options.validation, callbacks=callbacks, return_dict=True)
                logs.update({f"val_{name}": value for name, value in found.items()})
            callbacks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        callbacks.on_train_end(logs=logs)
        history: DetachedHistory = model.history
        return history

    def _train_epoch(self) -> None:
        model, data, update = self._model, self._data, self._update
        optimizer, changing = model.optimizer, model._changing()
        rows = model._epoch_rows(data.samples, data.batch_size, data.shuffle)
        held, report = HeldWeights(optimizer, update.slots, model.trainable_variables), _Report(model)
        step, rate = DenseStep(held, update), float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        before = done = int(keras.ops.convert_to_numpy(optimizer.iterations))
        drawn: Any = None
        try:
            # A loss that grows beyond all numbers is none of NumPy's warnings: Keras gives none.
            with _one_thread(), np.errstate(all="ignore"):
                for number, start in enumerate(range(0, data.samples, data.batch_size)):
                    self._callbacks.on_train_batch_begin(number)
                    drawn = None if changing is None else changing[1]()
                    batch = data.batch(rows[start : start + data.batch_size])
                    step(_network(model), batch.blocks, report.gradient_of(self._loss, batch), rate, done + 1)
                    done += 1
        finally:
            held.write_back()
            if done > before:
                optimizer.iterations.assign(done)
            if drawn is not None and changing is not None:
                changing[0].assign(drawn)
        report.flush()


def _network(model: SlicedModel) -> SlicedMLP:
    """Return the network of the present architecture."""
    network = model._sliced_mlp(training=True)
    if network is None:
        raise RuntimeError(f"{model.name} is not a network of shared matrices any more.")
    return network


class _Report:
    """What the batches of an epoch have noted and the metrics have not yet seen."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._notes_predictions = compiled_metrics(model) is not None
        self._loss, self._examples, self._numbers = 0.0, 0, 0
        self._batches: list[tuple[Batch, Array]] = []

    def gradient_of(self, loss: DenseLoss, batch: Batch) -> Callable[[Array], Array]:
        """Return a function that notes the predictions of a batch and returns the gradient of the loss."""

        def gradient(predicted: Array) -> Array:
            value, found = loss(batch.y, predicted, batch.weights)
            self._loss += value * len(batch.y)
            self._examples += len(batch.y)
            if self._notes_predictions:
                self._batches.append((batch, predicted.T.copy()))
                self._numbers += predicted.size
            if self._numbers > _MOST_NUMBERS:
                self.flush()
            return found

        return gradient

    def flush(self) -> None:
        """Bring what was noted to the metrics of the model."""
        if self._examples:
            loss_tracker(self._model).update_state(self._loss / self._examples, sample_weight=self._examples)
        metrics = compiled_metrics(self._model)
        if metrics is not None and self._batches:
            batches = [batch for batch, _ in self._batches]
            weights = [batch.weights for batch in batches if batch.weights is not None]
            metrics.update_state(
                np.concatenate([batch.y for batch in batches]),
                np.concatenate([predicted for _, predicted in self._batches]),
                np.concatenate(weights) if weights else None,
            )
        self._loss, self._examples, self._numbers, self._batches = 0.0, 0, 0, []


@functools.cache
def _thread_pools() -> threadpoolctl.ThreadpoolController:
    """Return what sets the threads of libraries: to look for them takes milliseconds."""
    return threadpoolctl.ThreadpoolController()


def _one_thread() -> AbstractContextManager[object]:
    """Within this context a product takes one thread: more wait for each other longer than they gain."""
    pools: AbstractContextManager[object] = _thread_pools().limit(limits=1, user_api="blas")
    return pools
