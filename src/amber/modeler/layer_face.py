"""`get_layer`: the face of the operation registry for those who write Keras models by hand."""

from __future__ import annotations

from typing import Any

import keras

from amber.architect import Operation
from amber.errors import ModelSpaceError
from amber.modeler.cost import input_shape
from amber.modeler.operations import OPERATIONS, make_layer

BATCH_NORMALISED = frozenset({"dense", "conv1d", "conv2d"})


def get_layer(x: Any, state: Any, with_bn: bool = False) -> Any:
    """Builds the layer of an operation and applies it.

    Args:
        x: a tensor, or for a joining operation a list of tensors; ignored for `input`.
        state: an Operation, or a callable without arguments that returns a layer.
        with_bn: for dense, conv1d and conv2d: linear layer, batch normalisation, then the activation.

    Returns:
        The output tensor; for `input`, a new input tensor.

    Raises:
        ModelSpaceError: unknown type or attributes. Nothing given is ever changed.
    """
    if not isinstance(state, Operation):
        if callable(state):
            return state()(x)
        raise ModelSpaceError(f"state must be an Operation or a callable. Received: {state!r}")
    if state.Layer_type == "input":
        options = {key: value for key, value in state.Layer_attributes.items() if key != "shape"}
        return keras.Input(shape=input_shape(state), **options)
    if OPERATIONS.get(state.Layer_type).takes_list and (not isinstance(x, (list, tuple)) or len(x) < 2):
        raise ModelSpaceError(f"'{state.Layer_type}' joins a list of at least two tensors. Received: {x!r}")
    for operation in with_batch_norm(state) if with_bn else (state,):
        first = x[0] if isinstance(x, (list, tuple)) else x
        x = make_layer(operation, input_shape=tuple(first.shape[1:]))(x)
    return x


def with_batch_norm(operation: Operation) -> tuple[Operation, ...]:
    """Returns the linear layer, normalisation and activation of an operation, or it alone if it has no such form."""
    if operation.Layer_type not in BATCH_NORMALISED:
        return (operation,)
    activation = operation.get("activation") or "linear"
    return (
        operation.replace(activation=...),
        Operation("batch_normalization"),
        Operation("activation", activation=activation),
    )
