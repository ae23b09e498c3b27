"""Whether data can be trained on, and by which network; asked before anything is trained."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import keras
import numpy as np

from amber.backend.given_batches import arrays_of_batches, is_given_in_batches
from amber.errors import AmberError, ConfigError, DataError, InvalidArchitectureError
from amber.graph.cost import GraphCost, Shape
from amber.graph.graph import ComputationGraph
from amber.graph.models.named_inputs import check_block_names
from amber.graph.models.per_output import spread
from amber.metric_names import plain_name

_ROWS_AT_ONCE = 4096
_SPARSE = "sparsecategoricalcrossentropy"
_OF_SEVERAL_COLUMNS = ("categoricalcrossentropy", "categoricalfocalcrossentropy", "categoricalhinge")
# Losses that compare a target with each number of the output. Of others nothing is known.
_ELEMENTWISE = (
    *_OF_SEVERAL_COLUMNS,
    "binarycrossentropy",
    "binaryfocalcrossentropy",
    "cosinesimilarity",
    "dice",
    "hinge",
    "huber",
    "kldivergence",
    "logcosherror",
    "meanabsoluteerror",
    "meanabsolutepercentageerror",
    "meansquarederror",
    "meansquaredlogarithmicerror",
    "poisson",
    "squaredhinge",
    "tversky",
)


def check_data(data: object, name: str) -> tuple[Any, Any]:
    """Return (features, targets) after checking that they are finite numbers, with equally many rows.

    Data that are given in batches (a PyDataset, a data set of tf.data, a DataLoader, a function that returns a
    generator) are gone through once and kept on disk; see `amber.backend.given_batches`.

    Raises:
        DataError: no pair, no rows, different numbers of rows, or a value that is not a finite number (says where).
    """
    if is_given_in_batches(data):
        data = arrays_of_batches(data, name)
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


def check_input_shapes(inputs: tuple[str, ...], cost: GraphCost, features: object, name: str) -> None:
    """Raise DataError where features do not have the shapes that a network takes."""
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


def check_fit_arguments(arguments: Mapping[str, object], rows: int) -> None:
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


def check_targets(
    graph: ComputationGraph, cost: GraphCost, compile_arguments: Mapping[str, object] | None, targets: object, name: str
) -> None:
    """Raise where an output of a network cannot learn its targets.

    Args:
        graph: the planned network.
        cost: its shapes.
        compile_arguments: of `keras.Model.compile`; without a loss nothing is checked.
        targets: an array, or a list or dictionary of arrays, rows first.
        name: what messages call the data.

    Raises:
        InvalidArchitectureError: the targets are right, and this network's output has another shape; names both.
        ConfigError: losses of other outputs than there are, or a loss that one column cannot have.
        DataError: targets of other outputs or shapes than the loss needs, or one that is not a class number.
    """
    loss = (compile_arguments or {}).get("loss")
    if loss is None:
        return
    losses = _losses(loss, graph)
    for output, own, values in zip(
        graph.outputs, losses, spread(targets, graph.outputs, f"{name}: targets"), strict=True
    ):
        kind = _kind(own)
        if kind != _SPARSE and kind not in _ELEMENTWISE:
            continue
        shape = cost.nodes[output].output_shape
        _check_shape(output, shape, kind, own, tuple(values.shape[1:]), name)
        if kind == _SPARSE:
            _check_class_numbers(output, values, shape[-1], name)


def _losses(loss: object, graph: ComputationGraph) -> list[object]:
    """Return the loss of each output; None where an output that is not an intermediate one has none of its own."""
    if isinstance(loss, Mapping) and not graph.auxiliary:
        unknown = [name for name in loss if name not in graph.outputs]
        if unknown:
            raise ConfigError(
                f"A loss must be given by names of outputs, {', '.join(graph.outputs)}. Received: {unknown[0]!r}"
            )
        return [loss.get(name) for name in graph.outputs]
    return spread(loss, graph.outputs, "loss", ConfigError)


def _kind(loss: object) -> str:
    """Return the plain name of a loss; that of a function of the user's own is none of Keras's."""
    named = loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", "")
    return plain_name(named) if isinstance(named, str) else ""


def _check_shape(output: str, shape: Shape, kind: str, loss: object, received: tuple[int, ...], name: str) -> None:
    if kind in _OF_SEVERAL_COLUMNS and shape[-1] == 1:
        raise ConfigError(
            f"The loss {_said(loss)} needs an output of at least two columns; of one it is always 0. "
            f"Use binary_crossentropy. Received: output {output!r} of shape {shape} (without rows)"
        )
    if _fits(kind, shape, received):
        return
    if len(shape) > 1 and _fits(kind, shape[-1:], received):
        raise InvalidArchitectureError(
            f"Output '{output}' has shape {shape} (without batch) and cannot learn targets of shape {received}: "
            "its input is not one vector for each example. A layer before it must flatten or pool it, such as flatten "
            "or globalmaxpooling1d"
        )
    # Of a network that does not flatten, what one that does would need.
    raise _mismatch(output, shape[-1:] if len(received) < len(shape) else shape, kind, loss, received, name)


def _fits(kind: str, shape: Shape, received: tuple[int, ...]) -> bool:
    """Say whether targets of a shape suit an output of a shape; None there is any size."""
    wanted = shape[:-1] if kind == _SPARSE else shape
    with_column = (*wanted, 1) if kind == _SPARSE else wanted
    without_column = wanted[:-1] if kind != _SPARSE and wanted[-1:] == (1,) else wanted
    return any(
        len(each) == len(received) and all(size in (None, got) for size, got in zip(each, received, strict=True))
        for each in (wanted, with_column, without_column)
    )


def _mismatch(output: str, shape: Shape, kind: str, loss: object, received: tuple[int, ...], name: str) -> AmberError:
    wanted = shape[:-1] if kind == _SPARSE else shape
    hint = ""
    if kind == _SPARSE and received == shape:
        hint = " These look one-hot: give class numbers (y.argmax(axis=-1)), or use categorical_crossentropy."
    elif kind != _SPARSE and _fits(_SPARSE, shape, received):
        hint = " For class numbers use sparse_categorical_crossentropy."
    return DataError(
        f"{name}: the loss {_said(loss)} of output {output!r}, which has shape {shape}, needs targets of shape "
        f"{wanted} (without rows).{hint} Received: targets of shape {received}"
    )


def _said(loss: object) -> str:
    return loss if isinstance(loss, str) else str(getattr(loss, "name", None) or getattr(loss, "__name__", loss))


def _check_class_numbers(output: str, targets: object, classes: int | None, name: str) -> None:
    if not isinstance(targets, np.ndarray) or not classes:
        return
    numbers = targets.astype("float64")
    wrong = np.argwhere((numbers != np.floor(numbers)) | (numbers < 0) | (numbers >= classes))
    if len(wrong):
        where = tuple(wrong[0])
        raise DataError(
            f"{name}: a target must be a class number from 0 to {classes - 1}, as the network has {classes} outputs. "
            f"Received: {targets[where]} in row {where[0]}"
        )


def _check_finite(array: object, what: str) -> None:
    """Raise DataError where a NumPy array holds anything but finite numbers; other arrays stay on their device."""
    if not isinstance(array, np.ndarray):
        return
    if array.dtype.kind not in "biuf":
        raise DataError(f"{what} must be numbers. Received: an array of type {array.dtype}")
    # Some rows at once: an array that is mapped from a file may be larger than memory.
    for first in range(0, len(array), _ROWS_AT_ONCE):
        wrong = np.argwhere(~np.isfinite(array[first : first + _ROWS_AT_ONCE]))
        if len(wrong):
            row, *position = (int(index) for index in wrong[0])
            row += first
            where = f"row {row}" + (f", position {tuple(position)}" if position else "")
            raise DataError(f"{what} must be finite numbers. Received: {array[row][tuple(position)]} in {where}")
