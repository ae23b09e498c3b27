"""Fold the nodes of a graph into the boxes that a drawing shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from amber.graph.describe import (
    MERGES,
    activation_of,
    attributes,
    clip,
    describe,
    describe_short,
    family_of,
    is_activation,
    kernel_of,
    size_text,
    type_name,
)

if TYPE_CHECKING:
    from amber.graph.cost import GraphCost
    from amber.graph.node import ComputationNode, Network

_TITLE_LIMIT = 58
_DETAIL_LIMIT = 54
_READERS_LIMIT = 26
# More lines than this from several inputs are not drawn; the reading boxes name their inputs instead.
_MOST_INPUT_LINES = 8


@dataclass(frozen=True)
class Box:
    """One box.

    Attributes:
        key: of the box.
        title: its bold line.
        details: further lines.
        family: key in `style.FAMILIES`.
        members: names of the nodes within.
        tooltip: shown on hovering.
        chips: keys of the inputs it names instead of lines.
        exits: intermediate outputs that read it, in words.
    """

    key: str
    title: str
    details: tuple[str, ...]
    family: str
    members: tuple[str, ...]
    tooltip: str
    chips: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoldedGraph:
    """Boxes in topological order, with the distinct edges between them.

    Attributes:
        boxes: in topological order.
        edges: what is drawn as a line.
        inputs: boxes with an input of the graph.
        outputs: boxes with an output of the graph.
        doubled: edges along which a box is read twice: by its first node, and again as a skip by its merge.
        hidden: edges from inputs that are shown as chips in the reading box instead of lines.
    """

    boxes: tuple[Box, ...]
    edges: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    doubled: tuple[tuple[str, str], ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()


def fold(
    graph: Network, costs: GraphCost | None = None, loss_weights: Mapping[str, float] | None = None
) -> FoldedGraph:
    """Fold a computation graph, one box for each group; nodes without a group keep their own.

    Inputs keep boxes of their own; where more lines would leave several inputs than an eye can follow, the reading
    boxes name their inputs instead. An intermediate output on one layer is a label in that layer's box. A group whose
    box would lie on a cycle is left unfolded. Reductions are folded by target: chains of them that
    lead to the same boxes share one.

    Args:
        graph: A `ComputationGraph`.
        costs: A `GraphCost`; adds output shapes and parameter counts.
        loss_weights: Of outputs, by name, added to their boxes; by default what the graph says of intermediate ones.
    """
    # Graphs that know of no intermediate outputs, such as those of other packages, have none.
    intermediate = getattr(graph, "auxiliary", {})
    exits = _exits(graph.nodes, intermediate)
    nodes = {node.name: node for node in graph.nodes if node.name not in exits}
    home = {name: f"group:{node.group}" if node.group else f"node:{name}" for name, node in nodes.items()}
    for name, node in nodes.items():
        if _is_reduction(node) or name in graph.inputs:
            home[name] = f"node:{name}"
    _join_reductions(nodes, home)
    while True:
        order, cyclic = _topological(nodes, home)
        if not cyclic:
            break
        for name in nodes:
            if home[name] in cyclic:
                home[name] = f"node:{name}"
    members: dict[str, list[str]] = {}
    for name in nodes:
        members.setdefault(home[name], []).append(name)
    edges = _edges(nodes, home)
    inputs = tuple(dict.fromkeys(home[name] for name in graph.inputs))
    hidden = _hidden(edges, inputs)
    outputs = tuple(dict.fromkeys(home[name] for name in graph.outputs if name in home))
    boxes = tuple(_box(key, [nodes[name] for name in members[key]], nodes, costs) for key in order)
    if len(inputs) > 1:
        titles = {box.key: box.title.split("  ")[0] for box in boxes}
        boxes = tuple(_with_readers(box, edges, titles) if box.key in inputs else box for box in boxes)
    boxes = tuple(replace(box, chips=tuple(a for a, b in hidden if b == box.key)) for box in boxes)
    if len(graph.outputs) > 1:
        weights = {
            **(dict.fromkeys(graph.outputs, 1.0) if intermediate else {}),
            **intermediate,
            **(loss_weights or {}),
        }
        boxes = tuple(_with_output(box, graph.outputs, intermediate, weights) for box in boxes)
        boxes = tuple(_with_exits(box, exits, weights) for box in boxes)
    edges = tuple(edge for edge in edges if edge not in hidden)
    doubled = tuple(edge for edge in edges if _reads_twice(edge, nodes, home, members))
    return FoldedGraph(boxes, edges, inputs, outputs, doubled, hidden)


def _exits(nodes: Sequence[ComputationNode], intermediate: Mapping[str, float]) -> dict[str, ComputationNode]:
    """Return the intermediate outputs that read one node and are read by none, by name."""
    read = {parent for node in nodes for parent in node.parents}
    return {n.name: n for n in nodes if n.name in intermediate and len(n.parents) == 1 and n.name not in read}


def _with_exits(box: Box, exits: Mapping[str, ComputationNode], weights: Mapping[str, float]) -> Box:
    here = [name for name, node in exits.items() if node.parents[0] in box.members]
    told = tuple(clip(f"{name}, loss weight {weights[name]:g}", _DETAIL_LIMIT) for name in here)
    tooltip = "\n".join([box.tooltip, *(f"{name}: {exits[name].operation}" for name in here)])
    return replace(box, exits=told, tooltip=tooltip)


def _hidden(edges: Sequence[tuple[str, str]], inputs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the edges from inputs where there are too many to draw, in the order of the inputs."""
    found = [(a, b) for a in inputs for other, b in edges if other == a]
    return tuple(found) if len(inputs) > 2 and len(found) > _MOST_INPUT_LINES else ()


