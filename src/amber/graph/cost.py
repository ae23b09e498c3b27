"""Shapes, parameters and FLOPs of a network without building it.

Keras itself computes shapes and parameters, once per operation and input shapes, without allocating memory; only
FLOPs have formulas (2 x multiply-adds, forward, batch 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import keras

from amber.architect import Operation
from amber.backend.abstract import abstract_layers
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.files import limits
from amber.graph.describe import describe
from amber.graph.node import GraphCost, Network, NodeCost, Shape, input_shape
from amber.graph.shape_words import plain_words
from amber.operations import OPERATIONS, FlopFunction, make_layer
from amber.operations.merges import make_merge, never_broadcasts
from amber.wording import shortened

__all__ = [
    "GraphCost",
    "NodeCost",
    "Shape",
    "check_size",
    "input_shape",
    "measure",
    "measure_operation",
]


def measure(graph: Network) -> GraphCost:
    """Measure a network.

    Args:
        graph: the planned network.

    Returns:
        Totals and, per node, output shape, parameters and FLOPs.

    Raises:
        InvalidArchitectureError: the shapes do not fit; names the node and the shapes.
    """
    costs: dict[str, NodeCost] = {}
    parameters = trainable = flops = 0
    for node in graph.nodes:
        shapes = tuple([costs[parent].output_shape for parent in node.parents])
        merge = node.merge_op if len(shapes) > 1 else ""
        cost = measure_operation(node.operation, shapes, merge, node.node_name)
        costs[node.node_name] = cost
        parameters += cost.parameters
        trainable += cost.trainable_parameters
        flops += cost.flops
    if graph.auxiliary:
        _check_auxiliary(graph, costs)
    return GraphCost(parameters, trainable, flops, costs)


def check_size(cost: GraphCost) -> None:
    """Check that a network has no more weights than the limit, before any is made.

    Raises:
        InvalidArchitectureError: there are too many; names the largest layer.
    """
    if cost.parameters <= limits.PARAMETERS:
        return
    name, largest = max(cost.nodes.items(), key=lambda each: each[1].parameters)
    raise InvalidArchitectureError(
        f"expected a network of at most {limits.PARAMETERS:,} parameters; use fewer units or filters. Received: "
        f"{cost.parameters:,}, of which {largest.parameters:,} in '{shortened(name)}'"
    )


def _check_auxiliary(graph: Network, costs: Mapping[str, NodeCost]) -> None:
    final = costs[graph.outputs[0]].output_shape
    for name in graph.auxiliary:
        if costs[name].output_shape != final:
            raise InvalidArchitectureError(
                f"The intermediate output '{name}' on '{graph.node(name).parents[0]}' has shape "
                f"{costs[name].output_shape}, and cannot learn the labels of '{graph.outputs[0]}', which has {final} "
                "(shapes without batch)"
            )


def measure_operation(
    operation: Operation, input_shapes: tuple[Shape, ...], merge: str = "", node_name: str = ""
) -> NodeCost:
    """Return the cost of an operation on inputs of these shapes.

    Args:
        operation: what is computed.
        input_shapes: without batch.
        merge: how several inputs of a single-input operation are joined.
        node_name: for messages.

    Raises:
        InvalidArchitectureError: the shapes do not fit.
    """
    try:
        return _measure(OPERATIONS.version, operation, merge, input_shapes)
    except _ShapeError as error:
        shapes = " and ".join(str(shape) for shape in input_shapes) or "no input"
        said = describe(operation)
        what = f"Node '{node_name}' ({said})" if node_name else f"The operation {said}"
        raise InvalidArchitectureError(f"{what} cannot be built on {shapes} (shapes without batch): {error}") from error


class _ShapeError(Exception):
    """Why an operation cannot be applied to shapes; `measure_operation` adds the node's name."""


# The version of the registry is part of the key, so that a replaced operation is measured again.
@lru_cache(maxsize=65536)
def _measure(version: int, operation: Operation, merge: str, shapes: tuple[Shape, ...]) -> NodeCost:
    if operation.Layer_type == "input":
        return NodeCost(input_shape(operation))
    spec = OPERATIONS.get(operation.Layer_type)
    if not shapes or (len(shapes) > 1 and not (spec.takes_list or merge)):
        raise _ShapeError(f"'{spec.name}' takes one input; received {len(shapes)}")
    if not spec.takes_list and len(shapes) > 1:
        joined = _apply(lambda: make_merge(merge), merge, None, shapes)
        rest = _measure(version, operation, "", (joined.output_shape,))
        return NodeCost(
            rest.output_shape,
            rest.parameters + joined.parameters,
            rest.trainable_parameters + joined.trainable_parameters,
            rest.flops + joined.flops,
        )
    if spec.takes_list and len(shapes) < 2:
        raise _ShapeError(f"'{spec.name}' joins at least two inputs; expected 2 or more, received {len(shapes)}")
    return _apply(lambda: make_layer(operation, input_shape=shapes[0]), spec.name, spec.flops, shapes)


def _apply(
    make: Callable[[], keras.layers.Layer], kind: str, flops: FlopFunction | None, shapes: tuple[Shape, ...]
) -> NodeCost:
    tensors = [keras.KerasTensor((None, *shape), dtype="float32") for shape in shapes]
    try:
        with abstract_layers():
            layer = make()
            if len(set(shapes)) > 1 and never_broadcasts(layer):
                raise _ShapeError(f"'{kind}' needs inputs of equal shapes, and never broadcasts")
            result = layer(tensors if len(tensors) > 1 else tensors[0])
            output = _single_output(result)
            return NodeCost(
                output,
                sum(math.prod(weight.shape) for weight in layer.weights),
                sum(math.prod(weight.shape) for weight in layer.trainable_weights),
                flops(layer, list(shapes), output) if flops else 0,
            )
    except (_ShapeError, ModelSpaceError):
        raise
    except Exception as error:  # each backend raises its own kind; the cause is chained
        raise _ShapeError(plain_words(error)) from error


def _single_output(result: Any) -> Shape:
    if isinstance(result, (list, tuple)):
        raise _ShapeError("expected one output tensor, and the layer returns several (return_state=True?)")
    shape = tuple(result.shape[1:])
    if any(size is not None and size < 1 for size in shape):
        raise _ShapeError(f"nothing would be left: the output would have shape {shape}")
    return shape
