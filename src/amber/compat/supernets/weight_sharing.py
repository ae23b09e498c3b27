"""What the builders of children that share weights have in common.

`builder(arc)` is one architecture, `builder()` a new one for each batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amber.architect import Operation, TokenLayout
from amber.compat.builders import DAGModelBuilder
from amber.errors import ModelSpaceError
from amber.graph.graph import ComputationGraph
from amber.graph.node import ComputationNode
from amber.modeler.builders.base import ModelBuilder, the_architecture
from amber.supernet.base import Supernet
from amber.supernet.child import SupernetModel
from amber.supernet.factory import SupernetFactory
from amber.supernet.scoring import evaluate_many, predict_many

if TYPE_CHECKING:
    import keras


class SupernetBuilder(DAGModelBuilder):
    """Base of the builders of weight-sharing children.

    It is a DAGModelBuilder by its tokens and arguments; its children are made by the supernet, not one by one.

    Args:
        dag: makes the children.
        dag_func, inputs_op, output_op: as given to the builder.
        model_space: what may be built.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child.

    Attributes:
        layout: the grammar of the tokens.
        supernet: the shared weights; has `trainable_weights`, `extract`, `save` and `load`.
    """

    dag: SupernetFactory

    def __init__(
        self,
        dag: SupernetFactory,
        dag_func: Any,
        inputs_op: Any,
        output_op: Any,
        model_space: Any,
        model_compile_dict: Mapping[str, Any] | None,
    ) -> None:
        self.dag = dag
        ModelBuilder.__init__(self, model_space, model_compile_dict)
        self.dag_func = dag_func
        self.inputs_op = operations_of(inputs_op, "inputs_op")
        self.output_op = output_op
        self.num_layers = len(model_space)
        self.layout: TokenLayout = dag.supernet.layout
        self.with_skip_connection = self.layout.with_skips
        self.with_input_blocks = self.layout.num_inputs > 0

    @property
    def supernet(self) -> Supernet:
        """The shared weights."""
        return self.dag.supernet

    @property
    def scorer(self) -> SupernetModel:
        """The model that scores any architecture."""
        return self.dag.scorer

    @property
    def model_compile_dict(self) -> Mapping[str, Any] | None:
        """What children are compiled with; those made after a change have the change."""
        return self.dag.model_compile_dict

    @model_compile_dict.setter
    def model_compile_dict(self, arguments: Mapping[str, Any] | None) -> None:
        self.dag.model_compile_dict = arguments

    @property
    def controller(self) -> Any:
        """What draws architectures for `builder()`, or None."""
        return self.dag.controller

    def set_controller(self, controller: object) -> None:
        """Say what draws architectures for `builder()`; ConfigError if there is something already."""
        self.dag.set_controller(controller)

    def plan(self, arc_seq: Any, **dag_kwargs: object) -> ComputationGraph:
        """Return the network of an architecture; raises ArchitectureError for tokens outside the grammar."""
        return self.supernet.plan(arc_seq, self.supernet.dropout_rates())

    def build(self, arc_seq: Any = None, **options: Any) -> Any:
        """Return a child that is not compiled; see `__call__`."""
        return self.dag.child(arc_seq, **options)

    def __call__(self, arc_seq: Any = None, *, model_states: Any = None, **options: object) -> Any:
        """Return a compiled child that shares its weights with all others.

        Args:
            arc_seq: tokens of a fixed child; None for one that has a new architecture for each batch.
            model_states: another name of `arc_seq`.
            **options: `sampler` (a controller, a callable that gives tokens, or `"uniform"`) and `seed` for a
                child without tokens; `dropouts`, `name`.

        Raises:
            ArchitectureError: tokens outside the grammar.
            ConfigError: no tokens and no sampler.
        """
        return self.dag(arc_seq if model_states is None else the_architecture(arc_seq, model_states), **options)

    def __str__(self) -> str:
        return f"{type(self).__name__} with builder {type(self.dag).__name__}"


class AnnSupernetBuilder(SupernetBuilder):
    """Builds children of a feed-forward supernet.

    Args:
        dag, dag_func, inputs_op, output_op, model_space, model_compile_dict: as of SupernetBuilder.
        use_node_dag: give fixed children `nodes`: the computation nodes of what they compute, for knowledge
            functions.
    """

    dag: SupernetFactory

    def __init__(
        self,
        dag: SupernetFactory,
        dag_func: Any,
        inputs_op: Any,
        output_op: Any,
        model_space: Any,
        model_compile_dict: Mapping[str, Any] | None,
        use_node_dag: bool = True,
    ) -> None:
        super().__init__(dag, dag_func, inputs_op, output_op, model_space, model_compile_dict)
        self.use_node_dag = bool(use_node_dag)

    def build(self, arc_seq: object = None, **options: object) -> Any:
        """Return a child that is not compiled, with its `nodes` if they are wanted."""
        return self._with_nodes(super().build(arc_seq, **options))

    def __call__(self, arc_seq: Any = None, *, model_states: Any = None, **options: object) -> Any:
        """Return a compiled child; see SupernetBuilder."""
        return self._with_nodes(super().__call__(arc_seq, model_states=model_states, **options))

    def multi_path(self, at_once: int, sampler: object = None, seed: int | None = None, **options: object) -> Any:
        """Return a compiled model that trains the shared weights as several new architectures on every batch.

        Its loss is the mean over them, and its predictions have shape (batch, architectures, units).

        Args:
            at_once: how many.
            sampler: what draws them; by default the controller.
            seed: of a sampler given by name.
            **options: `dropouts`, `name`.

        Raises:
            ConfigError: no sampler, or `at_once` is not a positive integer.
        """
        return self.dag.multi_path(at_once, sampler, seed, **options)

    def predict_many(self, arcs: Any, x: Any, batch_size: int = 1024) -> Any:
        """Predict with many architectures at once; see `scoring.predict_many`."""
        return predict_many(self.supernet, arcs, x, batch_size)

    def evaluate_many(self, arcs: Any, x: Any, y: Any, **options: Any) -> list[dict[str, float]]:
        """Evaluate many architectures at once with the shared weights; see `scoring.evaluate_many`."""
        return evaluate_many(self.dag, arcs, x, y, **options)

    def _with_nodes(self, model: keras.Model) -> object:
        if self.use_node_dag and model.is_fixed:
            model.set_nodes(self.plan(model.arc_seq).prune().nodes)
        return model


def operations_of(given: object, what: str) -> list[Operation]:
    """Return operations given as one, or a list of them; computation nodes will do too.

    Raises:
        ModelSpaceError: something else.
    """
    listed = list(given) if isinstance(given, (list, tuple)) else [given]
    found = []
    for each in listed:
        if isinstance(each, ComputationNode):
            each = each.operation.replace(name=each.node_name)
        elif isinstance(each, Mapping):
            each = Operation.from_dict(each)
        if not isinstance(each, Operation):
            raise ModelSpaceError(f"{what} must be an Operation or a list of them. Received: {each!r}")
        found.append(each)
    return found
