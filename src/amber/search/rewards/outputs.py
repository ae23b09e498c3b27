"""Targets and predictions brought together: by output, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from amber.errors import DataError


def paired_outputs(targets: Any, predictions: Any, names: Sequence[str] = ()) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return targets and predictions of each output, both (records, columns).

    Args:
        targets: an array or nested lists of numbers, or a list or dictionary of arrays, one for each output.
        predictions: alike; a list where targets are a dictionary is in the order of `names`.
        names: of the outputs.

    Raises:
        DataError: other outputs, records or columns; class numbers that have no column.
        FloatingPointError: a prediction is not finite.
    """
    if isinstance(targets, Mapping) and not isinstance(predictions, Mapping):
        predictions = dict(zip(names, _listed(predictions), strict=False))
    if isinstance(targets, Mapping):
        if set(targets) != set(predictions):
            raise DataError(f"Expected predictions of {', '.join(targets)}. Received: {', '.join(predictions)}")
        return [_columns(targets[name], predictions[name], name) for name in targets]
    true, predicted = _listed(targets), _listed(predictions)
    if len(true) != len(predicted):
        raise DataError(f"Expected as many predictions as targets, {len(true)}. Received: {len(predicted)}")
    labels = [*names] if len(names) == len(true) else [f"output {place}" for place in range(len(true))]
    return [_columns(*each) for each in zip(true, predicted, labels, strict=True)]


def _listed(values: Any) -> list[Any]:
    if isinstance(values, Mapping):
        return list(values.values())
    several = isinstance(values, (list, tuple)) and all(hasattr(each, "shape") for each in values)
    return list(values) if several else [values]


def _columns(targets: Any, predictions: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    true, predicted = np.asarray(targets), np.asarray(predictions, "float64")
    if not len(true) or len(true) != len(predicted):
        raise DataError(f"{name}: expected predictions of {len(true)} records. Received: {len(predicted)}")
    predicted = predicted.reshape(len(predicted), -1)
    true = true.reshape(len(true), -1).astype("float64")
    if not np.isfinite(predicted).all():
        raise FloatingPointError(f"{name}: a prediction is not finite")
    if true.shape[1] == 1 < predicted.shape[1]:
        true = _one_hot(true[:, 0], predicted.shape[1], name)
    if true.shape != predicted.shape:
        raise DataError(f"{name}: expected predictions of shape {true.shape}. Received: {predicted.shape}")
    return true, predicted


def _one_hot(classes: np.ndarray, count: int, name: str) -> np.ndarray:
    known = np.arange(count)
    strange = ~np.isin(classes, known)
    if strange.any():
        raise DataError(f"{name}: a class number must be from 0 to {count - 1}. Received: {classes[strange][0]}")
    return np.asarray((classes[:, None] == known).astype("float64"))
