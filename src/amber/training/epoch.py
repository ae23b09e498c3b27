"""One epoch of a training, on batches in a given order: what every training of AMBER is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from amber.backend import interrupts
from amber.backend.batch_order import is_streamed
from amber.types import TensorTree


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


def batches_of(train: tuple[TensorTree, TensorTree], rows: np.ndarray, batch_size: int) -> dict[str, object]:
    """Return chosen examples in their order, as `train_epoch` takes them.

    Args:
        train: features and targets.
        rows: positions of the examples, shape (n,); they may repeat.
        batch_size: examples of a batch.
    """
    x, y = keras.tree.map_structure(lambda array: array.part(rows) if is_streamed(array) else array[rows], train)
    return {"x": x, "y": y, "batch_size": batch_size, "shuffle": False, "verbose": 0}
