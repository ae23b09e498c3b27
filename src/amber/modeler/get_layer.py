"""`get_layer`: the face of the operation registry for those who write Keras models by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from amber.architect import Operation
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.graph.cost import input_shape, measure_operation
from amber.graph.describe import describe
from amber.graph.shape_words import plain_words
from amber.operations import make_layer

BATCH_NORMALISED = frozenset({"dense", "conv1d", "conv2d"})


def get_layer(
    x: keras.KerasTensor | None,
    state: Operation | Callable[[], keras.layers.Layer],
    with_bn: bool = False,
    custom_objects: Mapping[str, Callable[..., object]] | None = None,
) -> keras.KerasTensor | keras.Layer:
    """Build the layer of an operation and applies it.

    Args:
        x: a tensor, or for a joining operation a list of tensors; ignored for `input`.
        state: an Operation, or a callable without arguments that returns a layer.
        with_bn: for dense, conv1d and conv2d: linear layer, batch normalisation, then the activation. Other
            operations are built as they are.
        custom_objects: from a type, in any case, to what makes its layer of the attributes of an operation; it comes
            before the registered types. `amber.modeler.register_operation` does the same once and for all.

    Returns:
        The output tensor; for `input`, a new input tensor.

    Raises:
        ModelSpaceError: unknown type or attributes, or a `state` of another kind.
        InvalidArchitectureError: the operation cannot follow the shape of `x`.

    Nothing given is ever changed.
    """
    if isinstance(state, keras.layers.Layer):
        return state(x)
    if not isinstance(state, Operation):
        return _made_layer(state)(x)
    if state.Layer_type == "input":
        options = {key: value for key, value in state.Layer_attributes.items() if key != "shape"}
        return keras.Input(shape=input_shape(state), **options)
    makers = {name.lower(): make for name, make in (custom_objects or {}).items()}
    for operation in with_batch_norm(state) if with_bn else (state,):
        make = makers.get(operation.Layer_type)
        x = _apply(operation, x) if make is None else _apply_custom(make, operation, x)
    return x


def with_batch_norm(operation: Operation) -> tuple[Operation, ...]:
    """Return the linear layer, normalisation and activation of an operation, or it alone if it has no such form."""
    if operation.Layer_type not in BATCH_NORMALISED:
        return (operation,)
    activation = operation.get("activation") or "linear"
    return (
        operation.replace(activation=...),
        Operation("batch_normalization"),
        Operation("activation", activation=activation),
    )


def _apply(operation: Operation, x: Any) -> Any:
    tensors = list(x) if isinstance(x, (list, tuple)) else [x]
    # An operation that does not fit is refused here, with the same words on every backend.
    shapes = tuple(tuple(tensor.shape[1:]) for tensor in tensors)
    measure_operation(operation, shapes)
    layer = make_layer(operation, input_shape=shapes[0])
    try:
        return layer(tensors if len(tensors) > 1 else tensors[0])
    except (ValueError, TypeError) as error:
        raise InvalidArchitectureError(
            f"The operation {describe(operation)} cannot be built on {shapes}: {plain_words(error)}"
        ) from error


def _apply_custom(make: Callable[..., Any], operation: Operation, x: object) -> object:
    try:
        return make(**operation.Layer_attributes)(x)
    except (ValueError, TypeError) as error:
        raise InvalidArchitectureError(
            f"The operation {operation} cannot be built by custom_objects: {error} Received: {make!r}"
        ) from error


def _made_layer(make: object) -> keras.layers.Layer:
    layer = make() if callable(make) else None
    if not isinstance(layer, keras.layers.Layer):
        raise ModelSpaceError(
            f"state must be an Operation, a layer, or a callable without arguments that returns a layer. "
            f"Received: {make!r}"
        )
    return layer
