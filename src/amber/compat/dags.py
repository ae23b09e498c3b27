"""The kinds of DAG at the paths of the first AMBER: they take its arguments, and their nodes know their neighbours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from amber.architect import ModelSpace
from amber.compat.linked import LinkedNode, linked
from amber.compat.unused import warn_of_unused
from amber.graph.graph import ComputationGraph
from amber.modeler.builders.dag import dag, input_blocks, names

if TYPE_CHECKING:
    import keras


# What the first AMBER handed to every DAG, whether it had a use for it or not.
_HANDED_ON = frozenset({"num_layers", "controller", "name", "model_compile_dict", "child_train_op_kwargs"})


class DAG(dag.DAG):
    """The network of one architecture, with `nodes` that know their neighbours; see `builders.dag.dag`.

    Args:
        arc_seq, model_space, input_node, output_node, with_skip_connection, with_input_blocks, merge_op: as there.
        *args: accepted, without effect.
        **kwargs: the same; one warning names those that look like a mistake.
    """

    def __init__(
        self,
        arc_seq: Any,
        model_space: ModelSpace,
        input_node: Any,
        output_node: Any,
        with_skip_connection: bool = True,
        with_input_blocks: bool = True,
        *args: object,
        merge_op: Any = "concatenate",
        **kwargs: object,
    ) -> None:
        unknown = {name: value for name, value in kwargs.items() if name not in _HANDED_ON}
        warn_of_unused("a DAG", unknown, ("with_skip_connection", "with_input_blocks", "merge_op"))
        super().__init__(
            arc_seq,
            model_space,
            input_node,
            output_node,
            with_skip_connection,
            with_input_blocks,
            merge_op=merge_op,
        )

    @property
    def nodes(self) -> list[LinkedNode]:
        """The nodes between inputs and outputs, in order: the default input first if there is one."""
        return _between_ends(self.graph)


class InputBlockDAG(input_blocks.InputBlockDAG, DAG):
    """A DAG with an intermediate output on every layer that reads an input; see `builders.dag.input_blocks`."""

    def model_class(self, graph: ComputationGraph) -> Callable[..., keras.Model] | None:
        """Return what makes the model, which is given nodes that know their neighbours."""
        make = super().model_class(graph)
        return None if make is None else partial(make, nodes=_between_ends(graph))


class InputBlockAuxLossDAG(input_blocks.InputBlockAuxLossDAG, InputBlockDAG):
    """A DAG with an intermediate output where inputs first meet; see `builders.dag.input_blocks`."""


_AT_THE_PAGE: dict[object, type[DAG]] = {
    dag.DAG: DAG,
    input_blocks.InputBlockDAG: InputBlockDAG,
    input_blocks.InputBlockAuxLossDAG: InputBlockAuxLossDAG,
}


def get_dag(arg: object) -> Any:
    """Return what makes a DAG whose nodes know their neighbours.

    Args:
        arg: a name in any case, a callable, or a list of one of them. None gives None.

    Raises:
        ConfigError: an unknown name (lists the known ones), or something else.
    """
    found = names.get_dag(arg)
    return _AT_THE_PAGE.get(found, found)


def _between_ends(graph: ComputationGraph) -> list[LinkedNode]:
    """Return the nodes of a graph between its inputs and outputs, each with its neighbours, the ends among them."""
    ends = {*graph.inputs, *graph.outputs}
    return [node for node in linked(graph.nodes) if node.node_name not in ends]
