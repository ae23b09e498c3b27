"""Graphs are values: checked when made, pruned, named by what they compute, built by one interpreter."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
from tests.new_process import run_code

from amber.architect import Operation
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.graph.cost import measure
from amber.modeler import ComputationGraph, ComputationNode, KerasResidualCnnBuilder

INPUT = Operation("input", shape=(6,))
DENSE = Operation("dense", units=3, activation="relu")


def node(name: str, operation: Operation, *parents: str, merge: Any = "concatenate") -> ComputationNode:
    return ComputationNode(operation, name, merge, parents)


def graph_of(*nodes: ComputationNode, outputs: tuple[str, ...] = ("out",)) -> ComputationGraph:
    sources = [n.name for n in nodes if n.operation.Layer_type == "input"]
    return ComputationGraph(nodes, sources, outputs)


def two_branches(merge: Any = "concatenate", second: Operation = DENSE) -> ComputationGraph:
    return graph_of(
        node("x", INPUT),
        node("a", DENSE, "x"),
        node("b", second, "x"),
        node("out", Operation("dense", units=1), "a", "b", merge=merge),
    )


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([node("x", INPUT), node("x", DENSE, "x")], "same name"),
        ([node("x", INPUT), node("out", DENSE, "y")], "'y', which does not come before"),
        ([node("x", INPUT), node("out", DENSE)], "reads nothing"),
        ([node("x", INPUT), node("a", DENSE, "x")], "output 'out'"),
        ([node("x", INPUT), node("out", DENSE, "out")], "does not come before"),
    ],
)
def test_what_is_no_network(nodes: list[ComputationNode], message: str) -> None:
    with pytest.raises(InvalidArchitectureError, match=message):
        graph_of(*nodes)


def test_round_trip_children_and_prune() -> None:
    graph = graph_of(
        node("x", INPUT), node("a", DENSE, "x"), node("dead", DENSE, "a"), node("out", DENSE, "a"), node("y", INPUT)
    )
    assert ComputationGraph.from_json(graph.to_json()) == graph
    assert graph.children("a") == ("dead", "out")
    assert [n.name for n in graph.prune().nodes] == ["x", "a", "out", "y"]
    with pytest.raises(InvalidArchitectureError, match="no node of this name"):
        graph.node("nobody")
    with pytest.raises(AttributeError, match="cannot be changed"):
        graph.nodes[0].group = "L0"


@pytest.mark.parametrize(("merge", "parameters"), [("concatenate", 49), ("add", 46), (keras.layers.Maximum, 46)])
def test_merges(merge: Any, parameters: int) -> None:
    graph = two_branches(merge)
    assert measure(graph).parameters == parameters == graph.build().count_params()


def test_element_wise_merges_never_broadcast() -> None:
    graph = two_branches("add", Operation("dense", units=1))
    with pytest.raises(InvalidArchitectureError, match=r"Node 'out'.*\(3,\) and \(1,\).*never broadcasts"):
        graph.build()
    with pytest.raises(ModelSpaceError, match="Unknown merge.*concatenate"):
        two_branches("addd")


def test_merges_compute_what_they_say() -> None:
    x = np.arange(12, dtype="float32").reshape(2, 6)
    identity = Operation("identity")
    for merge, expected in {"add": 3 * x, "average": 1.5 * x, "maximum": 2 * x, "multiply": 2 * x * x}.items():
        double = node("b", Operation("add"), "x", "x")
        graph = graph_of(node("x", INPUT), double, node("out", identity, "x", "b", merge=merge))
        np.testing.assert_allclose(graph.build().predict(x, verbose=0), expected)


class TestFingerprint:
    def test_names_and_groups_do_not_count(self) -> None:
        renamed = graph_of(node("in", INPUT), node("L7", DENSE, "in"), node("L9", DENSE, "L7"), outputs=("L9",))
        plain = graph_of(node("x", INPUT), node("a", DENSE, "x"), node("out", DENSE, "a"))
        assert renamed.fingerprint() == plain.fingerprint()

    def test_operations_that_compute_nothing_do_not_count(self) -> None:
        idle = [
            node("x", INPUT),
            node("i", Operation("identity", filters=4), "x"),
            node("d", Operation("dropout", rate=0), "i"),
            node("out", DENSE, "d"),
        ]
        assert graph_of(*idle).fingerprint() == graph_of(node("x", INPUT), node("out", DENSE, "x")).fingerprint()

    def test_what_is_computed_counts(self) -> None:
        prints = {
            graph_of(node("x", INPUT), node("out", operation, "x")).fingerprint()
            for operation in (DENSE, DENSE.replace(units=4), DENSE.replace(activation="tanh"), Operation("identity"))
        }
        assert len(prints) == 4
        assert two_branches("add").fingerprint() != two_branches("average").fingerprint()

    def test_order_counts_where_it_matters(self) -> None:
        def joined(first: str, second: str, merge: str) -> str:
            tanh = DENSE.replace(activation="tanh")
            nodes = [node("x", INPUT), node("a", DENSE, "x"), node("b", tanh, "x")]
            return graph_of(*nodes, node("out", DENSE, first, second, merge=merge)).fingerprint()

        assert joined("a", "b", "add") == joined("b", "a", "add")
        assert joined("a", "b", "concatenate") != joined("b", "a", "concatenate")

    def test_one_node_read_twice_differs_from_two_equal_nodes(self) -> None:
        shared = graph_of(node("x", INPUT), node("a", DENSE, "x"), node("out", Operation("add"), "a", "a"))
        apart = graph_of(
            node("x", INPUT), node("a", DENSE, "x"), node("b", DENSE, "x"), node("out", Operation("add"), "a", "b")
        )
        assert shared.fingerprint() != apart.fingerprint()

    def test_the_place_of_an_input_counts(self) -> None:
        def reads(name: str) -> str:
            return graph_of(node("x", INPUT), node("y", INPUT), node("out", DENSE, name)).fingerprint()

        assert reads("x") != reads("y")

    def test_it_is_the_same_in_another_process(self) -> None:
        code = "from tests.graph.test_graph import two_branches; print(two_branches().fingerprint())"
        assert run_code(code).stdout.strip() == two_branches().fingerprint()

    def test_tokens_that_mean_the_same_network_share_it(self, residual_builder: KerasResidualCnnBuilder) -> None:
        # Layer 2 is the first to read the reduced tensors; the order in which equal skips are drawn is no matter.
        arcs = [residual_builder.layout.sample(seed) for seed in range(60)]
        by_print: dict[str, set[str]] = {}
        for arc in arcs:
            graph = residual_builder.plan(arc)
            by_print.setdefault(graph.fingerprint(), set()).add(str(sorted(map(str, graph.nodes))))
        assert len(by_print) == len({tuple(arc) for arc in arcs})


def test_counting_draws_nothing_from_the_generators(residual_builder: KerasResidualCnnBuilder) -> None:
    state = random.getstate()
    residual_builder.measure(residual_builder.layout.sample(7))
    assert random.getstate() == state


def test_shapes_that_do_not_fit_name_node_and_shapes() -> None:
    sequence = Operation("input", shape=(5, 4))
    for operation in (
        Operation("conv1d", filters=2, kernel_size=8),
        Operation("maxpool1d", pool_size=8),
        Operation("conv2d", filters=2, kernel_size=3),
    ):
        with pytest.raises(InvalidArchitectureError, match=r"Node 'out'.*\(5, 4\)"):
            graph_of(node("x", sequence), node("out", operation, "x")).build()
