"""A network extracted from a supernet: a standalone Keras model of stock layers with its own weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from amber.backend.keras_internals.graphs import mark_as_called
from amber.backend.models import ChildModel
from amber.graph.graph import ComputationGraph
from amber.graph.models.block_model import BlockModel
from amber.graph.node import ComputationNode
from amber.types import Shape


def standalone(
    graph: ComputationGraph,
    stock_layer: Callable[[ComputationNode, Any], keras.layers.Layer],
    weights: Mapping[str, Sequence[np.ndarray]],
    features: Any,
    name: str | None,
) -> keras.Model:
    """Return a model of stock layers with given weights; see `Supernet.extract`.

    Args:
        graph: the network.
        stock_layer: makes the layer of a node, for the shape of its input.
        weights: of layers, by the names of nodes.
        features: FeatureBlocks that make the inputs from raw data, or None.
        name: of the model.
    """
    layers: dict[str, keras.layers.Layer] = {}

    def layer_for(node: ComputationNode, input_shape: Shape) -> keras.layers.Layer:
        layers[node.node_name] = stock_layer(node, input_shape)
        return layers[node.node_name]

    model = graph.build(layer_for=layer_for, name=name if features is None else None)
    for node_name, values in weights.items():
        layers[node_name].set_weights(values)
    if features is not None:
        before = features.stock_copy()
        model = ChildModel(before.input, model(_one_or_many(before.outputs)), name=name)
    elif len(model.inputs) > 1:
        model = BlockModel(model.inputs, _one_or_many(model.outputs), name=name)
    # Keras exports no model that was never called, though a functional one is complete without.
    mark_as_called(model)
    return model


def _one_or_many(tensors: list[keras.KerasTensor]) -> keras.KerasTensor | list[keras.KerasTensor]:
    return tensors[0] if len(tensors) == 1 else tensors
