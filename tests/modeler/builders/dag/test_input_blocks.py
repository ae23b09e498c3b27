"""Where intermediate outputs are placed, what they are called, and what the graph says of them."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from tests.modeler.builders.dag.networks import PAIRS, dense_space, edges, inputs, make_builder, pairs_builder

from amber.architect import ModelSpace, Operation
from amber.errors import InvalidArchitectureError
from amber.modeler import ComputationGraph, DenseAddOutputChild
from amber.modeler.child import block_loss_mapping


@pytest.mark.parametrize(
    ("kind", "heads", "parameters"),
    [
        ("DAG", {}, 67),
        ("InputBlockDAG", {"added_out_1": ["L0"], "added_out_2": ["L1"]}, 75),
        ("InputBlockAuxLossDAG", {"add_out_1": ["L0"], "add_out_2": ["L1"], "add_out_3": ["L2"]}, 79),
    ],
)
def test_worked_example(kind: str, heads: dict[str, list[str]], parameters: int) -> None:
    builder = pairs_builder(kind)
    graph = builder.plan(PAIRS)
    expected = {"L0": ["A", "B"], "L1": ["C", "D"], "L2": ["L0", "L1"], "L3": ["L2"], "output": ["L3"]}
    assert edges(graph) == {**expected, **heads}
    assert graph.outputs == ("output", *heads)
    assert graph.auxiliary == dict.fromkeys(heads, 0.1)
    assert builder.measure(PAIRS).parameters == builder(PAIRS).count_params() == parameters


def test_worked_mapping() -> None:
    expected = {
        **dict.fromkeys(product("AB", repeat=2), 2),
        **dict.fromkeys(product("CD", repeat=2), 3),
        **dict.fromkeys([*product("AB", "CD"), *product("CD", "AB")], 4),
    }
    dag = pairs_builder("InputBlockAuxLossDAG").dag(PAIRS)
    assert dag.input_block_loss_mapping == expected
    assert dag.build().block_loss_mapping == expected


def test_a_meeting_at_the_last_layer_is_that_of_the_final_loss() -> None:
    #        op A B   op A B L0
    arc = [0, 1, 0, 0, 0, 1, 1]
    graph = make_builder([1, 1], 2, dag_func="InputBlockAuxLossDAG").plan(arc)
    assert graph.outputs == ("output", "add_out_1")
    mapping = block_loss_mapping(graph)
    assert mapping == {("X_0", "X_0"): 2, ("X_0", "X_1"): None, ("X_1", "X_0"): None, ("X_1", "X_1"): None}


def test_a_meeting_along_an_older_path_is_seen() -> None:
    """A goes on from L0 to L1; B meets it in L2, which reads L0, and a rule of one head per input would miss that."""
    #        op A B   op A B L0   op A B L0 L1   op A B L0 L1 L2
    arc = [0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1]
    graph = make_builder([1, 1], 4, dag_func="InputBlockAuxLossDAG").plan(arc)
    assert edges(graph)["add_out_2"] == ["L2"]
    assert block_loss_mapping(graph)[("X_0", "X_1")] == 3


def test_blocks_that_meet_only_in_the_default_input_do_not_meet() -> None:
    graph = make_builder([1, 1, 1], 3, dag_func="InputBlockAuxLossDAG").plan([0, 0, 0, 1, *[0] * 11])
    assert edges(graph)["default_input"] == ["X_0", "X_1"]
    mapping = block_loss_mapping(graph)
    assert mapping.pop(("X_2", "X_2")) == 2
    assert set(mapping.values()) == {None}


def test_intermediate_outputs_are_in_the_order_of_the_layers() -> None:
    """In a net of twelve layers L10 comes after L2."""
    builder = make_builder([1, 1], 12, dag_func="InputBlockAuxLossDAG")
    chosen = {"L2.input.0": 1, "L10.input.1": 1, "L11.skip.2": 1, "L11.skip.10": 1}
    graph = builder.plan([chosen.get(name, 0) for name in builder.layout.names])
    found = edges(graph)
    assert (found["add_out_1"], found["add_out_2"]) == (["L2"], ["L10"])


@pytest.mark.parametrize("kind", ["InputBlockDAG", "InputBlockAuxLossDAG"])
def test_without_intermediate_outputs_the_model_is_still_the_child(kind: str) -> None:
    builder = make_builder([1, 1], 1, dag_func=kind)
    model = builder([0, 1, 1])
    assert isinstance(model, DenseAddOutputChild)
    assert (model.aux_loss_weight, model.output_names) == (0, ["output"])
    assert set(model.block_loss_mapping.values()) == {None}


def test_weights_count_as_part_of_the_network() -> None:
    graphs = {
        weight: pairs_builder("InputBlockDAG", dag_kwargs={"aux_loss_weight": weight}).plan(PAIRS)
        for weight in (0.1, 0.3)
    }
    assert graphs[0.3].auxiliary == {"added_out_1": 0.3, "added_out_2": 0.3}
    assert graphs[0.1] != graphs[0.3]
    assert graphs[0.1].fingerprint() != graphs[0.3].fingerprint()
    plain = ComputationGraph(graphs[0.1].nodes, graphs[0.1].inputs, graphs[0.1].outputs)
    assert plain != graphs[0.1]
    assert plain.fingerprint() != graphs[0.1].fingerprint()
    assert "auxiliary" not in plain.to_dict()
    assert ComputationGraph.from_json(graphs[0.3].to_json()).auxiliary == graphs[0.3].auxiliary
    assert graphs[0.3].prune() == graphs[0.3]


def test_a_graph_read_from_json_builds_the_same_child() -> None:
    builder = pairs_builder("InputBlockAuxLossDAG", dag_kwargs={"aux_loss_weight": 0.2})
    mine, read = builder.build(PAIRS), ComputationGraph.from_json(builder.plan(PAIRS).to_json()).build()
    assert isinstance(read, DenseAddOutputChild)
    assert (read.nodes, read.block_loss_mapping, read.aux_loss_weights) == (
        mine.nodes,
        mine.block_loss_mapping,
        mine.aux_loss_weights,
    )


@pytest.mark.parametrize(
    ("auxiliary", "message"),
    [
        ({"nowhere": 0.1}, "Received: 'nowhere'"),
        ({"output": 0.1}, "Received: 'output'"),
        ({"added_out_1": -1}, "weight of the loss of 'added_out_1'.*Received: -1"),
        ({"added_out_1": float("nan")}, "Received: nan"),
        ({"added_out_1": True}, "Received: True"),
    ],
)
def test_intermediate_outputs_are_checked(auxiliary: dict[str, Any], message: str) -> None:
    graph = pairs_builder("InputBlockDAG").plan(PAIRS)
    with pytest.raises(InvalidArchitectureError, match=message):
        ComputationGraph(graph.nodes, graph.inputs, graph.outputs, auxiliary)


def test_an_intermediate_output_must_have_the_shape_of_the_labels() -> None:
    conv = {"Layer_type": "conv1d", "filters": 4, "kernel_size": 3, "activation": "relu", "padding": "same"}
    sequences = [Operation("input", shape=(12, 4), name=name) for name in "AB"]
    pooled = ModelSpace.from_dict([[conv], [{"Layer_type": "flatten"}]])
    builder = make_builder([], 2, inputs_op=sequences, model_space=pooled, dag_func="InputBlockDAG")
    with pytest.raises(InvalidArchitectureError, match=r"'added_out_1' on 'L0_conv_f4_k3_relu' has shape \(12, 1\)"):
        builder([0, 1, 1, 0, 0, 0, 1])
    # Where labels are one to a position, they fit.
    along = make_builder(
        [], 2, inputs_op=sequences, model_space=ModelSpace.from_dict([[conv], [conv]]), dag_func="InputBlockDAG"
    )
    assert [tuple(output.shape) for output in along([0, 1, 1, 0, 0, 0, 1]).outputs] == [(None, 12, 1)] * 2


def test_planning_changes_nothing() -> None:
    space, operations, output = dense_space(3), inputs([1, 2]), Operation("dense", units=1)
    before = space.to_dict()
    builder = make_builder([], 3, inputs_op=operations, output_op=output, model_space=space, dag_func="InputBlockDAG")
    arc = [size - 1 for size in builder.layout.sizes]
    builder.plan(arc)
    builder(arc)
    assert space.to_dict() == before
    assert (operations, output) == (inputs([1, 2]), Operation("dense", units=1))
