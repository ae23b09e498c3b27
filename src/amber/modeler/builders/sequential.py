"""A chain: the input, one operation of each layer, the output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.architect.places import NodePlace, at_candidate
from amber.backend.distribution import Placement
from amber.backend.distribution.placement import Devices
from amber.errors import ArchitectureError, InvalidArchitectureError, ModelSpaceError
from amber.graph.cost import input_shape
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.modeler.builders.base import ModelBuilder, check_operation
from amber.modeler.builders.layer_factories import factory_operation
from amber.modeler.builders.unique_names import UniqueNames
from amber.operations import check_layers
from amber.types import Tokens


class KerasModelBuilder(ModelBuilder):
    """Builds feed-forward networks layer after layer.

    Tokens choose operations only, one per layer. In the place of a token an Operation is used as it is, and so is a
    callable without arguments that makes a Keras layer; a list of these alone needs no model space and may have any
    length.

    Layers are named `L0_conv1d`, ..., unless an operation carries a `name`; a name that is taken gets a number.

    Args:
        inputs_op: the input operation, or a list of it.
        output_op: the output operation, or a list of it.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child. None: not compiled.
        model_space: candidates of any registered type. None: architectures are lists of operations.
        gpus: None or 1, or how many devices one child is trained on, or a list of their names (`["gpu:0", "gpu:1"]`).
            Every device holds all weights and takes its part of each batch; the child is trained as ever, with `fit`.
            On torch each further device has a process, which ends with the builder. On TensorFlow batch normalisation
            sees the part of its device only, unless the operation says `synchronized=True`.
        output_shape: what every network must return, without the batch; None: anything.

    Raises:
        ModelSpaceError: a candidate, input or output that cannot be used.
        ConfigError: devices that are not there, or a backend on which one child cannot be trained on several.

    Example:
        >>> space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 8}, {"Layer_type": "identity"}]])
        >>> builder = KerasModelBuilder(
        ...     Operation("input", shape=(4,)), Operation("dense", units=1), {"optimizer": "sgd", "loss": "mse"}, space)
        >>> builder([0]).count_params()
        49
    """

    def __init__(
        self,
        inputs_op: Any,
        output_op: Any,
        model_compile_dict: Mapping[str, Any] | None,
        model_space: ModelSpace | None = None,
        gpus: Devices = None,
        *,
        output_shape: tuple[int, ...] | None = None,
    ) -> None:
        self._has_space = model_space is not None
        if model_space is not None:
            super().__init__(model_space, model_compile_dict)
            self.layout = TokenLayout(model_space, with_skips=False)
        else:
            self.model_space, self.model_compile_dict = ModelSpace(), model_compile_dict
        self.inputs_op = _checked_input(inputs_op)
        self.output_op = check_operation(output_op, "output_op")
        check_layers([self.output_op])
        self.output_shape = None if output_shape is None else tuple(output_shape)
        self.gpus = gpus
        self._placement = Placement(gpus)
        for layer, candidates in enumerate(self.model_space.layers):
            for position, operation in enumerate(candidates):
                with at_candidate(layer, position):
                    _check_layer(operation)

    def plan(self, arc_seq: Tokens) -> ComputationGraph:
        """Return the network of an architecture.

        Args:
            arc_seq: one token per layer; operations and callables may stand in the place of tokens.

        Raises:
            ArchitectureError: tokens outside the grammar, tokens without a model space, or an operation that
                cannot be used.
        """
        names = UniqueNames()
        input_name = names.take(self.inputs_op.get("name") or "input")
        output_name = names.take(self.output_op.get("name") or "output")
        nodes = [ComputationNode(self.inputs_op, input_name, group=NodePlace("input"))]
        for layer, operation in enumerate(self._chosen(arc_seq)):
            name = names.take(operation.get("name") or f"L{layer}_{operation.Layer_type}")
            nodes.append(ComputationNode(operation, name, parents=[nodes[-1].name], group=NodePlace("layer", layer)))
        nodes.append(ComputationNode(self.output_op, output_name, parents=[nodes[-1].name], group=NodePlace("output")))
        return ComputationGraph(nodes, [input_name], [output_name])

    def _built(self, graph: ComputationGraph, arc_seq: Any, **options: Any) -> keras.Model:
        if self.output_shape is not None:
            self._check_output(graph)
        with self._placement.scope():
            model = super()._built(graph, arc_seq, **options)
            if not self._placement.devices:
                return model
            # Imported here: it stands on members of Keras that other models do not need.
            from amber.backend.distribution.placing import place

            return place(model, self._placement)

    def _compiled(self, model: keras.Model) -> keras.Model:
        with self._placement.scope():
            return super()._compiled(model)

    def _check_output(self, graph: ComputationGraph) -> None:
        found = graph.cost.nodes[graph.outputs[0]].output_shape
        if found != self.output_shape:
            raise InvalidArchitectureError(
                f"The network must return the shape {self.output_shape} (without batch); a layer that flattens or "
                f"pools globally may be missing. Received: {found}"
            )

    def _chosen(self, arc_seq: Tokens) -> list[Operation]:
        if not isinstance(arc_seq, (list, tuple, np.ndarray)):
            raise ArchitectureError(f"An architecture must be a list of tokens or operations. Received: {arc_seq!r}")
        entries = [self._direct(entry, position) for position, entry in enumerate(arc_seq)]
        if all(isinstance(entry, Operation) for entry in entries) and (entries or not self._has_space):
            return entries
        if not self._has_space:
            token = next(entry for entry in entries if not isinstance(entry, Operation))
            raise ArchitectureError(
                f"Tokens need a model_space; without one expected Operations or callables only. Received: {token!r}"
            )
        tokens = self.layout.validate([0 if isinstance(entry, Operation) else entry for entry in entries])
        return [
            entry if isinstance(entry, Operation) else candidates[token]
            for entry, token, candidates in zip(entries, tokens, self.model_space.layers, strict=True)
        ]

    def _direct(self, entry: object, position: int) -> Any:
        """An entry that is not a token, as a checked operation."""
        if not isinstance(entry, Operation) and not callable(entry):
            return entry
        try:
            return _check_layer(entry if isinstance(entry, Operation) else factory_operation(entry))
        except ModelSpaceError as error:
            raise ArchitectureError(f"Position {position}: {error}") from error


def _check_layer(operation: Operation) -> Operation:
    if operation.Layer_type == "input":
        raise ModelSpaceError(f"an input cannot be a layer. Received: {operation}")
    check_layers([operation])
    return operation


def _checked_input(inputs_op: object) -> Operation:
    operation = check_operation(inputs_op, "inputs_op")
    if operation.Layer_type != "input":
        raise ModelSpaceError(f"inputs_op must be an operation of type input. Received: {operation}")
    options = {**operation.Layer_attributes, "shape": input_shape(operation)}
    try:
        keras.Input(**options)
    except (ValueError, TypeError) as error:
        raise ModelSpaceError(f"inputs_op: {error} Received: {operation}") from error
    return operation
