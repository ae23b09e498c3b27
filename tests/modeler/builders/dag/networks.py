"""Small spaces, nodes and builders that the tests of DAGs and of their child share."""

from __future__ import annotations

from typing import Any

from amber.architect import ModelSpace, Operation
from amber.modeler import ComputationGraph, ComputationNode, DAGModelBuilder

COMPILE = {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]}


def dense(units: int) -> dict[str, Any]:
    return {"Layer_type": "dense", "units": units, "activation": "relu"}


def dense_space(layers: int, widths: tuple[int, ...] = (3, 10)) -> ModelSpace:
    return ModelSpace.from_dict([[dense(units) for units in widths]] * layers)


def inputs(sizes: list[int], names: str | None = None) -> list[Operation]:
    called = list(names) if names else [f"X_{k}" for k in range(len(sizes))]
    return [Operation("input", shape=(size,), name=name) for size, name in zip(sizes, called, strict=True)]


def input_nodes(sizes: list[int], names: str | None = None) -> list[ComputationNode]:
    return [ComputationNode(operation, operation.get("name")) for operation in inputs(sizes, names)]


def output_node(**changes: Any) -> ComputationNode:
    return ComputationNode(Operation("dense", units=1), "output", **changes)


def make_builder(sizes: list[int], layers: int, **changes: Any) -> DAGModelBuilder:
    arguments: dict[str, Any] = {
        "inputs_op": inputs(sizes),
        "output_op": Operation("dense", units=1),
        "model_space": dense_space(layers),
        "model_compile_dict": COMPILE,
        **changes,
    }
    return DAGModelBuilder(**arguments)


def tokens(text: str) -> list[int]:
    """Reads the tokens of a worked example, in which a bar parts the layers."""
    return [int(token) for token in text.replace("/", ",").split(",")]


def edges(graph: ComputationGraph) -> dict[str, list[str]]:
    """What each node reads, with layers by number: `L0`, `default_input`, `output`."""
    short = {node.name: node.group if node.group.startswith("L") else node.name for node in graph.nodes}
    return {short[node.name]: [short[parent] for parent in node.parents] for node in graph.nodes if node.parents}


# Of the intermediate outputs: A and B meet in L0, C and D in L1, all four in L2.
PAIRS = tokens("0,1,1,0,0 / 0,0,0,1,1,0 / 0,0,0,0,0,1,1 / 0,0,0,0,0,0,0,1")


def pairs_builder(dag_func: str, **changes: Any) -> DAGModelBuilder:
    settings = {"inputs_op": inputs([2, 2, 2, 2], "ABCD"), "model_space": dense_space(4, (3,)), **changes}
    return make_builder([], 4, dag_func=dag_func, **settings)
