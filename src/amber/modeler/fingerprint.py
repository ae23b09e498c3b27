"""A canonical name of a network: two token lists that mean the same network share it.

Names, groups and operations that compute nothing do not count; neither does the order of the parents of a
commutative merge. Nodes are coloured by what they compute from the inputs and then by who reads them
(colour refinement, Weisfeiler and Leman 1968), so that one node read twice differs from two equal nodes.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from amber.architect import Operation
from amber.modeler.merges import COMMUTATIVE

if TYPE_CHECKING:
    from amber.modeler.graph import ComputationGraph, ComputationNode

# Types whose candidates carry a width for the search only; their layers do not read it.
_UNREAD_WIDTH = frozenset(
    {
        "maxpool1d",
        "avgpool1d",
        "maxpool2d",
        "avgpool2d",
        "globalmaxpool1d",
        "globalavgpool1d",
        "globalmaxpool2d",
        "globalavgpool2d",
        "flatten",
        "dropout",
        "gaussian_noise",
    }
)


def fingerprint(graph: ComputationGraph) -> str:
    """Returns 32 hexadecimal digits that name the network."""
    stands_for: dict[str, str] = {}
    colours: dict[str, bytes] = {}
    kept: list[tuple[ComputationNode, list[str]]] = []
    for node in graph.nodes:
        parents = [stands_for[parent] for parent in node.parents]
        if len(parents) == 1 and _computes_nothing(node.operation) and node.node_name not in graph.outputs:
            stands_for[node.node_name] = parents[0]
            continue
        stands_for[node.node_name] = node.node_name
        label = _label(node, graph)
        below = [colours[parent] for parent in parents]
        colours[node.node_name] = _digest(label, *(sorted(below) if _ignores_order(node) else below))
        kept.append((node, parents))
    above: dict[str, list[bytes]] = {node.node_name: [] for node, _ in kept}
    refined: list[bytes] = []
    for node, parents in reversed(kept):
        place = [b"out%d" % k for k, name in enumerate(graph.outputs) if stands_for[name] == node.node_name]
        colour = _digest(colours[node.node_name], *place, *sorted(above[node.node_name]))
        refined.append(colour)
        orderless = _ignores_order(node)
        for position, parent in enumerate(parents):
            above[parent].append(colour if orderless else colour + b"%d" % position)
    return _digest(*sorted(refined)).hex()


def _digest(*parts: bytes) -> bytes:
    return blake2b(b"|".join(parts), digest_size=16).digest()


def _ignores_order(node: ComputationNode) -> bool:
    if len(node.parents) < 2:
        return False
    kind = node.operation.Layer_type
    return kind in COMMUTATIVE or (kind != "concatenate" and node.merge_op in COMMUTATIVE)


@lru_cache(maxsize=4096)
def _computes_nothing(operation: Operation) -> bool:
    kind = operation.Layer_type
    if kind == "identity":
        return True
    if kind == "activation":
        return operation.get("activation") in (None, "linear")
    return kind == "dropout" and operation.get("rate") == 0


def _label(node: ComputationNode, graph: ComputationGraph) -> bytes:
    if node.operation.Layer_type == "input":
        # An input is known by its place, which is how data reaches it.
        place = graph.inputs.index(node.node_name) if node.node_name in graph.inputs else -1
        return b"input%d" % place + _text(node.operation)
    if len(node.parents) > 1:
        return node.merge_op.encode() + _text(node.operation)
    return _text(node.operation)


@lru_cache(maxsize=4096)
def _text(operation: Operation) -> bytes:
    attributes = operation.Layer_attributes
    attributes.pop("name", None)
    if operation.Layer_type in _UNREAD_WIDTH:
        attributes.pop("filters", None)
        attributes.pop("units", None)
    return f"{operation.Layer_type}{sorted((name, repr(value)) for name, value in attributes.items())}".encode()
