"""A chain of operations as a graph, whose kernels and pools fit into the sequence that is left."""

from __future__ import annotations

import math
from collections.abc import Sequence

from amber.architect import Operation
from amber.graph.graph import ComputationGraph
from amber.graph.node import ComputationNode


class SequenceChain:
    """Nodes of a network over one sequence, added one after the other.

    Args:
        inputs: the input operation, of shape (length, channels).
        width: factor of all numbers of filters and units.

    Attributes:
        length: positions that are left after the nodes so far.
    """

    def __init__(self, inputs: Operation, width: float) -> None:
        self.length: int = inputs.Layer_attributes["shape"][0]
        self._input_name = str(inputs.Layer_attributes.get("name") or "input")
        self._width = width
        self._nodes = [ComputationNode(inputs, self._input_name, group="input")]
        self._block = 0

    @property
    def last(self) -> str:
        """The name of the node added last."""
        return self._nodes[-1].name

    def scaled(self, units: int) -> int:
        """Return a number of filters or units, times the width."""
        return max(1, round(units * self._width))

    def add(self, kind: str, parents: Sequence[str] = (), **attributes: object) -> str:
        """Add one operation after the last node, or after given ones, and return its name."""
        name = f"L{self._block}_{kind}"
        self._block += 1
        operation = Operation(kind, **attributes)
        self._nodes.append(ComputationNode(operation, name, parents=parents or (self.last,), group=name))
        return name

    def convolve(self, filters: int, size: int, **attributes: object) -> str:
        """Add a convolution without padding, unless it says so; its kernel is no longer than what is left."""
        size = min(size, self.length)
        if attributes.get("padding", "valid") == "valid":
            self.length -= size - 1
        return self.add("conv1d", (), filters=self.scaled(filters), kernel_size=size, **attributes)

    def pool(self, size: int) -> str:
        """Add max pooling; its window is at most as long as what is left."""
        size = min(size, self.length)
        self.length = math.floor(self.length / size)
        return self.add("maxpool1d", pool_size=size)

    def dense(self, units: int, **attributes: object) -> str:
        """Add a dense layer."""
        return self.add("dense", (), units=self.scaled(units), **attributes)

    def end(self, outputs: Sequence[Operation]) -> ComputationGraph:
        """Return the graph with its outputs, all after the last node."""
        last = self.last
        names = []
        for position, output in enumerate(outputs):
            many = f"output_{position}" if len(outputs) > 1 else "output"
            names.append(str(output.Layer_attributes.get("name") or many))
            self._nodes.append(ComputationNode(output, names[-1], parents=[last], group="output"))
        return ComputationGraph(self._nodes, [self._input_name], names)
