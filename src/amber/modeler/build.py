"""From graph to Keras model: one interpreter for every builder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from amber.backend.models import ChildModel
from amber.errors import InvalidArchitectureError
from amber.modeler.child.of_graph import child_class_of
from amber.modeler.cost import Shape, input_shape, measure
from amber.modeler.drawing.style import describe
from amber.modeler.graph import ComputationGraph, ComputationNode
from amber.modeler.merges import make_merge
from amber.modeler.named_inputs import MultiInputModel
from amber.modeler.operations import OPERATIONS, make_layer
from amber.modeler.shape_words import plain_words

LayerFor = Callable[[ComputationNode, Shape], Any]


def fresh_layer(node: ComputationNode, input_shape: Shape) -> keras.layers.Layer:
    """Returns a new layer of the operation registry, named as the node."""
    return make_layer(node.operation, name=node.node_name, input_shape=input_shape)


def build_model(
    graph: ComputationGraph,
    layer_for: LayerFor | None = None,
    name: str | None = None,
    model_class: Callable[..., keras.Model] | None = None,
) -> keras.Model:
    """Builds a Keras functional model of a graph.

    Args:
        graph: the planned network.
        layer_for: gives a node its layer (a callable of tensors) from the node and the shape of its first
            input, without batch; a fresh layer by default.
        name: name of the model.
        model_class: called with inputs, outputs and `name`. By default a model with intermediate outputs where the
            graph has any, else a plain functional model.

    Raises:
        InvalidArchitectureError: shapes do not fit (checked before a weight is made), or Keras refuses.
    """
    measure(graph)
    layer_of = layer_for or fresh_layer
    tensors: dict[str, Any] = {}
    for node in graph.nodes:
        if node.operation.Layer_type == "input":
            tensors[node.node_name] = _make_input(node)
            continue
        parents = [tensors[parent] for parent in node.parents]
        try:
            layer = layer_of(node, tuple(parents[0].shape[1:]))
            tensors[node.node_name] = _apply(node, layer, parents)
        except (ValueError, TypeError) as error:
            shapes = [tuple(tensors[parent].shape[1:]) for parent in node.parents]
            what = f"Node '{node.node_name}' ({describe(node.operation)})"
            raise InvalidArchitectureError(f"{what} cannot be built on {shapes}: {plain_words(error)}") from error
    inputs = [tensors[name] for name in graph.inputs]
    outputs = [tensors[name] for name in graph.outputs]
    make = model_class or _model_class(graph)
    return make(_one_or_many(inputs), _one_or_many(outputs), name=name)


def build_node(node: ComputationNode, tensors: Sequence[Any]) -> Any:
    """Return the output tensor of one node on the tensors that it reads; see `ComputationNode.build`."""
    if node.operation.Layer_type == "input":
        return _make_input(node)
    if not tensors:
        raise InvalidArchitectureError(f"Node '{node.node_name}' reads at least one tensor. Received: none")
    try:
        return _apply(node, fresh_layer(node, tuple(tensors[0].shape[1:])), list(tensors))
    except (ValueError, TypeError) as error:
        shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
        raise InvalidArchitectureError(
            f"Node '{node.node_name}' ({node.operation}) cannot be built: {error} Received: {shapes}"
        ) from error


def _model_class(graph: ComputationGraph) -> Callable[..., keras.Model]:
    if graph.auxiliary:
        return child_class_of(graph)
    return MultiInputModel if len(graph.inputs) > 1 else ChildModel


def _make_input(node: ComputationNode) -> Any:
    options = {key: value for key, value in node.operation.Layer_attributes.items() if key not in ("name", "shape")}
    return keras.Input(shape=input_shape(node.operation), name=node.node_name, **options)


def _apply(node: ComputationNode, layer: Any, inputs: list[Any]) -> Any:
    if len(inputs) == 1:
        return layer(inputs[0])
    if not OPERATIONS.get(node.operation.Layer_type).takes_list:
        return layer(make_merge(node.merge_op, layer_name=f"{node.node_name}_{node.merge_op}")(inputs))
    return layer(inputs)


def _one_or_many(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors
