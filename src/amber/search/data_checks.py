"""Whether data can be trained on, and by which network; asked before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from amber.errors import DataError
from amber.modeler.cost import GraphCost
from amber.modeler.named_inputs import check_block_names

_CLASS_NUMBERS = "sparse_categorical_crossentropy"


def check_data(data: Any, name: str) -> tuple[Any, Any]:
    """Returns (features, targets) after checking that they are finite numbers, with equally many rows.

    Raises:
        DataError: no pair, no rows, different numbers of rows, or a value that is no finite number (says where).
    """
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise DataError(f"{name} must be a pair (features, targets). Received: {type(data).__name__}")
    rows = []
    for part, values in zip(("features", "targets"), data, strict=True):
        for array in keras.tree.flatten(values):
            if not getattr(array, "shape", ()):
                raise DataError(f"{name}: {part} must be arrays of rows. Received: {type(array).__name__}")
            rows.append(int(array.shape[0]))
            _check_finite(array, f"{name}: {part}")
    if not rows or min(rows) < 1 or len(set(rows)) > 1:
        raise DataError(f"{name}: expected equally many rows everywhere, at least one. Received: {rows}")
    return data[0], data[1]


def check_input_shapes(inputs: tuple[str, ...], cost: GraphCost, features: Any, name: str) -> None:
    """Raises DataError where features do not have the shapes that a network takes."""
    expected = [tuple(cost.nodes[each].output_shape) for each in inputs]
    if isinstance(features, Mapping):
        check_block_names(features, inputs)
        received = [tuple(features[each].shape[1:]) for each in inputs]
    else:
        received = [tuple(array.shape[1:]) for array in keras.tree.flatten(features)]
    fits = len(expected) == len(received) and all(
        len(want) == len(got) and all(size in (None, other) for size, other in zip(want, got, strict=True))
        for want, got in zip(expected, received, strict=True)
    )
    if not fits:
        raise DataError(
            f"{name}: the network has inputs {', '.join(inputs)} of shapes {expected} (without rows). "
            f"Received: features of shapes {received}"
        )


def check_classes(
    outputs: tuple[str, ...], cost: GraphCost, compile_arguments: Mapping[str, Any] | None, targets: Any, name: str
) -> None:
    """Raises DataError where the loss of a network's one output reads class numbers, and a target is none."""
    loss = (compile_arguments or {}).get("loss")
    loss = getattr(loss, "name", loss)
    if loss != _CLASS_NUMBERS or len(outputs) != 1 or not isinstance(targets, np.ndarray):
        return
    classes = cost.nodes[outputs[0]].output_shape[-1] or 0
    numbers = targets.astype("float64")
    wrong = np.flatnonzero((numbers != np.floor(numbers)) | (numbers < 0) | (numbers >= classes))
    if classes and wrong.size:
        raise DataError(
            f"{name}: a target must be a class number from 0 to {classes - 1}, as the network has {classes} outputs. "
            f"Received: {targets.ravel()[wrong[0]]} in row {np.unravel_index(wrong[0], targets.shape)[0]}"
        )


def _check_finite(array: Any, what: str) -> None:
    """Raises DataError where a NumPy array holds anything but finite numbers; other arrays stay on their device."""
    if not isinstance(array, np.ndarray):
        return
    if array.dtype.kind not in "biuf":
        raise DataError(f"{what} must be numbers. Received: an array of type {array.dtype}")
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        row, *position = (int(index) for index in wrong[0])
        where = f"row {row}" + (f", position {tuple(position)}" if position else "")
        raise DataError(f"{what} must be finite numbers. Received: {array[row][tuple(position)]} in {where}")
