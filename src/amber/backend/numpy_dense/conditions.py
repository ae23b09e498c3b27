"""Where a training may run by NumPy: everything that it does is known there, and nobody watches its batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from amber.backend.base_model import BatchlessCallbackList
from amber.backend.keras_internals.fit import DataAdapter, HeldArrays, held_arrays
from amber.backend.keras_internals.models import compiled_loss, compiled_metrics
from amber.backend.keras_internals.steps import slot
from amber.backend.keras_internals.variables import is_trainable_by_itself
from amber.backend.numpy_dense.data import DenseData
from amber.backend.numpy_dense.losses import DenseLoss, loss_of
from amber.backend.numpy_dense.step import knows
from amber.backend.numpy_dense.training import DenseTraining, FitOptions
from amber.backend.numpy_dense.updates import Update, update_of
from amber.backend.stock_parts import has_own_methods, is_sum
from amber.backend.weight_slices import SlicedMLP

if TYPE_CHECKING:
    from amber.backend.numpy_dense.sliced_model import SlicedModel

_UNKNOWN = ("steps_per_epoch", "validation_steps", "validation_split")


def training_for(
    model: SlicedModel, adapter: DataAdapter, callbacks: Any, options: dict[str, Any]
) -> DenseTraining | None:
    """Return the training by NumPy that `fit` asks for; None where Keras must train.

    Args:
        model: compiled.
        adapter: of the data.
        callbacks: as Keras calls them.
        options: the other arguments of `fit`; its validation data are an adapter.
    """
    if not isinstance(callbacks, BatchlessCallbackList) or any(options.get(name) for name in _UNKNOWN):
        return None
    network, held = model._sliced_mlp(training=True), held_arrays(adapter)
    validation = options.get("validation_data")
    if network is None or held is None or not knows(network) or _is_own(model) or _is_limited():
        return None
    if validation is not None and held_arrays(validation) is None:
        return None
    data, loss = _data(model, held, network), None
    if data is not None:
        loss = _loss(model, data, network.layers[network.outputs[0]].units)
    update = None if loss is None else _update(model, network)
    if data is None or loss is None or update is None:
        return None
    epochs, first, frequency = (
        options.get(name, default) for name, default in (("epochs", 1), ("initial_epoch", 0), ("validation_freq", 1))
    )
    fit_options = FitOptions(epochs, first, validation, frequency)
    return DenseTraining(model, callbacks, data, loss, update, fit_options)


def _is_own(model: keras.Model) -> bool:
    """Say whether a user has replaced what would not be asked here."""
    kind = type(model)
    stock = kind.compute_loss is keras.Model.compute_loss and kind.compute_metrics is keras.Model.compute_metrics
    return not stock or has_own_methods(model)


def _is_limited() -> bool:
    return bool(keras.config.max_epochs() or keras.config.max_steps_per_epoch())


def _data(model: SlicedModel, held: HeldArrays, network: SlicedMLP) -> DenseData | None:
    """Return what to train on, where these are plain arrays."""
    x, y, weights = keras.utils.unpack_x_y_sample_weight(held.data)
    arrays = [*keras.tree.flatten(x), y, *([] if weights is None else [weights])]
    if not held.samples or not all(type(array) is np.ndarray and array.dtype.kind in "biuf" for array in arrays):
        return None
    if weights is not None and weights.shape != (held.samples,):
        return None
    blocks = model._sliced_inputs(x)
    if any(block.ndim != 2 for block in blocks) or sum(block.shape[1] for block in blocks) != sum(network.features):
        return None
    return DenseData(blocks, y, weights, held)


def _loss(model: keras.Model, data: DenseData, units: int) -> DenseLoss | None:
    """Return the loss, where it and all metrics are known here."""
    first = data.batch(np.arange(1))
    compiled, metrics = compiled_loss(model), compiled_metrics(model)
    predicted = np.zeros((1, units), "float32")
    for part in (compiled, metrics):
        if part is not None and not part.built:
            part.build(first.y, predicted)
    loss = loss_of(compiled)
    if loss is None or not loss.fits(data.y, units):
        return None
    return loss if metrics is None or all(is_sum(metric) for metric in metrics.metrics) else None


def _update(model: keras.Model, network: SlicedMLP) -> Update | None:
    """Return the update, where it is known and moves every weight that an architecture may take."""
    optimizer = model.optimizer
    update, trained = update_of(optimizer), model.trainable_variables
    biases = {id(layer.bias) for layer in network.layers}
    taken = biases | {id(layer.kernel) for layer in network.layers if layer.spans}
    known = {id(variable) for variable in trained}
    is_free = all(
        is_trainable_by_itself(variable) and not variable.constraint and not variable.regularizer
        for variable in model.weights
    )
    # An architecture that changes may take any of the weights.
    covers = known.issuperset(taken) and (model._changing() is None or len(known) == len(model.weights))
    if update is None or not is_free or not covers:
        return None
    if not optimizer.built:
        optimizer.build(trained)
    try:
        for variable in trained:
            for kind in update.slots:
                slot(optimizer, kind, variable)
    except KeyError:
        return None  # built for the variables of another model
    return update
