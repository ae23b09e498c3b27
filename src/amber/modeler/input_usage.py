"""Which inputs a network uses, and where: read off the graph."""

from __future__ import annotations

from dataclasses import dataclass

from amber.graph.graph import ComputationGraph

DEFAULT_INPUT = "default_input"


@dataclass(frozen=True)
class BlockUse:
    """What becomes of one input.

    Attributes:
        layers: the layers (groups of nodes, or nodes without a group) that read it themselves, in order.
        outputs: the outputs it can influence.
        squeezed: whether it is read by a `default_input` node, one unit that all unused inputs share.
    """

    layers: tuple[str, ...]
    outputs: tuple[str, ...]
    squeezed: bool = False

    @property
    def used(self) -> bool:
        """Whether a layer reads it and an output hears of it."""
        return bool(self.layers and self.outputs)

    def describe(self) -> str:
        """Returns the use in a few words: `L0 L3`, `one shared unit`, `not read`."""
        if self.used:
            return " ".join(self.layers)
        return "one shared unit" if self.squeezed else "not read"


def block_use(graph: ComputationGraph) -> dict[str, BlockUse]:
    """Returns for every input, in order, which layers read it and which outputs it reaches."""
    heard: dict[str, set[str]] = {}
    for node in graph.nodes:
        below = [heard[parent] for parent in node.parents]
        heard[node.name] = {node.name} if node.name in graph.inputs else set().union(*below)
    found = {}
    for name in graph.inputs:
        readers = graph.children(name)
        layers = dict.fromkeys(graph.node(reader).group or reader for reader in readers if reader != DEFAULT_INPUT)
        outputs = tuple(output for output in graph.outputs if name in heard[output])
        found[name] = BlockUse(tuple(layers), outputs, DEFAULT_INPUT in readers)
    return found
