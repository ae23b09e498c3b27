"""Build a Keras model from a graph: one interpreter for every builder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from amber.backend.models import ChildModel
from amber.backend.precision import computing_in, is_mixed
from amber.graph.cost import check_size
from amber.graph.models.auxiliary import child_class_of
from amber.graph.models.named_inputs import MultiInputModel
from amber.graph.node import ComputationNode, Network, Shape, node_tensor
from amber.operations import make_layer

LayerFor = Callable[[ComputationNode, Shape], Any]


def fresh_layer(node: ComputationNode, input_shape: Shape) -> keras.layers.Layer:
    """Return a new layer of the operation registry, named as the node."""
    return make_layer(node.operation, name=node.node_name, input_shape=input_shape)


def build_model(
    graph: Network,
    layer_for: LayerFor | None = None,
    name: str | None = None,
    model_class: Callable[..., keras.Model] | None = None,
) -> keras.Model:
    """Build a Keras functional model from a graph.

    Under a mixed dtype policy its outputs are float32 nevertheless, as probabilities of eight bits would be ties.

    Args:
        graph: the planned network.
        layer_for: gives a node its layer (a callable of tensors) from the node and the shape of its first
            input, without batch; a fresh layer by default.
        name: name of the model.
        model_class: called with inputs, outputs and `name`. By default a model with intermediate outputs where the
            graph has any, else a plain functional model.

    Raises:
        InvalidArchitectureError: shapes do not fit or there are too many weights (checked before any is made), or Keras
            refuses to build.
    """
    check_size(graph.cost)
    layer_of = layer_for or fresh_layer
    tensors: dict[str, Any] = {}
    whole = set(graph.outputs) if layer_for is None and is_mixed() else set()
    for node in graph.nodes:
        parents = [tensors[parent] for parent in node.parents]
        with computing_in("float32" if node.node_name in whole else None):
            tensors[node.node_name] = node_tensor(
                node.operation, node.node_name, node.merge_op, parents, partial(layer_of, node)
            )
    inputs = [tensors[name] for name in graph.inputs]
    outputs = [tensors[name] for name in graph.outputs]
    make = model_class
    if make is None and graph.auxiliary:
        make = child_class_of(graph)
    elif make is None:
        make = MultiInputModel if len(inputs) > 1 else ChildModel
    return make(_one_or_many(inputs), _one_or_many(outputs), name=name)


def _one_or_many(tensors: list[keras.KerasTensor]) -> keras.KerasTensor | list[keras.KerasTensor]:
    return tensors[0] if len(tensors) == 1 else tensors
