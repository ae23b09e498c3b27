"""The kinds of DAG at the paths of the first AMBER: their nodes know their neighbours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from amber.compat.linked import LinkedNode, linked
from amber.graph.graph import ComputationGraph
from amber.modeler.builders.dag import dag, input_blocks, names

if TYPE_CHECKING:
    import keras


class DAG(dag.DAG):
    """The network of one architecture, with `nodes` that know their neighbours; see `builders.dag.dag`."""

    @property
    def nodes(self) -> list[LinkedNode]:
        """The nodes between inputs and outputs, in order: the default input first if there is one."""
        return _between_ends(self.graph)

    def model_class(self, graph: ComputationGraph) -> Callable[..., keras.Model] | None:
        """Return what makes the model; one that keeps its nodes is given nodes that know their neighbours."""
        make = super().model_class(graph)
        return None if make is None else partial(make, nodes=_between_ends(graph))


class InputBlockDAG(DAG, input_blocks.InputBlockDAG):
    """A DAG with an intermediate output on every layer that reads an input; see `builders.dag.input_blocks`."""


class InputBlockAuxLossDAG(InputBlockDAG, input_blocks.InputBlockAuxLossDAG):
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
