"""Knowledge functions of the first AMBER: called with a model and data, the lower the better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.architect import Operation
from amber.display import PlainRepr
from amber.errors import ConfigError
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.search.rewards import BlockHierarchy

if TYPE_CHECKING:
    import keras

Adjacency = Mapping[tuple[int, int], float] | Sequence[Sequence[float]]


class GraphHierarchyTree(PlainRepr):
    """How late related input blocks first meet; see `amber.search.rewards.BlockHierarchy`.

    Reads `model.nodes`, which EnasAnnModelBuilder (`use_node_dag=True`), InputBlockDAG and InputBlockAuxLossDAG give.

    Args:
        adjacency: a matrix of the strengths between blocks, or `{(block, other): strength}` with the numbers of
            blocks; may come later, by `knowledge_encoder`.
        total_feature_num: number of input blocks; None: that of the model.
    """

    def __init__(self, adjacency: Adjacency | None = None, total_feature_num: int | None = None) -> None:
        self.total_feature_num = total_feature_num
        self.adjacency: dict[tuple[int, int], float] = {}
        if adjacency is not None:
            self.knowledge_encoder(adjacency)

    def knowledge_encoder(self, adjacency: Adjacency) -> None:
        """Take in which blocks are related."""
        if isinstance(adjacency, Mapping):
            self.adjacency = {(int(a), int(b)): float(strength) for (a, b), strength in adjacency.items()}
            return
        matrix = np.asarray(adjacency, "float64")
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ConfigError(f"adjacency must be a square matrix, or a dictionary of pairs. Received: {adjacency!r}")
        self.adjacency = {(int(a), int(b)): float(matrix[a, b]) for a, b in np.argwhere(matrix)}

    def __call__(self, model: keras.Model, data: object = None) -> float:
        """Return the value of a model; raises ConfigError where it has no nodes, or fewer blocks."""
        names = [str(name) for name in getattr(model, "input_names", None) or [each.name for each in model.inputs]]
        if self.total_feature_num not in (None, len(names)):
            raise ConfigError(f"The model must have {self.total_feature_num} inputs. Received: {len(names)}")
        missing = sorted({block for pair in self.adjacency for block in pair if block >= len(names)})
        if missing:
            raise ConfigError(f"The model has {len(names)} inputs. Received: relations of the blocks {missing}")
        related = {(names[a], names[b]): strength for (a, b), strength in self.adjacency.items()}
        return BlockHierarchy(related, names)(_graph_of(model, names))


GraphHierarchyTreeAuxLoss = GraphHierarchyTree


def _graph_of(model: object, inputs: Sequence[str]) -> ComputationGraph:
    nodes = [node for node in getattr(model, "nodes", None) or [] if node.node_name not in inputs]
    if not nodes:
        raise ConfigError(
            "The graph hierarchy reads model.nodes: use EnasAnnModelBuilder with use_node_dag=True, or "
            f"dag_func='InputBlockDAG'. Received: a {type(model).__name__} without nodes"
        )
    sources = [ComputationNode(Operation("input", shape=(1,)), name) for name in inputs]
    end = [node for node in nodes if node.node_name == "output"]
    layers = [node for node in nodes if node.node_name != "output"]
    if not end:
        end = [ComputationNode(Operation("dense", units=1), "output", parents=[layers[-1].node_name])]
    return ComputationGraph([*sources, *layers, *end], list(inputs), ["output"])


_FUNCTIONS: dict[str, Callable[..., Any]] = {"ght": GraphHierarchyTree, "ghtal": GraphHierarchyTreeAuxLoss}
_GONE = ("motif", "auxilaryacc")


def get_knowledge_fn(
    name: object, data: object = None, params: Mapping[str, object] | None = None
) -> Callable[..., float] | None:
    """Return a knowledge function.

    Args:
        name: "ght", "ghtal", "zero", "None", None, or a callable that makes one of `params`.
        data: what it knows: its `knowledge_encoder` is given it.
        params: keyword arguments.

    Raises:
        ConfigError: an unknown name, or one that is not provided.
    """
    if name is None or (isinstance(name, str) and name.lower() in ("zero", "none")):
        return None
    maker = name if callable(name) else _FUNCTIONS.get(str(name).lower())
    if maker is None:
        gone = " It looks at trained weights: write it as a function of model and data." if _is_gone(name) else ""
        raise ConfigError(
            f"knowledge_fn_type must be one of {', '.join(_FUNCTIONS)}, zero, or a callable.{gone} Received: {name!r}"
        )
    function = maker(**(params or {}))
    if data is not None and hasattr(function, "knowledge_encoder"):
        function.knowledge_encoder(data)
    return function


def _is_gone(name: object) -> bool:
    return isinstance(name, str) and name.lower() in _GONE
