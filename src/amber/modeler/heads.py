"""Give a trained network other outputs: what lies below its last layers stays, with its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import keras

from amber.architect import Operation
from amber.backend.keras_internals.graphs import layers_within
from amber.errors import InvalidArchitectureError

Head: TypeAlias = "int | Operation"
"""An output that is kept, by its position, or the dense layer of a new one."""


def with_heads(model: keras.Model, heads: Mapping[str, Head]) -> keras.Model:
    """Return a model with the outputs that are wanted; it shares all layers that stay with the given one.

    New outputs read what the last layers of the given model read. Of a mean of networks they read all of them, side by
    side, but for a linear model of the inputs that takes part in it.

    Args:
        model: a functional model whose outputs are dense layers, or a mean of such.
        heads: name of each output of the result -> the position of an output of `model`, or a new dense layer.

    Raises:
        InvalidArchitectureError: a model whose last layers cannot be found.
    """
    if all(isinstance(head, int) for head in heads.values()) and list(heads.values()) == list(
        range(len(model.outputs))
    ):
        return model
    new = [head for head in heads.values() if not isinstance(head, int)]
    features = _joined(list(_features(model))) if new else None
    outputs = []
    for name, head in heads.items():
        if isinstance(head, int):
            outputs.append(model.outputs[head])
        else:
            settings = head.Layer_attributes
            layer = keras.layers.Dense(int(settings["units"]), settings.get("activation"), name=name)
            outputs.append(layer(features))
    return keras.Model(_alone(model.inputs), _alone(outputs), name="fine_tuned")


def train_last_layers_only(model: keras.Model, only: bool) -> None:
    """Let training change the last layers of a model alone, or every layer.

    Args:
        model: as `with_heads` takes or returns.
        only: whether all but the layers that its outputs come from stay as they are.
    """
    last = {id(layer) for layer in _last_layers(model)} if only else set()
    for layer in layers_within(model):
        if not isinstance(layer, keras.Model):
            layer.trainable = not only or id(layer) in last


def _features(model: keras.Model) -> Iterator[keras.KerasTensor]:
    """Yield what the last layers read, each once."""
    networks = _networks(model)
    for network in networks:
        inner = keras.Model(_alone(network.inputs), _joined(list(_features(network))), name=f"{network.name}_features")
        yield inner(_alone(model.inputs))
    if not networks:
        seen: set[int] = set()
        for layer in _last_layers(model):
            if id(layer.input) not in seen:
                seen.add(id(layer.input))
                yield layer.input


def _last_layers(model: keras.Model) -> list[keras.Layer]:
    """Return the layers with weights that the outputs of a model, or of each network in it, come from."""
    networks = _networks(model)
    if networks:
        return [layer for network in networks for layer in _last_layers(network)]
    return [_last_layer(model, tensor) for tensor in model.outputs]


def _last_layer(model: keras.Model, tensor: keras.KerasTensor) -> keras.Layer:
    layer = _producer(model, tensor)
    while not layer.weights:
        if not isinstance(layer.input, keras.KerasTensor):
            raise InvalidArchitectureError(
                f"Expected outputs that each come from one layer. Received: {layer.name!r}, which joins several"
            )
        layer = _producer(model, layer.input)
    return layer


def _producer(model: keras.Model, tensor: keras.KerasTensor) -> keras.Layer:
    for layer in model.layers:
        if not isinstance(layer, keras.Model) and any(each is tensor for each in keras.tree.flatten(layer.output)):
            return layer
    raise InvalidArchitectureError(
        f"Expected a network of layers, each called once. Received: {model.name!r}, where one is not"
    )


def _networks(model: keras.Model) -> list[keras.Model]:
    """Return the networks that a model is the mean of, without a linear one; empty where it is a network itself."""
    nested = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    found = [each for each in nested if not _is_linear(each)]
    return found or nested


def _is_linear(model: keras.Model) -> bool:
    kinds = (keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Concatenate, keras.layers.Dense)
    return all(isinstance(layer, kinds) for layer in model.layers) and len(model.layers) <= 2 * len(
        model.inputs
    ) + 1 + len(model.outputs)


def _joined(tensors: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    return tensors[0] if len(tensors) == 1 else keras.layers.Concatenate(name="features_of_networks")(list(tensors))


def _alone(values: Sequence[keras.KerasTensor]) -> keras.KerasTensor | list[keras.KerasTensor]:
    return values[0] if len(values) == 1 else list(values)
