"""A trained classifier on labelled records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.cli.results import Score
from amber.data import Split, accuracy, per_class_accuracy
from amber.errors import DataError

if TYPE_CHECKING:
    import keras


def probabilities(model: keras.Model, x: Any, num_classes: int | None, where: str, batch_size: int = 256) -> Any:
    """Returns class probabilities, shape `(records, classes)`.

    Raises:
        DataError: records of another shape than the model takes, or a model with another number of outputs.
    """
    expected = tuple(model.input_shape[1:])
    if len(expected) != x.ndim - 1 or any(
        size not in (None, got) for size, got in zip(expected, x.shape[1:], strict=True)
    ):
        raise DataError(
            f"{where}: the model takes records of shape {expected} (length, channels). "
            f"Received: records of shape {tuple(x.shape[1:])}"
        )
    outputs = model.output_shape[-1]
    if num_classes is not None and outputs != num_classes:
        raise DataError(f"{where}: the model has {outputs} outputs. Received: {num_classes} classes")
    return np.asarray(model.predict(x, batch_size=batch_size, verbose=0))


def score_model(model: keras.Model, part: Split, classes: Sequence[str], where: str) -> Score:
    """Returns the accuracy of a model on one part of the data; raises DataError like `probabilities`."""
    predicted = probabilities(model, part.x, len(classes), where).argmax(axis=-1)
    return Score(accuracy(part.y, predicted), per_class_accuracy(part.y, predicted, classes), len(part))
