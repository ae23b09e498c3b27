"""Batch-norm recalibration: the statistics of one network, estimated from training data.

The moving statistics of a supernet are averages over all the architectures it was trained as, and fit none of
them. Estimating them for one architecture from training data before it is scored makes scores comparable
(Guo et al., Single Path One-Shot, arXiv 1904.00420; Yu and Huang, arXiv 1903.05134).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import keras
import numpy as np

from amber.backend.inference import statistics_pass, without_gradients
from amber.backend.keras_internals.graphs import layers_within
from amber.errors import ConfigError, DataError
from amber.types import TensorTree

_NOISE = {
    "rate": (
        keras.layers.Dropout,
        keras.layers.SpatialDropout1D,
        keras.layers.SpatialDropout2D,
        keras.layers.GaussianDropout,
        keras.layers.AlphaDropout,
    ),
    "stddev": (keras.layers.GaussianNoise,),
}


def recalibrate(
    model: keras.Model, data: TensorTree | Iterable[TensorTree], batch_size: int = 128, steps: int | None = None
) -> keras.Model:
    """Estimate the batch-norm statistics of a model from data, and change nothing else.

    Statistics are the averages over the batches, weighted by their rows. Dropout and noise are off meanwhile, and
    weights, optimizer and metrics are not touched. Of a fixed child of a supernet only the statistics its
    architecture uses change; they are shared with other children.

    Args:
        model: a fixed child, or any Keras model.
        data: training data: an array, a list or dictionary of arrays, a tuple `(x, y)`, or an iterable of
            batches, each `x` or a tuple that begins with it. Never give data that scores are computed on.
        batch_size: rows of a batch of arrays.
        steps: how many batches to use at most; all by default.

    Returns:
        The model.

    Raises:
        ConfigError: a child whose architecture changes from batch to batch.
        DataError: no data.
    """
    # Only a child of a supernet says whether its architecture is fixed.
    if not getattr(model, "is_fixed", True):
        raise ConfigError("Statistics belong to one architecture: give a child with tokens. Received: a sampled child")
    seen = 0
    with without_gradients(), _without_noise(model) as norms:
        take = statistics_pass(model, norms)
        for step, batch in enumerate(_batches(data, batch_size)):
            if step == steps or not norms:
                break
            rows = _rows(batch)
            # A moving average with this momentum is the average over all rows so far.
            take(batch, seen / (seen + rows))
            seen += rows
    if norms and not seen:
        raise DataError("Recalibrating needs at least one batch of training data. Received: none")
    return model


@contextmanager
def _without_noise(model: keras.Model) -> Iterator[list[keras.Layer]]:
    """Turn dropout and noise off, and give the batch-norm layers, whose momentum is put back too."""
    layers = list(layers_within(model))
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    noisy = [(layer, setting) for layer in layers for setting, kinds in _NOISE.items() if isinstance(layer, kinds)]
    before = [(layer, name, getattr(layer, name)) for layer, name in [*noisy, *((norm, "momentum") for norm in norms)]]
    try:
        for layer, setting in noisy:
            setattr(layer, setting, 0.0)
        yield norms
    finally:
        for layer, setting, value in before:
            setattr(layer, setting, value)


def _batches(data: TensorTree | Iterable[TensorTree], batch_size: int) -> Iterator[TensorTree]:
    if isinstance(data, tuple) and data:
        data = data[0]
    if data is None or hasattr(data, "shape") or isinstance(data, (list, Mapping)):
        number = -(-_rows(data) // batch_size)
        # Every batch from everywhere: in a file in the order of its classes, neighbours vary less than all rows do.
        for start in range(number):
            yield keras.tree.map_structure(lambda array: array[start::number], data)  # noqa: B023
        return
    batches: Iterable[TensorTree] = (
        (data[k] for k in range(len(data))) if isinstance(data, keras.utils.PyDataset) else data
    )
    for batch in batches:
        yield batch[0] if isinstance(batch, tuple) else batch


def _rows(batch: object) -> int:
    arrays = keras.tree.flatten(batch)
    if not arrays or not np.shape(arrays[0]):
        raise DataError(f"The data must be arrays with a batch axis. Received: {batch!r}")
    return int(arrays[0].shape[0])
