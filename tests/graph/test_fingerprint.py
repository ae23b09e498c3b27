"""Fingerprints stay what they were: journals hold them, and the seed of a training is made of them."""

from __future__ import annotations

import pytest
from tests.graph.test_graph import DENSE, INPUT, graph_of, node, two_branches

from amber.architect import Operation
from amber.graph.graph import ComputationGraph

ONE = Operation("dense", units=1)
IDLE = [node("i", Operation("dropout", rate=0), "x"), node("l", Operation("activation", activation="linear"), "i")]
HEADS = [
    node("x", INPUT),
    node("y", INPUT),
    node("a", DENSE, "x"),
    node("b", Operation("add"), "a", "a"),
    node("out", DENSE, "b", "y"),
]


@pytest.mark.parametrize(
    ("graph", "name"),
    [
        (graph_of(node("x", INPUT), node("a", DENSE, "x"), node("out", ONE, "a")), "31e5f119b1b8a1814f8924b6af8becda"),
        (graph_of(node("x", INPUT), *IDLE, node("out", DENSE, "l")), "f3281ba385f2121db36207f05d45d115"),
        (two_branches("add"), "a6e60838236036dc9676fe09a87fa6f3"),
        (two_branches(), "358d73b0c6a7f1218d026f2cd34f2724"),
        (ComputationGraph(HEADS, ["x", "y"], ["out", "a"], {"a": 0.25}), "9aa7de75de0afce26e9ddb62192380d7"),
    ],
)
def test_a_network_keeps_its_fingerprint(graph: ComputationGraph, name: str) -> None:
    assert graph.fingerprint() == name


def test_dropout_counts_unless_it_drops_nothing() -> None:
    def with_dropout(rate: float) -> str:
        return graph_of(
            node("x", INPUT), node("d", Operation("dropout", rate=rate), "x"), node("out", DENSE, "d")
        ).fingerprint()

    plain = graph_of(node("x", INPUT), node("out", DENSE, "x")).fingerprint()
    assert with_dropout(0) == plain
    assert len({plain, with_dropout(0.1), with_dropout(0.2)}) == 3


def test_the_weight_of_an_intermediate_output_counts() -> None:
    prints = [
        ComputationGraph(HEADS, ["x", "y"], ["out", "a"], weights).fingerprint()
        for weights in (None, {"a": 0.25}, {"a": 0.5})
    ]
    assert len(set(prints)) == 3


def test_the_order_of_outputs_counts() -> None:
    first, second = (ComputationGraph(HEADS, ["x", "y"], outputs) for outputs in (["out", "a"], ["a", "out"]))
    assert first.fingerprint() != second.fingerprint()
