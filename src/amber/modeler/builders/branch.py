"""Several branches, each on its own input, joined and continued by a stem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from amber.architect import BranchedModelSpace, Operation, TokenLayout
from amber.architect.places import at_candidate
from amber.errors import ArchitectureError, ModelSpaceError
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.modeler.builders.base import ModelBuilder, check_operation
from amber.modeler.builders.multi_io_ends import check_distinct, named_inputs, named_outputs
from amber.modeler.builders.unique_names import UniqueNames
from amber.modeler.builders.unused import warn_without_effect
from amber.modeler.get_layer import with_batch_norm
from amber.operations import check_layers
from amber.operations.merges import merge_name
from amber.types import Tokens

Parts = tuple[Operation, ...]
_SUFFIXES = ("", "_bn", "_activation")


class KerasBranchModelBuilder(ModelBuilder):
    """Builds one chain of layers per branch, joins their ends, and puts the stem and the output on top.

    Tokens choose operations only, in the flat order of the space: branch 0, branch 1, ..., stem. The branches
    are joined by the space's `concat_op` (any registered merge); a single branch goes on into the stem as it is.

    Layers are named `branch_0_L0_conv1d`, ..., `stem_L0_dense`, unless an operation carries a `name`; a name that is
    taken gets a number.

    Args:
        inputs_op: one input operation per branch, of any rank; their `name` is the key in `fit({...})`.
        output_op: the output operation.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child.
        model_space: a BranchedModelSpace.
        with_bn: normalise dense and convolutional layers between their linear part and their activation.

    Raises:
        ModelSpaceError: another kind of space, a number of inputs other than that of the branches, an unknown
            merge, or an operation that cannot be used.

    Example:
        >>> from amber.architect import BranchedModelSpace, ModelSpace, Operation
        >>> left, right, stem = (ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}]]) for _ in range(3))
        >>> space = BranchedModelSpace([[left, right], stem], concat_op="average")
        >>> builder = KerasBranchModelBuilder(
        ...     [Operation("input", shape=(5,), name="left"), Operation("input", shape=(6,), name="right")],
        ...     Operation("dense", units=1), {"optimizer": "adam", "loss": "mse"}, space)
        >>> model = builder(builder.layout.sample(0))
    """

    def __init__(
        self,
        inputs_op: Operation | Sequence[Operation],
        output_op: Operation | Sequence[Operation],
        model_compile_dict: Mapping[str, object] | None,
        model_space: BranchedModelSpace | None = None,
        with_bn: bool = False,
    ) -> None:
        if not isinstance(model_space, BranchedModelSpace):
            raise ModelSpaceError(f"model_space must be a BranchedModelSpace. Received: {type(model_space).__name__}")
        super().__init__(model_space, model_compile_dict)
        self._inputs = named_inputs(inputs_op)
        self._outputs = named_outputs([check_operation(output_op, "output_op")])
        check_distinct(self._inputs, self._outputs)
        layers = dict(model_space.branch_to_layer)
        self._stem = layers.pop((1, None))
        self._branches = [layers[key] for key in sorted(layers)]
        if len(self._inputs) != len(self._branches):
            raise ModelSpaceError(
                f"inputs_op must hold one input for each of the {len(self._branches)} branches. "
                f"Received: {len(self._inputs)}"
            )
        self.inputs_op = [operation for _, operation in self._inputs]
        self.output_op = self._outputs[0][1]
        self.with_bn = bool(with_bn)
        warn_without_effect("branch", "KerasBranchModelBuilder", model_space, {"with_bn": (self.with_bn, False)})
        try:
            self.merge_op = merge_name(model_space.concat_op)
        except ModelSpaceError as error:
            raise ModelSpaceError(str(error), field=("merge",)) from error
        self.layout = TokenLayout(model_space, with_skips=False)
        self._parts = [
            [self._checked(operation, layer, k) for k, operation in enumerate(candidates)]
            for layer, candidates in enumerate(model_space.layers)
        ]

    def plan(self, arc_seq: Tokens) -> ComputationGraph:
        """Return the network of an architecture.

        Args:
            arc_seq: one token per layer in flat order. An Operation in the place of a token is used as it is,
                without normalisation.

        Raises:
            ArchitectureError: tokens outside the grammar.
        """
        chosen = self._chosen(arc_seq)
        names = UniqueNames(name for name, _ in (*self._inputs, *self._outputs))
        nodes: list[ComputationNode] = []
        ends: list[str] = []
        for branch, ((name, operation), layers) in enumerate(zip(self._inputs, self._branches, strict=True)):
            nodes.append(ComputationNode(operation, name, group=name))
            ends.append(_chain(nodes, names, [name], f"branch_{branch}", [chosen[layer] for layer in layers]))
        last = _chain(nodes, names, ends, "stem", [chosen[layer] for layer in self._stem], self.merge_op)
        output, operation = self._outputs[0]
        nodes.append(ComputationNode(operation, output, parents=[last], group=output))
        return ComputationGraph(nodes, [name for name, _ in self._inputs], [output])

    def _chosen(self, arc_seq: Tokens) -> list[Parts]:
        entries = (
            list(arc_seq) if isinstance(arc_seq, (list, tuple, np.ndarray)) else list(self.layout.validate(arc_seq))
        )
        tokens = self.layout.validate([0 if isinstance(entry, Operation) else entry for entry in entries])
        return [
            self._direct(entry, layer) if isinstance(entry, Operation) else self._parts[layer][token]
            for layer, (entry, token) in enumerate(zip(entries, tokens, strict=True))
        ]

    def _direct(self, operation: Operation, layer: int) -> Parts:
        try:
            check_layers([operation])
        except ModelSpaceError as error:
            raise ArchitectureError(f"Position {layer}: {error}") from error
        return (operation,)

    def _checked(self, operation: Operation, layer: int, position: int) -> Parts:
        with at_candidate(layer, position):
            if operation.Layer_type == "input":
                raise ModelSpaceError(f"an input cannot be a layer. Received: {operation}")
            parts = with_batch_norm(operation) if self.with_bn else (operation,)
            check_layers(parts)
        return parts


def _chain(
    nodes: list[ComputationNode],
    names: UniqueNames,
    parents: list[str],
    prefix: str,
    layers: list[Parts],
    merge_op: str = "concatenate",
) -> str:
    """Append layers one after another and return the name of the last node."""
    for layer, parts in enumerate(layers):
        group = f"{prefix}_L{layer}"
        for operation, suffix in zip(parts, _SUFFIXES, strict=False):
            own = "" if suffix else operation.get("name") or f"{group}_{operation.Layer_type}"
            name = names.take(own or f"{group}{suffix}")
            nodes.append(ComputationNode(operation, name, merge_op, parents, group))
            parents, merge_op = [name], "concatenate"
    return parents[0]