def _reads_twice(
    edge: tuple[str, str],
    nodes: Mapping[str, ComputationNode],
    home: Mapping[str, str],
    members: Mapping[str, Sequence[str]],
) -> bool:
    """Say whether one node of a box reads a node of another twice over: itself, and through the box's own chain."""
    source, target = edge
    readers = [name for name in members[target] if any(home[parent] == source for parent in nodes[name].parents)]
    return len(readers) > 1 and any(len(nodes[name].parents) > 1 for name in readers[1:])


def _with_readers(box: Box, edges: Sequence[tuple[str, str]], titles: Mapping[str, str]) -> Box:
    readers = [titles[b] for a, b in edges if a == box.key]
    words = ["read by", *(f"{reader}," for reader in readers[:-1]), readers[-1]] if readers else ["not read"]
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) + 1 > _READERS_LIMIT:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return replace(box, details=tuple(clip(line, _DETAIL_LIMIT) for line in lines))


def _with_output(
    box: Box, outputs: Sequence[str], intermediate: Mapping[str, float], weights: Mapping[str, float]
) -> Box:
    """Return the box with a line that says it is an output, and how much its loss counts."""
    name = next((name for name in box.members if name in outputs), None)
    if name is None:
        return box
    told = "intermediate output" if name in intermediate else "output"
    if name in weights:
        told += f", loss weight {weights[name]:g}"
    return replace(box, details=(*box.details, told))


def _is_reduction(node: ComputationNode) -> bool:
    place = getattr(node, "place", None)  # nodes of other packages have none
    return place is not None and place.role == "reduction"


