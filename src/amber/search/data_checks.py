"""Whether data can be trained on, and by which network; asked before anything is trained."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import keras
import numpy as np

from amber.errors import ConfigError, DataError
from amber.modeler.cost import GraphCost
from amber.modeler.named_inputs import check_block_names


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


def check_fit_arguments(arguments: Mapping[str, Any], rows: int) -> None:
    """Check more arguments of `fit` before anything is trained.

    Args:
        arguments: by name.
        rows: of the training data.

    Raises:
        ConfigError: a name that `fit` does not have, or class weights that are not numbers by class number.
        DataError: sample weights of another number of rows, or that are not finite.
    """
    known = sorted(set(inspect.signature(keras.Model.fit).parameters) - {"self"})
    for name in arguments:
        if name not in known:
            raise ConfigError(
                f"fit_kwargs must hold arguments of keras.Model.fit: {', '.join(known)}. Received: {name!r}"
            )
    for weights in keras.tree.flatten(arguments.get("sample_weight")):
        if weights is None:
            continue
        found = int(weights.shape[0]) if getattr(weights, "shape", ()) else 0
        if found != rows:
            raise DataError(
                f"sample_weight must be an array with one weight for each of the {rows} training rows. "
                f"Received: {found} rows"
                if found
                else f"sample_weight must be an array. Received: {weights!r}"
            )
        _check_finite(weights, "sample_weight")
    weights = arguments.get("class_weight")
    if weights is not None and not (
        isinstance(weights, Mapping)
        and all(isinstance(key, Integral) and int(key) >= 0 for key in weights)
        and all(isinstance(value, Real) and 0 <= float(value) < math.inf for value in weights.values())
    ):
        raise ConfigError(
            f"class_weight must be a dictionary of weights by class number, such as {{0: 1.0, 1: 5.0}}. "
            f"Received: {weights!r}"
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
