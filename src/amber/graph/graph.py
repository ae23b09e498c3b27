"""`ComputationGraph`: a whole network as a value, independent of Keras."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from amber.checks import is_number
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.files import limits
from amber.files.strict_json import parse_json
from amber.graph import plain
from amber.graph.build import build_model
from amber.graph.cost import GraphCost, measure
from amber.graph.fingerprint import fingerprint
from amber.graph.node import ComputationNode
from amber.wording import shortened, shown

if TYPE_CHECKING:
    import keras

    from amber.graph.build import LayerFor

__all__ = ["ComputationGraph", "ComputationNode", "reachable"]


class ComputationGraph:
    """A network as a value: nodes in topological order, with its inputs and outputs.

    Args:
        nodes: every node, parents before children. Nodes of type `input` are the sources.
        inputs: names of the input nodes, in the order a model takes them.
        outputs: names of the output nodes, in the order a model returns them.
        auxiliary: the intermediate ones among the outputs, each with the weight of its loss beside the 1 of the
            others. They learn the labels of the first output, and take its shape.

    Raises:
        InvalidArchitectureError: a repeated name, a parent that does not come earlier, a node without
            parents that is not an input, an unknown input or output, or an intermediate output that is not an output,
            is the first output, or has a weight that is not a finite number of at least 0.
    """

    def __init__(
        self,
        nodes: Iterable[ComputationNode],
        inputs: Iterable[str],
        outputs: Iterable[str],
        auxiliary: Mapping[str, float] | None = None,
    ) -> None:
        self.nodes: tuple[ComputationNode, ...] = tuple(nodes)
        self.inputs: tuple[str, ...] = tuple(inputs)
        self.outputs: tuple[str, ...] = tuple(outputs)
        self._by_name = _check(self.nodes, self.inputs, self.outputs)
        self._auxiliary = _check_auxiliary(auxiliary, self.outputs) if auxiliary else ()
        self._fingerprint: str | None = None

    @property
    def auxiliary(self) -> dict[str, float]:
        """The intermediate outputs and the weights of their losses, in the order of the outputs."""
        return dict(self._auxiliary)

    def node(self, name: str) -> ComputationNode:
        """Return the node of this name."""
        try:
            return self._by_name[name]
        except KeyError:
            raise InvalidArchitectureError(
                f"The network has no node of this name; it has {', '.join(self._by_name)}. Received: {name!r}"
            ) from None

    def children(self, name: str) -> tuple[str, ...]:
        """Return the names of the nodes that read this one, in order."""
        return self._children.get(self.node(name).name, ())

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        readers: dict[str, list[str]] = {}
        for node in self.nodes:
            for parent in dict.fromkeys(node.parents):
                readers.setdefault(parent, []).append(node.name)
        return {name: tuple(names) for name, names in readers.items()}

    def prune(self) -> ComputationGraph:
        """Return the graph without the nodes that no output reads; every input stays."""
        kept = reachable(self.nodes, self.inputs, self.outputs)
        return ComputationGraph(kept, self.inputs, self.outputs, self.auxiliary)

    def fingerprint(self) -> str:
        """Return the fingerprint of the network: the same for all tokens and names that mean this network."""
        if self._fingerprint is None:
            self._fingerprint = fingerprint(self)
        return self._fingerprint

    @cached_property
    def cost(self) -> GraphCost:
        """The cost of the network, measured once.

        Raises:
            InvalidArchitectureError: the shapes do not fit; names the node and the shapes.
        """
        return measure(self)

    def build(
        self,
        layer_for: LayerFor | None = None,
        name: str | None = None,
        model_class: Callable[..., keras.Model] | None = None,
    ) -> keras.Model:
        """Build the Keras model; see `amber.graph.build.build_model`."""
        return build_model(self, layer_for=layer_for, name=name, model_class=model_class)

    def to_dict(self) -> dict[str, object]:
        """Return the graph as a JSON-ready dictionary, with `auxiliary` only if there are intermediate outputs."""
        return {
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
            **({"auxiliary": self.auxiliary} if self._auxiliary else {}),
            "nodes": [node.to_dict() for node in self.nodes],
        }

    @classmethod
    def from_dict(cls, description: Mapping[str, object]) -> ComputationGraph:
        """Read what `to_dict` wrote.

        Raises:
            InvalidArchitectureError: it does not describe a network; the message says what is wrong.
        """
        error = InvalidArchitectureError
        plain.check_mapping(description, "A network", ("nodes", "inputs", "outputs"), error)
        entries = description["nodes"]
        if not isinstance(entries, (list, tuple)) or len(entries) > limits.NODES:
            raise error(f"A network must be a list of at most {limits.NODES:,} nodes. Received: {shown(entries)}")
        nodes = []
        for position, entry in enumerate(entries):
            try:
                nodes.append(ComputationNode.from_dict(entry))
            except ModelSpaceError as problem:
                raise error(f"Node {position}: {problem}", field=("nodes", position)) from problem
        auxiliary = description.get("auxiliary")
        if auxiliary is not None and not isinstance(auxiliary, Mapping):
            raise error(f"The intermediate outputs must be weights by name. Received: {shown(auxiliary)}")
        inputs, outputs = (plain.texts(description[name], name, error) for name in ("inputs", "outputs"))
        return cls(nodes, inputs, outputs, auxiliary)

    def to_json(self) -> str:
        """Return the graph as JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> ComputationGraph:
        """Read what `to_json` wrote.

        Raises:
            InvalidArchitectureError: it is not JSON, or does not describe a network.
        """
        return cls.from_dict(parse_json(text, what="a network", error=InvalidArchitectureError))

    def __len__(self) -> int:
        return len(self.nodes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ComputationGraph):
            return NotImplemented
        return self._key() == other._key()

    def _key(self) -> tuple[object, ...]:
        return (self.nodes, self.inputs, self.outputs, self._auxiliary)

    def __hash__(self) -> int:
        return hash(self._key())

    def _repr_html_(self) -> str:
        """Return the graph's drawing for notebooks."""
        # A notebook asks for it; nothing in this package depends on drawings.
        drawing: str = importlib.import_module("amber.drawing").draw_svg(self)
        return drawing

    def __repr__(self) -> str:
        return f"<ComputationGraph of {len(self)} nodes, {', '.join(self.inputs)} -> {', '.join(self.outputs)}>"


def reachable(nodes: Sequence[ComputationNode], inputs: Iterable[str], outputs: Iterable[str]) -> list[ComputationNode]:
    """Return the nodes that an output reads, and every input, in their order."""
    needed = set(outputs)
    for node in reversed(nodes):
        if node.node_name in needed:
            needed.update(node.parents)
    needed.update(inputs)
    return [node for node in nodes if node.node_name in needed]


def _check(
    nodes: tuple[ComputationNode, ...], inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> dict[str, ComputationNode]:
    seen: dict[str, ComputationNode] = {}
    for node in nodes:
        if node.node_name in seen:
            raise InvalidArchitectureError(f"Two nodes have the same name. Received: {node.node_name!r} twice")
        if not node.parents and node.operation.Layer_type != "input":
            raise InvalidArchitectureError(f"Node '{node.node_name}' reads nothing; expected at least one parent.")
        for parent in node.parents:
            if parent not in seen:
                raise InvalidArchitectureError(
                    f"Node '{node.node_name}' reads '{parent}', which does not come before it."
                )
        seen[node.node_name] = node
    for kind, names in (("input", inputs), ("output", outputs)):
        if not names:
            raise InvalidArchitectureError(f"A network needs at least one {kind}. Received: none")
        for name in names:
            if name not in seen:
                raise InvalidArchitectureError(f"The {kind} '{name}' is not a node of the network.")
    return seen


def _check_auxiliary(auxiliary: Mapping[str, float], outputs: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    for name, weight in auxiliary.items():
        if name not in outputs[1:]:
            raise InvalidArchitectureError(
                "An intermediate output must be one of the outputs after the first "
                f"({', '.join(outputs[1:]) or 'none'}). Received: {shown(name)}"
            )
        if not is_number(weight) or not 0 <= weight < math.inf:
            raise InvalidArchitectureError(
                f"The weight of the loss of '{shortened(name)}' must be a finite number of at least 0. "
                f"Received: {shown(weight)}"
            )
    return tuple((name, float(auxiliary[name])) for name in outputs if name in auxiliary)
