"""Running one planned network eagerly: the selected operations, and nothing else.

The fixed child, the sampled child on torch and the extracted model all come from the same graph; here it is
walked with tensors in hand. `amber.graph.build` walks it to make a Keras model with layers of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras import ops

from amber.graph.graph import ComputationGraph, ComputationNode
from amber.operations.merges import make_merge

View = Callable[[Any, Any], Any]
"""What a node computes with the shared weights: a callable of its input and the training flag."""


def run_graph(
    graph: ComputationGraph,
    inputs: Mapping[str, Any],
    view_for: Callable[[ComputationNode], View],
    training: Any,
) -> list[Any]:
    """Compute the outputs of a network from the shared weights.

    Args:
        graph: the network; nodes that no output reads should be pruned, because every node is run.
        inputs: a tensor for each input node, by name.
        view_for: gives a node its part of the shared weights.
        training: whether batch statistics and dropout are used.

    Returns:
        One tensor per output of the graph, in order.
    """
    tensors: dict[str, Any] = dict(inputs)
    for node in graph.nodes:
        if node.operation.Layer_type == "input":
            continue
        tensors[node.node_name] = view_for(node)(_join(node, [tensors[name] for name in node.parents]), training)
    return [tensors[name] for name in graph.outputs]


def _join(node: ComputationNode, parents: list[Any]) -> Any:
    if len(parents) == 1:
        return parents[0]
    if node.operation.Layer_type == "add":
        return parents
    if node.merge_op == "concatenate":
        return ops.concatenate(parents, axis=-1)
    return make_merge(node.merge_op)(parents)
