"""A network taken out of a supernet: a standalone Keras model of stock layers with weights of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np

from amber.backend.keras_internals.graphs import mark_as_called
from amber.backend.models import ChildModel
from amber.graph.graph import ComputationGraph
from amber.graph.node import ComputationNode
from amber.supernet.block_model import BlockModel


class SharedWeights(Protocol):
    """What a network is taken out of; `Supernet` says more of each method."""

    def plan(self, arc_seq: Any, dropouts: Sequence[float] | None = None) -> ComputationGraph:
        """Return the network of an architecture."""

    def dropout_rates(self) -> list[float]:
        """Return the default rates of its dropout layers."""

    def stock_layer(self, node: ComputationNode, input_shape: Any) -> keras.layers.Layer:
        """Return a fresh stock layer for a node."""

    def stock_weights(self, node: ComputationNode) -> list[np.ndarray]:
        """Return the weights of that layer."""


def extract(supernet: SharedWeights, arc_seq: Any, name: str | None = None) -> keras.Model:
    """Return a standalone model of an architecture.

    It predicts what the supernet predicts for the architecture, owns copies of the weights it needs, trains on,
    saves to `.keras`, exports to ONNX, and loads where AMBER is not installed. It is not compiled.

    Args:
        supernet: holds the shared weights.
        arc_seq: tokens of `supernet.layout`.
        name: name of the model.

    Raises:
        ArchitectureError: tokens outside the grammar.
        InvalidArchitectureError: tokens that describe no network.
    """
    graph = supernet.plan(arc_seq, supernet.dropout_rates()).prune()
    layers: dict[str, tuple[ComputationNode, keras.layers.Layer]] = {}

    def layer_for(node: ComputationNode, input_shape: Any) -> keras.layers.Layer:
        layer = supernet.stock_layer(node, input_shape)
        layers[node.node_name] = (node, layer)
        return layer

    features = getattr(supernet, "feature_model", None)
    model = graph.build(layer_for=layer_for, name=name if features is None else None)
    for node, layer in layers.values():
        if layer.weights:
            layer.set_weights(supernet.stock_weights(node))
    if features is not None:
        before = features.stock_copy()
        model = ChildModel(before.input, model(_one_or_many(before.outputs)), name=name)
    elif len(model.inputs) > 1:
        model = BlockModel(model.inputs, _one_or_many(model.outputs), name=name)
    # Keras exports no model that was never called, though a functional one is complete without.
    mark_as_called(model)
    return model


def _one_or_many(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors
