"""Which inputs a network uses, and which of its layers read them."""

from __future__ import annotations

from dataclasses import dataclass

from amber.graph.graph import ComputationGraph
from amber.graph.models.auxiliary import DEFAULT_INPUT


@dataclass(frozen=True)
class InputUsage:
    """How a network uses an input.

    Attributes:
        layers: the layers (groups of nodes, or nodes without a group) that read it directly, in order.
        outputs: the outputs that depend on it.
        squeezed: whether it is read by a `default_input` node, one unit that all unused inputs share.
    """

    layers: tuple[str, ...]
    outputs: tuple[str, ...]
    squeezed: bool = False

    @property
    def used(self) -> bool:
        """Whether a layer reads the input and an output depends on it."""
        return bool(self.layers and self.outputs)

    def describe(self) -> str:
        """Return the usage in a few words: `L0 L3`, `one shared unit`, `not read`."""
        if self.used:
            return " ".join(self.layers)
        return "one shared unit" if self.squeezed else "not read"


def input_usage(graph: ComputationGraph) -> dict[str, InputUsage]:
    """Return, for every input in order, which layers read it and which outputs depend on it."""
    reached: dict[str, set[str]] = {}
    for node in graph.nodes:
        below = [reached[parent] for parent in node.parents]
        reached[node.name] = {node.name} if node.name in graph.inputs else set().union(*below)
    found = {}
    for name in graph.inputs:
        readers = graph.children(name)
        layers = dict.fromkeys(graph.node(reader).group or reader for reader in readers if reader != DEFAULT_INPUT)
        outputs = tuple(output for output in graph.outputs if name in reached[output])
        found[name] = InputUsage(tuple(layers), outputs, DEFAULT_INPUT in readers)
    return found
