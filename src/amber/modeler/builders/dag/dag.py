"""`DAG`: the network of one architecture, from nodes of inputs and output and a model space.

What may be changed here: how tokens become connections. What happens to loose ends is in `loose_ends`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from amber.architect import Architecture, ModelSpace, TokenLayout
from amber.architect.places import NodePlace
from amber.display import PlainRepr
from amber.errors import ModelSpaceError
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.graph.models.auxiliary import DEFAULT_INPUT
from amber.modeler.builders.dag import arguments
from amber.modeler.builders.dag.dangling_nodes import PlannedLayer, connect_dangling
from amber.operations.merges import merge_name
from amber.types import Tokens

if TYPE_CHECKING:
    import keras


class DAG(PlainRepr):
    """The network of one architecture: layers that choose among input blocks and earlier layers.

    Layer l is named `L{l}_...` after its operation. It reads its chosen inputs, then its chosen earlier layers,
    joined by `merge_op`. Without input blocks the first layer reads all inputs; without skip connections every layer
    also reads the one before it. The output reads all layers that no other layer reads. Inputs that no layer chose
    reach the network through one unit, the default input; see `loose_ends.connect_dangling`.

    Nothing given is changed, and a DAG can build any number of models.

    Args:
        arc_seq: the tokens: per layer an operation, a bit for each input, a bit for each earlier layer.
        model_space: the candidates of each layer.
        input_node: a ComputationNode of type `input`, or a list of them.
        output_node: a ComputationNode; its `merge_op` joins what it reads.
        with_skip_connection: every layer chooses among the earlier ones.
        with_input_blocks: every layer chooses among the inputs.
        merge_op: how layers join what they read: a registered name or a Keras layer class.

    Attributes:
        layout: the TokenLayout of the tokens.

    Raises:
        ModelSpaceError: a space, node or merge that cannot be used.
        ArchitectureError: tokens outside the grammar.

    Example:
        >>> from amber.architect import ModelSpace, Operation
        >>> space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}]] * 2)
        >>> x = ComputationNode(Operation("input", shape=(4,)), "X")
        >>> y = ComputationNode(Operation("dense", units=1), "output")
        >>> DAG([0, 1, 0, 1, 1], space, x, y).build().output_shape
        (None, 1)
    """

    head_name: ClassVar[str] = ""
    """What the names of intermediate outputs of this kind of network begin with; empty where it has none."""

    def __init__(
        self,
        arc_seq: Any,
        model_space: ModelSpace,
        input_node: Any,
        output_node: Any,
        with_skip_connection: bool = True,
        with_input_blocks: bool = True,
        *,
        merge_op: Any = "concatenate",
    ) -> None:
        if not isinstance(model_space, ModelSpace):
            raise ModelSpaceError(f"model_space must be a ModelSpace. Received: {type(model_space).__name__}")
        self.model_space = model_space
        self.input_node = arguments.input_nodes(input_node)
        self.output_node = arguments.output_node(output_node)
        self.with_skip_connection = bool(with_skip_connection)
        self.with_input_blocks = bool(with_input_blocks)
        self.merge_op = merge_name(merge_op)
        self.layout = TokenLayout(
            model_space,
            num_inputs=len(self.input_node) if self.with_input_blocks else 0,
            with_skips=self.with_skip_connection,
        )
        self._architecture, self.arc_seq = self._decoded(arc_seq)
        self._input_names = [node.node_name for node in self.input_node]
        self._candidates = [
            [(f"L{number}_{operation.short_name}", operation) for operation in candidates]
            for number, candidates in enumerate(model_space.layers)
        ]
        names = [node.node_name for node in (*self.input_node, self.output_node)]
        others = {name for candidates in self._candidates for name, _ in candidates}
        others |= {f"{self.head_name}_{number}" for number in range(1, len(model_space) + 1)}
        arguments.check_names(names, others)

    def with_tokens(self, arc_seq: Tokens) -> Self:
        """Return the DAG of another architecture, which is like this one in all else.

        Raises:
            ArchitectureError: tokens outside the grammar.
        """
        other = copy.copy(self)
        other.__dict__.pop("graph", None)
        other._architecture, other.arc_seq = self._decoded(arc_seq)
        return other

    def _decoded(self, arc_seq: Any) -> tuple[Architecture, tuple[int, ...]]:
        architecture = self.layout.decode(arc_seq)  # which checks the tokens
        return architecture, tuple(map(int, arc_seq))

    @cached_property
    def graph(self) -> ComputationGraph:
        """The network, planned."""
        architecture = self._architecture
        kept, sinks = connect_dangling(self._input_names, self._layers(architecture))
        layers = [
            ComputationNode(layer.operation, layer.name, self._merge_of(layer), layer.parents, layer.group)
            for layer in kept
        ]
        heads = self._heads(architecture, layers)
        output = self.output_node.replace(parents=sinks)
        return ComputationGraph(
            [*self.input_node, *layers, *heads, output],
            self._input_names,
            [output.node_name, *(head.node_name for head in heads)],
            dict.fromkeys((head.node_name for head in heads), self._head_weight()),
        )

    def build(self) -> keras.Model:
        """Return a new Keras model of the network, not compiled.

        Raises:
            InvalidArchitectureError: shapes that do not fit; names the node and the shapes.
        """
        return self.graph.build(model_class=self.model_class(self.graph))

    _build_dag = build

    def _layers(self, architecture: Architecture) -> list[PlannedLayer]:
        layers: list[PlannedLayer] = []
        for number, token in enumerate(architecture.operations):
            name, operation = self._candidates[number][token]
            blocks = self._chosen_inputs(architecture, number)
            if self.with_skip_connection:
                earlier = [layers[k].name for k, bit in enumerate(architecture.skips[number]) if bit]
            else:
                earlier = [layer.name for layer in layers[-1:]]
            layers.append(PlannedLayer(name, operation, (*blocks, *earlier), NodePlace("layer", number)))
        return layers

    def _chosen_inputs(self, architecture: Architecture, number: int) -> list[str]:
        if not self.with_input_blocks:
            return [] if number else self._input_names
        return [name for name, bit in zip(self._input_names, architecture.inputs[number], strict=True) if bit]

    def _merge_of(self, layer: PlannedLayer) -> str:
        # Unused inputs may have any widths.
        return "concatenate" if layer.name == DEFAULT_INPUT else self.merge_op

    def _heads(self, architecture: Architecture, layers: list[ComputationNode]) -> list[ComputationNode]:
        """The intermediate outputs; a plain DAG has none."""
        return []

    def _head_weight(self) -> float:
        return 0.0

    def model_class(self, graph: ComputationGraph) -> Callable[..., keras.Model] | None:
        """Return what makes the model of a graph of this kind; None: what any graph is built with."""
        return None
