"""What every builder is: a callable from tokens to a compiled Keras model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.backend.precision import computing_in
from amber.display import PlainRepr
from amber.errors import ArchitectureError, ConfigError, InvalidArchitectureError, ModelSpaceError
from amber.graph.graph import ComputationGraph
from amber.graph.models.compiling import clone_compile_arguments
from amber.graph.models.per_output import metrics_of_outputs
from amber.graph.node import GraphCost
from amber.operations import layer_arguments
from amber.types import Tokens
from amber.wording import shown

# What a builder works out while it is made: another value later would change nothing, or half of it.
_SETTLED = frozenset(
    "model_space inputs_op output_op outputs_op num_layers num_inputs num_outputs with_input_blocks with_output_blocks "
    "with_skip_connection dag_func dag_kwargs feature_model fc_units flatten_mode dropout_rate wsf with_bn gpus "
    "add_conv1_under_pool reduction_factor output_shape".split()
)


class ModelBuilder(PlainRepr):
    """Base of all builders: `builder(arc_seq)` plans, builds and compiles.

    A subclass sets `layout` and defines `plan`.

    Args:
        model_space: what may be built; it is read, never changed.
        model_compile_dict: arguments of `keras.Model.compile`; cloned for every child. None: not compiled.
        *args: accepted, without effect.
        **kwargs: the same.

    Attributes:
        layout: the TokenLayout of `arc_seq`.
        precision: a Keras dtype policy of the models' layers, such as `mixed_bfloat16`; outputs are float32. None: the
            policy that is set.
    """

    layout: TokenLayout
    precision: str | None = None

    def __init__(
        self,
        model_space: ModelSpace | None = None,
        model_compile_dict: Mapping[str, object] | None = None,
        *args: object,
        **kwargs: object,
    ) -> None:
        if type(self) is ModelBuilder:
            raise NotImplementedError("ModelBuilder is a base class: use a builder, or subclass it and define plan().")
        if not isinstance(model_space, ModelSpace):
            raise ModelSpaceError(f"model_space must be a ModelSpace. Received: {type(model_space).__name__}")
        model_space.validate()
        self.model_space = model_space
        self.model_compile_dict = model_compile_dict

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse to change what a builder was made of.

        Raises:
            ConfigError: its layers are planned already; says what to do.
        """
        if name in _SETTLED and name in vars(self) and vars(self)[name] is not value:
            raise ConfigError(
                f"A {type(self).__name__} is made with its {name}, and a new value would have no effect: make another "
                f"builder, {type(self).__name__}(..., {name}=...). Received: {shown(value)}",
                field=(name,),
            )
        super().__setattr__(name, value)

    def plan(self, arc_seq: Tokens) -> ComputationGraph:
        """Return the network that tokens describe, without any Keras object.

        Raises:
            ArchitectureError: tokens outside the grammar.
            InvalidArchitectureError: tokens that describe no network.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define plan().")

    def measure(self, arc_seq: Tokens) -> GraphCost:
        """Return parameters, FLOPs and shapes of an architecture without building it."""
        return self.plan(arc_seq).cost

    def build(self, arc_seq: Tokens) -> keras.Model:
        """Return the model of an architecture, not compiled.

        Raises:
            ArchitectureError: tokens outside the grammar.
            InvalidArchitectureError: tokens that describe no network; the message holds them.
        """
        return self._built(self.plan(arc_seq), arc_seq)

    def from_graph(self, graph: ComputationGraph, arc_seq: object) -> keras.Model:
        """Return the compiled model of an architecture that is planned already, as a search has it.

        Args:
            graph: what `plan(arc_seq)` returned.
            arc_seq: the tokens, for messages.

        Raises:
            InvalidArchitectureError: it cannot be built; the message holds the tokens.
        """
        return self._compiled(self._built(graph, arc_seq))

    def __call__(self, arc_seq: object = None, *, model_states: object = None) -> keras.Model:
        """Return the compiled model of an architecture; see `build` for the errors raised.

        Args:
            arc_seq: the tokens.
            model_states: another name of `arc_seq`.
        """
        return self._compiled(self.build(the_architecture(arc_seq, model_states)))

    def _built(self, graph: ComputationGraph, arc_seq: Any, **options: Any) -> keras.Model:
        """Return the model of what was planned for an architecture; see `build_model` for the options.

        Raises:
            InvalidArchitectureError: it cannot be built; the message holds the tokens.
        """
        try:
            with computing_in(self.precision):
                return graph.build(**options)
        except InvalidArchitectureError as error:
            tokens = ", ".join(map(str, arc_seq))
            raise InvalidArchitectureError(f"{str(error).rstrip('.')}. Received: arc_seq=[{tokens}]") from error

    def _compiled(self, model: keras.Model) -> keras.Model:
        if self.model_compile_dict is not None:
            given = clone_compile_arguments(self.model_compile_dict)
            metrics = metrics_of_outputs(given.get("metrics"), model.output_names)
            model.compile(**{**given, "metrics": metrics})
        return model


def the_architecture(arc_seq: object, model_states: object) -> Any:
    """Return the architecture, which is given under one of two names.

    Raises:
        ArchitectureError: under both, or under neither.
    """
    if (arc_seq is None) == (model_states is None):
        both = "both" if arc_seq is not None else "neither"
        raise ArchitectureError(f"Give the architecture as arc_seq, or as model_states. Received: {both}")
    return arc_seq if model_states is None else model_states


def check_operation(operation: object, where: str) -> Operation:
    """Return an operation given as one, or as a list of one.

    Raises:
        ModelSpaceError: it is not an operation, or has attributes that its layer does not take.
    """
    if isinstance(operation, (list, tuple)) and len(operation) == 1:
        (operation,) = operation
    if isinstance(operation, Mapping):
        operation = Operation.from_dict(operation)
    if not isinstance(operation, Operation):
        raise ModelSpaceError(f"{where} must be one Operation. Received: {operation!r}")
    if operation.Layer_type != "input":
        try:
            layer_arguments(operation)
        except ModelSpaceError as error:
            raise ModelSpaceError(f"{where}: {error}") from error
    return operation
