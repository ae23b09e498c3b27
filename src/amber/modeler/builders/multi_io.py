"""Networks with any number of inputs and outputs, each of which the search connects to layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amber.architect import Architecture, ModelSpace, Operation, TokenLayout
from amber.architect.places import NodePlace, at_candidate
from amber.checks import positive_number
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.graph.graph import ComputationGraph, ComputationNode, reachable
from amber.modeler.architecture_decoder import MultiIOArchitecture
from amber.modeler.builders import arguments
from amber.modeler.builders.base import ModelBuilder
from amber.modeler.builders.multi_io_ends import check_distinct, named_inputs, named_outputs
from amber.modeler.builders.unique_names import UniqueNames
from amber.modeler.builders.unused import warn_without_effect
from amber.modeler.get_layer import with_batch_norm
from amber.operations import check_layers
from amber.types import Tokens

Chain = tuple[tuple[str, Operation], ...]
_WIDTHS = ("units", "filters")


class KerasMultiIOModelBuilder(ModelBuilder):
    """Builds networks in which layers choose among inputs and earlier layers, and outputs choose among layers.

    A layer reads its chosen inputs and chosen earlier layers, concatenated; one that would read nothing is
    absent, and so is a layer that no output reads. Dense and convolutional layers are normalised between their
    linear part and their activation. Every input stays an input of the model, read or not. Layers are named
    `L0_dense`, ..., unless an operation carries a `name`; a name that is taken gets a number.

    Args:
        inputs_op: one input operation or a list of them; their `name` is the key in `fit({"rna": ..., ...})`.
        output_op: one output operation or a list of them.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child.
        model_space: candidates of any registered type.
        with_input_blocks: every layer chooses its inputs; otherwise the first layer reads all of them.
        with_output_blocks: every output chooses its layers; otherwise it reads all sinks: the layers that no
            other layer reads.
        dropout_rate: after every layer; at least 0 and below 1; 0 for none.
        wsf: width scale factor, multiplies `units` and `filters` of every candidate that has them.

    Raises:
        ModelSpaceError: a candidate, input or output that cannot be used, or an argument out of range.

    Example:
        >>> from amber.architect import ModelSpace, Operation
        >>> space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}]] * 2)
        >>> builder = KerasMultiIOModelBuilder(
        ...     [Operation("input", shape=(5,), name="rna"), Operation("input", shape=(6,), name="protein")],
        ...     Operation("dense", units=1), {"optimizer": "adam", "loss": "mse"}, space,
        ...     with_input_blocks=True, with_output_blocks=True)
        >>> model = builder(builder.decoder.sample(1))
    """

    def __init__(
        self,
        inputs_op: Operation | Sequence[Operation],
        output_op: Operation | Sequence[Operation],
        model_compile_dict: Mapping[str, object] | None,
        model_space: ModelSpace,
        with_input_blocks: bool = True,
        with_output_blocks: bool = True,
        dropout_rate: float = 0.2,
        wsf: float = 1,
    ) -> None:
        super().__init__(model_space, model_compile_dict)
        self._inputs = named_inputs(inputs_op)
        self._outputs = named_outputs(output_op)
        check_distinct(self._inputs, self._outputs)
        self.inputs_op = [operation for _, operation in self._inputs]
        self.output_op = [operation for _, operation in self._outputs]
        self.with_input_blocks = bool(with_input_blocks)
        self.with_output_blocks = bool(with_output_blocks)
        self.dropout_rate = arguments.dropout_rate(dropout_rate)
        self.wsf = positive_number(wsf, "wsf", error=ModelSpaceError)
        warn_without_effect("multi_io", "KerasMultiIOModelBuilder", model_space, {"wsf": (self.wsf, 1)})
        self.num_inputs = len(self._inputs) if self.with_input_blocks else 0
        self.num_outputs = len(self._outputs) if self.with_output_blocks else 0
        self.layout = TokenLayout(model_space, num_inputs=self.num_inputs, num_outputs=self.num_outputs)
        self.decoder = MultiIOArchitecture(model_space, self.num_inputs, self.num_outputs)
        self._chains = [
            [self._chain(layer, position, operation) for position, operation in enumerate(candidates)]
            for layer, candidates in enumerate(model_space.layers)
        ]

    def plan(self, arc_seq: Tokens) -> ComputationGraph:
        """Return the network of an architecture.

        Raises:
            ArchitectureError: tokens outside the grammar.
            InvalidArchitectureError: tokens that describe no network: an output without a layer, or one that
                reads only absent layers, or (without input blocks) one that reads a layer without skips.
        """
        architecture = self.layout.decode(arc_seq)
        nodes = [ComputationNode(operation, name, group=name) for name, operation in self._inputs]
        ends, read = self._add_layers(architecture, nodes)
        for position, (name, operation) in enumerate(self._outputs):
            parents = self._output_parents(position, architecture, ends, read)
            nodes.append(ComputationNode(operation, name, parents=parents, group=name))
        inputs = [name for name, _ in self._inputs]
        outputs = [name for name, _ in self._outputs]
        return ComputationGraph(reachable(nodes, inputs, outputs), inputs, outputs)

    def _add_layers(self, architecture: Architecture, nodes: list[ComputationNode]) -> tuple[dict[int, str], set[int]]:
        """Append the layers; return the last node of each present layer, and which layers others read."""
        ends: dict[int, str] = {}
        read: set[int] = set()
        names = UniqueNames(name for name, _ in (*self._inputs, *self._outputs))
        for layer, token in enumerate(architecture.operations):
            sources = [j for j, bit in enumerate(architecture.skips[layer]) if bit and j in ends]
            parents = [*self._input_parents(layer, architecture), *(ends[j] for j in sources)]
            if not parents:
                continue
            read.update(sources)
            for wanted, operation in self._chains[layer][token]:
                name = names.take(wanted)
                nodes.append(ComputationNode(operation, name, parents=parents, group=NodePlace("layer", layer)))
                parents = [name]
            ends[layer] = parents[0]
        return ends, read

    def _input_parents(self, layer: int, architecture: Architecture) -> list[str]:
        if self.with_input_blocks:
            bits = architecture.inputs[layer]
            return [name for (name, _), bit in zip(self._inputs, bits, strict=True) if bit]
        return [name for name, _ in self._inputs] if layer == 0 else []

    def _output_parents(
        self, position: int, architecture: Architecture, ends: dict[int, str], read: set[int]
    ) -> list[str]:
        name = self._outputs[position][0]
        if not self.with_output_blocks:
            sinks = [end for layer, end in ends.items() if layer not in read]
            if not sinks:
                raise InvalidArchitectureError(f"Output '{name}' has nothing to read: no layer reads an input.")
            return sinks
        chosen = [layer for layer, bit in enumerate(architecture.outputs[position]) if bit]
        if not chosen:
            raise InvalidArchitectureError(f"Output '{name}' is unconnected; expected it to read at least one layer.")
        for layer in chosen:
            if not self.with_input_blocks and layer and not any(architecture.skips[layer]):
                raise InvalidArchitectureError(f"Output '{name}' reads layer {layer}, which has no input.")
        present = [ends[layer] for layer in chosen if layer in ends]
        if not present:
            absent = ", ".join(map(str, chosen))
            raise InvalidArchitectureError(
                f"Output '{name}' reads only layers that are absent because they read nothing. Received: {absent}"
            )
        return present

    def _chain(self, layer: int, position: int, operation: Operation) -> Chain:
        """Return the named operations of one candidate: linear part, normalisation, activation, dropout."""
        with at_candidate(layer, position):
            if operation.Layer_type == "input":
                raise ModelSpaceError(f"an input cannot be a layer. Received: {operation}")
            parts = list(with_batch_norm(self._scaled(operation)))
            first = operation.get("name") or f"L{layer}_{operation.Layer_type}"
            names = [first, f"L{layer}_bn", f"L{layer}_activation"][: len(parts)]
            if self.dropout_rate:
                parts.append(Operation("dropout", rate=self.dropout_rate))
                names.append(f"L{layer}_dropout")
            check_layers(parts)
            return tuple(zip(names, parts, strict=True))

    def _scaled(self, operation: Operation) -> Operation:
        widths = {name: operation.get(name) for name in _WIDTHS if isinstance(operation.get(name), int)}
        if self.wsf == 1 or not widths:
            return operation
        return operation.replace(**{name: max(1, round(width * self.wsf)) for name, width in widths.items()})
