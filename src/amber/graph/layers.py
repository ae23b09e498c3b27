"""Apply one node of a network to Keras tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras

from amber.architect import Operation
from amber.checks import is_integer
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.graph.describe import describe
from amber.graph.shape_words import plain_words
from amber.operations import OPERATIONS
from amber.operations.merges import make_merge

Shape = tuple[int | None, ...]


def node_tensor(
    operation: Operation,
    name: str,
    merge_op: str,
    tensors: Sequence[keras.KerasTensor],
    layer_for: Callable[[Shape], keras.Layer],
) -> keras.KerasTensor:
    """Return the output tensor of an operation.

    Args:
        operation: what is computed.
        name: of the node; the name of an input.
        merge_op: how several tensors are joined before a single-input operation.
        tensors: its inputs; none for an input operation.
        layer_for: gives the layer (a callable of tensors) from the shape of the first tensor, without batch.

    Raises:
        InvalidArchitectureError: the operation cannot be applied to these tensors.
    """
    if operation.Layer_type == "input":
        options = {key: value for key, value in operation.Layer_attributes.items() if key not in ("name", "shape")}
        return keras.Input(shape=input_shape(operation), name=name, **options)
    if not tensors:
        raise InvalidArchitectureError(f"Node '{name}' reads at least one tensor. Received: none")
    try:
        layer = layer_for(tuple(tensors[0].shape[1:]))
        if len(tensors) == 1:
            return layer(tensors[0])
        if OPERATIONS.get(operation.Layer_type).takes_list:
            return layer(list(tensors))
        return layer(make_merge(merge_op, layer_name=f"{name}_{merge_op}")(list(tensors)))
    except (ValueError, TypeError) as error:
        shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
        what = f"Node '{name}' ({describe(operation)})"
        raise InvalidArchitectureError(f"{what} cannot be built on {shapes}: {plain_words(error)}") from error


def input_shape(operation: Operation) -> Shape:
    """Return the shape of an input operation, without the batch axis.

    Raises:
        ModelSpaceError: no `shape`, or one that is not a list of positive integers (or None).
    """
    shape = operation.get("shape")
    entries = (shape,) if is_integer(shape) else shape
    try:
        sizes = tuple(None if size is None else int(size) for size in entries)
    except (TypeError, ValueError) as error:
        raise ModelSpaceError(
            f"An input needs a shape such as (60, 4), without the batch axis. Received: {operation}"
        ) from error
    if not sizes or any(size is not None and size < 1 for size in sizes):
        raise ModelSpaceError(f"Every axis of an input must be positive. Received: {operation}")
    return sizes
