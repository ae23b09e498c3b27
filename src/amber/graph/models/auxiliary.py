"""Choose the model class for a graph with intermediate outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

from amber.graph.models.intermediate import BlockLossMapping, DenseAddOutputChild
from amber.graph.node import ComputationNode, Network

DEFAULT_INPUT = "default_input"


def child_class_of(graph: Network) -> Callable[..., DenseAddOutputChild]:
    """Return a function that makes the child from inputs and outputs, with nodes, weights and block losses."""
    ends = {*graph.inputs, *graph.outputs}
    return partial(
        DenseAddOutputChild,
        nodes=[node for node in graph.nodes if node.node_name not in ends],
        block_loss_mapping=block_loss_mapping(graph),
        aux_loss_weight=graph.auxiliary,
    )


def block_loss_mapping(graph: Network) -> BlockLossMapping:
    """Map every ordered pair of inputs to the position of the loss where they first meet.

    Args:
        graph: a network with intermediate outputs.

    Returns:
        For the names of two inputs, which may be the same, the position in `evaluate(..., final_only=False)`: 0 is
        the total and 1 the final output. None where the two never meet, or where the layer in which they meet
        has no output of its own: then the final loss applies.
    """
    ends = {*graph.inputs, *graph.outputs}
    layers = [node for node in graph.nodes if node.node_name not in ends]
    positions = {
        graph.node(name).parents[0]: place
        for place, name in enumerate(graph.outputs, start=1)
        if name in graph.auxiliary
    }
    meetings = first_meetings(graph.inputs, layers)
    return {pair: positions.get(meeting) if meeting else None for pair, meeting in meetings.items()}


def first_meetings(inputs: Sequence[str], layers: Sequence[ComputationNode]) -> dict[tuple[str, str], str | None]:
    """Map every ordered pair of inputs to the layer where they first meet.

    That is the first layer, in order, whose ancestors hold both. The default input does not
    count: no layer chose it, and all unused inputs are one number there.

    Args:
        inputs: names of the inputs.
        layers: in order.

    Returns:
        The name of the layer for each pair, in the order of the inputs; None where they never meet.
    """
    meetings: dict[tuple[str, str], str | None] = dict.fromkeys(product(inputs, inputs))
    apart = set(meetings)
    reached: dict[str, frozenset[str]] = {name: frozenset([name]) for name in inputs}
    for layer in layers:
        chosen = layer.parents if layer.node_name != DEFAULT_INPUT else ()
        reached[layer.node_name] = frozenset().union(*[reached[parent] for parent in chosen])
        met = apart.intersection(product(reached[layer.node_name], repeat=2))
        meetings.update(dict.fromkeys(met, layer.node_name))
        apart -= met
    return meetings
