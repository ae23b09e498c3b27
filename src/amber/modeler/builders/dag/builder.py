"""`DAGModelBuilder`: tokens to compiled models, for every kind of DAG."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras

from amber.architect import ModelSpace, TokenLayout
from amber.architect.places import at_candidate
from amber.errors import ConfigError, ModelSpaceError
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.modeler.builders.base import ModelBuilder, the_architecture
from amber.modeler.builders.dag.dag import DAG
from amber.modeler.builders.dag.names import get_dag
from amber.modeler.builders.multi_io_ends import check_distinct, named_inputs, named_outputs
from amber.modeler.builders.unused import warn_without_effect
from amber.operations import check_layers
from amber.types import Tokens

if TYPE_CHECKING:
    from amber.architect.operation import Operation


class DAGModelBuilder(ModelBuilder):
    """Builds networks whose layers choose among input blocks and earlier layers; see DAG.

    Args:
        inputs_op: one input operation or a list of them; their `name` is the key in `fit({"rna": ..., ...})`.
        output_op: the output operation, or a list of one. Without a name it is called `output`.
        model_space: candidates of any registered type.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child.
        with_skip_connection: every layer chooses among the earlier ones; otherwise it reads the one before it.
        with_input_blocks: every layer chooses among the inputs; otherwise the first layer reads all of them.
        dag_func: the kind of DAG: a name (`DAG`, `InputBlockDAG`, `InputBlockAuxLossDAG`) or a callable of DAG's
            arguments. None: DAG.
        dag_kwargs: more arguments of the DAG, such as `merge_op`, `add_output` or `aux_loss_weight`.

    Raises:
        ModelSpaceError: a candidate, input or output that cannot be used.
        ConfigError: an unknown kind of DAG, or one that cannot have these arguments.

    Example:
        >>> from amber.architect import ModelSpace, Operation
        >>> space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}]] * 2)
        >>> rna, protein = (Operation("input", shape=(5,), name=name) for name in ("rna", "protein"))
        >>> builder = DAGModelBuilder([rna, protein], Operation("dense", units=1), space,
        ...                           {"optimizer": "adam", "loss": "mse"}, dag_func="InputBlockDAG")
        >>> model = builder(builder.layout.sample(0))
    """

    _get_dag = staticmethod(get_dag)
    """Finds the kind of DAG by its name."""

    def __init__(
        self,
        inputs_op: Any,
        output_op: Any,
        model_space: ModelSpace,
        model_compile_dict: Mapping[str, Any] | None,
        with_skip_connection: bool = True,
        with_input_blocks: bool = True,
        dag_func: Any = None,
        dag_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(model_space, model_compile_dict)
        inputs, outputs = named_inputs(inputs_op), named_outputs(output_op)
        check_distinct(inputs, outputs)
        if len(outputs) > 1:
            raise ModelSpaceError(f"output_op must be one Operation, or a list of one. Received: {len(outputs)}")
        for layer, candidates in enumerate(model_space.layers):
            for position, operation in enumerate(candidates):
                with at_candidate(layer, position):
                    _check_candidate(operation)
        self.inputs_op = [operation for _, operation in inputs]
        self.output_op = outputs[0][1]
        self.num_layers = len(model_space)
        self.with_skip_connection = bool(with_skip_connection)
        self.with_input_blocks = bool(with_input_blocks)
        self.dag_func = dag_func
        self.dag_kwargs = dict(dag_kwargs or {})
        self._make_dag = self._get_dag(dag_func) or self._get_dag("DAG")
        given = {"with_skip_connection": (self.with_skip_connection, True), "dag_func": (dag_func, None)}
        warn_without_effect("dag", "DAGModelBuilder", model_space, given, len(inputs))
        self._input_nodes = [ComputationNode(operation, name, group=name) for name, operation in inputs]
        self._output_node = ComputationNode(self.output_op, outputs[0][0], group=outputs[0][0])
        self.layout = TokenLayout(
            model_space, num_inputs=len(inputs) if self.with_input_blocks else 0, with_skips=self.with_skip_connection
        )
        # Arguments that no architecture can have are refused now, and none is checked for each architecture.
        is_ours = isinstance(self._make_dag, type) and issubclass(self._make_dag, DAG)
        self._pattern: DAG | None = self._new_dag([0] * len(self.layout), {}) if is_ours else None

    def dag(self, arc_seq: Any, **dag_kwargs: object) -> Any:
        """Return the DAG of an architecture.

        Args:
            arc_seq: the tokens.
            **dag_kwargs: arguments of the DAG in addition to the builder's, or instead of them.

        Raises:
            ArchitectureError: tokens outside the grammar.
            ConfigError: `dag_func` gives something without `graph` and `build`.
        """
        if self._pattern is not None and not dag_kwargs:
            return self._pattern.with_tokens(arc_seq)
        return self._new_dag(self.layout.validate(arc_seq), dag_kwargs)

    def _dag_arguments(self, tokens: Sequence[int]) -> dict[str, Any]:
        """Return what every kind of DAG is given."""
        return {
            "arc_seq": tokens,
            "model_space": self.model_space,
            "input_node": list(self._input_nodes),
            "output_node": self._output_node,
            "with_skip_connection": self.with_skip_connection,
            "with_input_blocks": self.with_input_blocks,
        }

    def _new_dag(self, tokens: Sequence[int], dag_kwargs: Mapping[str, Any]) -> Any:
        arguments = {**self._dag_arguments(tokens), **self.dag_kwargs, **dag_kwargs}
        try:
            inspect.signature(self._make_dag).bind(**arguments)
        except TypeError as error:
            raise ConfigError(
                f"dag_func must take the arguments of DAG, which are {', '.join(arguments)} ({error}). Children that "
                f"share weights have builders of their own. Received: {self._make_dag!r}"
            ) from error
        made = self._make_dag(**arguments)
        if not hasattr(made, "graph") or not hasattr(made, "build"):
            raise ConfigError(f"dag_func must return a DAG, with 'graph' and 'build'. Received: {made!r}")
        return made

    def plan(self, arc_seq: Tokens, **dag_kwargs: object) -> ComputationGraph:
        """Return the network of an architecture; raises as `dag` does."""
        graph: ComputationGraph = self.dag(arc_seq, **dag_kwargs).graph
        return graph

    def from_graph(self, graph: ComputationGraph, arc_seq: object) -> keras.Model:
        """Return the compiled model of a planned architecture; a DAG with a `build` of its own plans it once more."""
        if self._pattern is None or type(self._pattern).build is not DAG.build:
            return self(arc_seq)
        return super().from_graph(graph, arc_seq)

    def _built(self, graph: ComputationGraph, arc_seq: Any, **options: Any) -> keras.Model:
        model_class = None if self._pattern is None else self._pattern.model_class(graph)
        return super()._built(graph, arc_seq, model_class=model_class)

    def build(self, arc_seq: object, **dag_kwargs: object) -> keras.Model:
        """Return the model of an architecture, not compiled; raises as ModelBuilder.build does."""
        return super()._built(self.dag(arc_seq, **dag_kwargs), arc_seq)

    def __call__(self, arc_seq: object = None, *, model_states: object = None, **dag_kwargs: object) -> keras.Model:
        """Return the compiled model of an architecture.

        Args:
            arc_seq: the tokens.
            model_states: another name of `arc_seq`.
            **dag_kwargs: arguments of the DAG in addition to the builder's, or instead of them.

        Raises:
            ArchitectureError: tokens outside the grammar.
            InvalidArchitectureError: tokens that describe no network; the message holds them.
        """
        return self._compiled(self.build(the_architecture(arc_seq, model_states), **dag_kwargs))

    def __str__(self) -> str:
        kind = self.dag_func if isinstance(self.dag_func, str) else getattr(self._make_dag, "__name__", self._make_dag)
        return f"DAGModelBuilder with builder {kind}"


def _check_candidate(operation: Operation) -> None:
    if operation.Layer_type == "input":
        raise ModelSpaceError(f"an input cannot be a layer. Received: {operation}")
    check_layers([operation])
