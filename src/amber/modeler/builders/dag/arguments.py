"""Checks of what a DAG is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from amber.errors import ModelSpaceError
from amber.graph.graph import ComputationNode
from amber.graph.models.auxiliary import DEFAULT_INPUT


def input_nodes(given: Any) -> tuple[ComputationNode, ...]:
    """Return the input nodes of a network, given as one or as a list.

    Raises:
        ModelSpaceError: none, something that is not a node of type `input`, or two of one name.
    """
    nodes = list(given) if isinstance(given, (list, tuple)) else [given]
    if not nodes:
        raise ModelSpaceError(f"input_node must hold at least one ComputationNode. Received: {given!r}")
    for node in nodes:
        if not isinstance(node, ComputationNode) or node.operation.Layer_type != "input":
            raise ModelSpaceError(f"input_node must be ComputationNodes of type input. Received: {node!r}")
    names = [node.node_name for node in nodes]
    for name in names:
        if names.count(name) > 1:
            raise ModelSpaceError(f"input_node: names must be distinct. Received: {name!r} more than once")
    return tuple(node.replace(parents=(), group=node.group or node.node_name) for node in nodes)


def output_node(given: object) -> ComputationNode:
    """Return the output node of a network, given as one or as a list of one.

    Raises:
        ModelSpaceError: something that is not a node, or a node of type `input`.
    """
    if isinstance(given, (list, tuple)) and len(given) == 1:
        (given,) = given
    if not isinstance(given, ComputationNode) or given.operation.Layer_type == "input":
        raise ModelSpaceError(f"output_node must be one ComputationNode that is not an input. Received: {given!r}")
    return given.replace(parents=(), group=given.group or given.node_name)


def check_names(names: Iterable[str], others: Iterable[str]) -> None:
    """Check that inputs and output have names that no other node can have.

    Args:
        names: of the inputs and the output.
        others: of the layers and the intermediate outputs that there can be.

    Raises:
        ModelSpaceError: two of one name, or the name of the default input or of one of the others.
    """
    taken = {DEFAULT_INPUT, *others}
    for name in names:
        if name in taken:
            raise ModelSpaceError(f"The name of an input or output is taken by another node. Received: {name!r}")
        taken.add(name)
