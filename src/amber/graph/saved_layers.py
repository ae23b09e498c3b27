"""Whether the layers of a user's own can be saved and loaded again, known before a network of them is trained.

Keras writes a layer as its class and `get_config()`. A class that is not registered, a lambda, or arguments that
`get_config` leaves out are noticed only when the file is read: then the network that was searched for is lost.
"""

from __future__ import annotations

import json
import warnings

import keras

from amber.architect import Operation
from amber.backend.abstract import abstract_layers
from amber.errors import ModelSpaceError
from amber.graph.node import Network, Shape
from amber.operations import OPERATIONS, make_layer
from amber.wording import said

# How Keras names a function without a name.
_LAMBDA = '"class_name": "__lambda__"'
_WAY_OUT = (
    "write @keras.saving.register_keras_serializable() above its class and above each function that it is given (a "
    "named one, no lambda), and let its get_config() return the arguments of its __init__"
)


def is_of_user(operation: Operation) -> bool:
    """Say whether the layer of an operation is made by code that is neither AMBER's nor Keras's."""
    if operation.Layer_type not in OPERATIONS:
        return False
    module = getattr(OPERATIONS.get(operation.Layer_type).make, "__module__", None) or ""
    return module.partition(".")[0] not in ("amber", "keras")


def check_saved_layers(graph: Network) -> None:
    """Check that each layer of a user's own in a network can be loaded from what Keras would write of it.

    Raises:
        ModelSpaceError: one cannot; says why and what to write.
    """
    for node in graph.nodes:
        if is_of_user(node.operation):
            shape = graph.cost.nodes[node.parents[0]].output_shape if node.parents else None
            check_saved_layer(node.operation, shape)


def check_saved_layer(operation: Operation, input_shape: Shape | None = None) -> None:
    """Check that the layer of an operation can be loaded from what Keras would write of it.

    Args:
        operation: of the registry.
        input_shape: what the layer will see, without batch.

    Raises:
        ModelSpaceError: it cannot, or cannot be made; says why and what to write.
    """
    with abstract_layers():
        layer = make_layer(operation, input_shape=input_shape)
        _check(layer, f"The layer of {operation}, {type(layer).__name__},")


def check_saved_model(model: keras.Model) -> None:
    """Check that each layer of a network that somebody's own builder made can be loaded from what Keras would write.

    Raises:
        ModelSpaceError: one cannot; says why and what to write.
    """
    with abstract_layers():
        for layer in model.layers:
            _check(layer, f"The layer '{layer.name}' of this builder, {type(layer).__name__},")


def _check(layer: keras.Layer, called: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a lambda is unsafe: it is refused here
            text = json.dumps(keras.saving.serialize_keras_object(layer))
        if _LAMBDA in text:
            raise ValueError("a lambda")  # some layers are made of its description, and fail when they are called
        keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)
    except Exception as error:  # whatever a get_config or an __init__ of a user's raises
        raise ModelSpaceError(
            f"{called} must be one that Keras can save and load again, or the best network would be lost: {_WAY_OUT}. "
            f"Received: {said(error, 200)}"
        ) from error