def _edges(nodes: Mapping[str, ComputationNode], home: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    pairs = ((home[parent], home[name]) for name, node in nodes.items() for parent in node.parents)
    return tuple(dict.fromkeys(pair for pair in pairs if pair[0] != pair[1]))


def _join_reductions(nodes: Mapping[str, ComputationNode], home: dict[str, str]) -> None:
    """Give reduction nodes of one group and the same targets one home; targets first, so backwards."""
    children: dict[str, list[str]] = {name: [] for name in nodes}
    for name, node in nodes.items():
        for parent in node.parents:
            children[parent].append(name)
    shared: dict[tuple[str, frozenset[str]], str] = {}
    for name in reversed(list(nodes)):
        group = nodes[name].group
        if not _is_reduction(nodes[name]):
            continue
        only = children[name][0] if len(children[name]) == 1 else ""
        if only and nodes[only].group == group:
            home[name] = home[only]
            continue
        targets = frozenset(home[child] for child in children[name])
        home[name] = shared.setdefault((group, targets), f"reduce:{name}") if targets else f"reduce:{name}"


def _topological(nodes: Mapping[str, ComputationNode], home: Mapping[str, str]) -> tuple[list[str], set[str]]:
    """Return the boxes in order, and those of several nodes that lie on or between cycles."""
    edges = _edges(nodes, home)
    keys = list(dict.fromkeys(home[name] for name in nodes))
    parents = {key: {a for a, b in edges if b == key} for key in keys}
    order: list[str] = []
    done: set[str] = set()
    while True:
        ready = [key for key in keys if key not in done and parents[key] <= done]
        if not ready:
            break
        order.append(ready[0])
        done.add(ready[0])
    left = [key for key in keys if key not in done]
    # What merely comes after a cycle is peeled off from the far end, so that it stays folded.
    while True:
        inner = [key for key in left if any(a == key and b in left for a, b in edges)]
        if inner == left:
            break
        left = inner
    sizes = [home[name] for name in nodes]
    return order, {key for key in left if sizes.count(key) > 1}


def _merge_text(node: ComputationNode) -> str:
    if len(node.parents) < 2:
        return ""
    name = str(node.operation.Layer_type) if type_name(node.operation) in MERGES else str(node.merge_op)
    return f"{name} {len(node.parents)}"


def _telling(members: Sequence[ComputationNode]) -> ComputationNode:
    """Choose the node whose operation says most about a group."""

    def weight(node: ComputationNode) -> int:
        family = family_of(node.operation)
        if family == "pool":
            return 3 if "global" in type_name(node.operation) else 5
        if family == "convolution":
            # A 1 x 1 convolution beside a pool only sets the number of channels for the searched pool.
            return 4 if set(kernel_of(node.operation).split(" x ")) == {"1"} else 6
        if family in ("dense", "sequence"):
            return 6
        if family in ("input", "identity"):
            return 4
        if family == "merge":
            return 1
        return 0 if is_activation(node.operation) or describe_short(node.operation) == "BN" else 2

    return max(members, key=weight)


def _reduction_words(members: Sequence[ComputationNode]) -> str:
    factor, filters = "", ""
    for node in members:
        known = attributes(node.operation)
        if family_of(node.operation) == "pool":
            factor = size_text(known.get("pool_size") or known.get("strides") or "")
        elif known.get("filters") is not None:
            filters = f"{known['filters']} filters"
    return ", ".join(part for part in (f"reduce /{factor}" if factor else "reduce", filters) if part)


def _origins(node: ComputationNode, nodes: Mapping[str, ComputationNode]) -> set[str]:
    """Return the nodes that a reduction reduces, looking through earlier reductions."""
    if not _is_reduction(node):
        return {node.name}
    return {name for parent in node.parents for name in _origins(nodes[parent], nodes)}


def _box(
    key: str, members: Sequence[ComputationNode], nodes: Mapping[str, ComputationNode], costs: GraphCost | None
) -> Box:
    main = _telling(members)
    rest = [node for node in members if node is not main]
    label = main.group or main.name
    if key.startswith("node:"):
        label = main.name
    family = family_of(main.operation)
    parts: list[str] = []
    if key.startswith("reduce:"):
        family, title = "reduce", _reduction_words(members)
        sources = {name for node in members for name in _origins(node, nodes)}
        labels = dict.fromkeys(nodes[name].group or name for name in nodes if name in sources)
        parts.append("of " + ", ".join(labels))
    else:
        borrowed = ""
        if family in ("convolution", "dense") and not activation_of(main.operation):
            acting = [node for node in rest if is_activation(node.operation)]
            if len(acting) == 1:
                borrowed = activation_of(acting[0].operation)
                rest = [node for node in rest if node is not acting[0]]
        words = describe(main.operation, borrowed)
        title = words if label == words.split(" ")[0] else f"{label}  {words}"
        if family == "merge":
            title += f" {len(main.parents)}"
            parts += [_merge_text(node) for node in rest]
        else:
            parts += [_merge_text(node) for node in [main, *rest]]
        parts += [describe_short(n.operation) for n in rest if family_of(n.operation) != "merge"]
        parts = [part for part in parts if part]
    details = _wrap(parts)
    if costs is not None:
        details.append(_cost_text(members, costs))
    tooltip = "\n".join(f"{node.name}: {node.operation}" for node in members)
    return Box(key, clip(title, _TITLE_LIMIT), tuple(details), family, tuple(n.name for n in members), tooltip)


def _wrap(parts: Sequence[str]) -> list[str]:
    """Join parts with middle dots into at most two lines."""
    lines: list[str] = []
    for part in dict.fromkeys(parts):
        if lines and len(lines[-1]) + len(part) + 3 <= _DETAIL_LIMIT:
            lines[-1] += f" · {part}"
        else:
            lines.append(part)
    if len(lines) > 2:
        lines = [lines[0], " · ".join(lines[1:])]
    return [clip(line, _DETAIL_LIMIT) for line in lines]


def _cost_text(members: Sequence[ComputationNode], costs: GraphCost) -> str:
    known = [costs.nodes[node.name] for node in members if node.name in costs.nodes]
    if not known:
        return ""
    parameters = sum(cost.parameters for cost in known)
    text = size_text(known[-1].output_shape)
    return clip(f"{text} · {parameters:,} parameters" if parameters else text, _DETAIL_LIMIT)
