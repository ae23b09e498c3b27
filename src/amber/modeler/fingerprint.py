"""A canonical name of a network: two token lists that mean the same network share it.

Names, groups and operations that compute nothing do not count; neither does the order of the parents of a
commutative merge. Nodes are coloured by what they compute from the inputs and then by who reads them
(colour refinement, Weisfeiler and Leman 1968), so that one node read twice differs from two equal nodes.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from amber.architect import Operation
from amber.modeler.merges import COMMUTATIVE

if TYPE_CHECKING:
    from amber.modeler.graph import ComputationGraph, ComputationNode

_NAMING = {"name", "filters", "units"}


def fingerprint(graph: ComputationGraph) -> str:
    """Returns 32 hexadecimal digits that name the network."""
    stands_for: dict[str, str] = {}
    colours: dict[str, bytes] = {}
    kept: list[tuple[ComputationNode, list[str]]] = []
    for node in graph.nodes:
        parents = [stands_for[parent] for parent in node.parents]
        if len(parents) == 1 and _computes_nothing(node.operation) and node.name not in graph.outputs:
            stands_for[node.name] = parents[0]
            continue
        stands_for[node.name] = node.name
        label = _label(node, graph)
        below = [colours[parent] for parent in parents]
        colours[node.name] = _digest(label, *(sorted(below) if _ignores_order(node) else below))
        kept.append((node, parents))
    above: dict[str, list[bytes]] = {node.name: [] for node, _ in kept}
    refined: list[bytes] = []
    for node, parents in reversed(kept):
        place = [b"out%d" % k for k, name in enumerate(graph.outputs) if stands_for[name] == node.name]
        colour = _digest(colours[node.name], *place, *sorted(above[node.name]))
        refined.append(colour)
        orderless = _ignores_order(node)
        for position, parent in enumerate(parents):
            above[parent].append(colour if orderless else colour + b"%d" % position)
    return _digest(*sorted(refined)).hex()


def _digest(*parts: bytes) -> bytes:
    return blake2b(b"|".join(parts), digest_size=16).digest()


def _ignores_order(node: ComputationNode) -> bool:
    kind = node.operation.Layer_type
    return kind in COMMUTATIVE or (kind != "concatenate" and node.merge_op in COMMUTATIVE)


def _computes_nothing(operation: Operation) -> bool:
    kind = operation.Layer_type
    if kind == "identity":
        return True
    if kind == "activation":
        return operation.get("activation") in (None, "linear")
    return kind == "dropout" and operation.get("rate") == 0


def _label(node: ComputationNode, graph: ComputationGraph) -> bytes:
    kind = node.operation.Layer_type
    if kind == "input":
        # An input is known by its place, which is how data reaches it.
        place = graph.inputs.index(node.name) if node.name in graph.inputs else -1
        return b"input%d" % place + _text(node.operation)
    merge = node.merge_op if len(node.parents) > 1 else ""
    return merge.encode() + _text(node.operation)


def _text(operation: Operation) -> bytes:
    attributes = operation._attributes
    kind = operation.Layer_type
    unread = _NAMING if kind not in ("dense", "conv1d", "conv2d", "lstm", "gru", "denovo") else {"name"}
    items = sorted((name, repr(value)) for name, value in attributes.items() if name not in unread)
    return f"{kind}{items}".encode()
