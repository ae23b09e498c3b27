"""Fingerprint a network: token lists that mean the same network have the same fingerprint.

Names, groups, operations that compute nothing, and the order of the parents of a commutative merge do not
count. Nodes are coloured by what they compute from the inputs and then by who reads them
(colour refinement, Weisfeiler and Leman 1968), so that one node read twice differs from two equal nodes. A chain of
nodes that only read one another counts as one node, which is what makes it fast.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from amber.architect import Operation
from amber.graph.node import ComputationNode, Network
from amber.operations import read_attributes
from amber.operations.merges import COMMUTATIVE

Parents = tuple[str, ...]


def fingerprint(graph: Network) -> str:
    """Return the fingerprint of a network, 32 hexadecimal digits."""
    nodes, stands_for = _without_idle(graph)
    outputs = [stands_for[name] for name in graph.outputs]
    continued = _continued(nodes, outputs)
    # Of a chain: the text of its nodes so far, what its first node reads, and whether in any order.
    texts: dict[str, tuple[bytes, Parents, bool]] = {}
    colours: dict[str, bytes] = {}
    chains: list[tuple[str, Parents, bool]] = []
    for node, parents in nodes:
        reads, orderless = parents, False
        if len(parents) == 1:
            (parent,) = parents
            if parent in continued:
                below, reads, orderless = texts[parent]
                text = _traits(node.operation)[0] + below
            else:
                text = _traits(node.operation)[0] + colours[parent]
        elif parents:
            label, orderless = _joining(node.operation, node.merge_op)
            joined = [colours[parent] for parent in parents]
            if orderless:
                joined.sort()
            text = b"|".join((label, *joined))
        else:
            text = _source(node, graph)
        name = node.node_name
        if name in continued:
            texts[name] = (text, reads, orderless)
        else:
            colours[name] = blake2b(text, digest_size=16).digest()
            chains.append((name, reads, orderless))
    # The weight of the loss of an intermediate output is part of what it is.
    weights = graph.auxiliary
    places = [
        b"out%d" % k + (b"x%r" % weights[name] if name in weights else b"") for k, name in enumerate(graph.outputs)
    ]
    return _refine(chains, colours, list(zip(outputs, places, strict=True)))


def _without_idle(graph: Network) -> tuple[list[tuple[ComputationNode, Parents]], dict[str, str]]:
    """Return the nodes that compute something, with their parents among these, and which of them replaces each node."""
    stands_for: dict[str, str] = {}
    nodes: list[tuple[ComputationNode, Parents]] = []
    outputs = graph.outputs
    for node in graph.nodes:
        parents, name = node.parents, node.node_name
        if len(parents) == 1:
            parent = stands_for[parents[0]]
            if _traits(node.operation)[1] and name not in outputs:
                stands_for[name] = parent
                continue
            # Most nodes read no idle one, and keep their tuple of parents.
            nodes.append((node, parents if parent is parents[0] else (parent,)))
        else:
            nodes.append((node, tuple([stands_for[parent] for parent in parents])))
        stands_for[name] = name
    return nodes, stands_for


def _continued(nodes: list[tuple[ComputationNode, Parents]], outputs: list[str]) -> set[str]:
    """Return the nodes with one reader that reads nothing else, so that it determines them."""
    once: set[str] = set()
    again = set(outputs)
    for _, parents in nodes:
        for parent in parents:
            (again if parent in once else once).add(parent)
    return {parents[0] for _, parents in nodes if len(parents) == 1 and parents[0] not in again}


def _refine(
    chains: list[tuple[str, Parents, bool]], colours: dict[str, bytes], outputs: list[tuple[str, bytes]]
) -> str:
    """Refine the colour of every chain by its readers, last first, and return a digest of all colours."""
    above: dict[str, list[bytes]] = {name: [] for name in colours}
    places: dict[str, list[bytes]] = {}
    for name, place in outputs:
        places.setdefault(name, []).append(place)
    refined: list[bytes] = []
    for name, parents, orderless in reversed(chains):
        readers = above[name]
        if len(readers) > 1:
            readers.sort()
        colour = blake2b(b"|".join((colours[name], *places.get(name, ()), *readers)), digest_size=16).digest()
        refined.append(colour)
        if orderless:
            for parent in parents:
                above[parent].append(colour)
        else:
            for position, parent in enumerate(parents):
                above[parent].append(colour + b"%d" % position)
    refined.sort()
    return blake2b(b"|".join(refined), digest_size=16).hexdigest()


@lru_cache(maxsize=4096)
def _joining(operation: Operation, merge_op: str) -> tuple[bytes, bool]:
    """Return the label of an operation with several parents, and whether their order does not matter."""
    kind = operation.Layer_type
    orderless = kind in COMMUTATIVE or (kind != "concatenate" and merge_op in COMMUTATIVE)
    return merge_op.encode() + _text(operation), orderless


def _source(node: ComputationNode, graph: Network) -> bytes:
    if node.operation.Layer_type == "input":
        # An input is known by its place, which is how data reaches it.
        place = graph.inputs.index(node.node_name) if node.node_name in graph.inputs else -1
        return b"input%d" % place + _text(node.operation)
    return _text(node.operation)


@lru_cache(maxsize=4096)
def _traits(operation: Operation) -> tuple[bytes, bool]:
    """Return the text of an operation with one parent, and whether it computes nothing."""
    kind = operation.Layer_type
    is_idle = (
        kind == "identity"
        or (kind == "activation" and operation.get("activation") in (None, "linear"))
        or (kind == "dropout" and operation.get("rate") == 0)
    )
    return _text(operation) + b"|", is_idle


@lru_cache(maxsize=4096)
def _text(operation: Operation) -> bytes:
    """Return the attributes that a layer reads, as text. Lists and tuples are equal, as in the operation itself."""
    kind, attributes = read_attributes(operation)
    attributes.pop("name", None)
    return f"{kind}{sorted((name, repr(_frozen(value))) for name, value in attributes.items())}".encode()


def _frozen(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {name: _frozen(item) for name, item in sorted(value.items())}
    return value
