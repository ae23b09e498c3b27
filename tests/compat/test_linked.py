"""Nodes that know their neighbours."""

from __future__ import annotations

import keras
import pytest

from amber.architect import ModelSpace, Operation
from amber.errors import InvalidArchitectureError
from amber.modeler import DAGModelBuilder, EnasAnnModelBuilder, dag

SPACE = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3, "activation": "relu"}]] * 3)
INPUTS = [Operation("input", shape=(size,), name=name) for size, name in ((2, "A"), (3, "B"))]
COMPILE = {"optimizer": "sgd", "loss": "mse"}
TOKENS = [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1]  # A -> L0, B -> L1, both -> L2


def test_nodes_of_a_dag_and_of_its_models_know_their_neighbours() -> None:
    output = Operation("dense", units=1, activation="linear", name="y")
    inputs = [dag.ComputationNode(each, each.get("name")) for each in INPUTS]
    planned = dag.InputBlockDAG(True, TOKENS, SPACE, inputs, dag.ComputationNode(output, "y"))
    built = DAGModelBuilder(INPUTS, output, SPACE, COMPILE, dag_func="InputBlockDAG")(TOKENS)
    shared = EnasAnnModelBuilder(inputs_op=INPUTS, output_op=output, model_space=SPACE, model_compile_dict=COMPILE)
    for nodes in (planned.nodes, built.nodes, shared(TOKENS).nodes):
        layers = {each.node_name[:2]: each for each in nodes}
        assert [each.node_name for each in layers["L0"].parent] == ["A"]
        assert [each.operation.Layer_type for each in layers["L1"].parent] == ["input"]
        assert layers["L2"].parent == [layers["L0"], layers["L1"]]
        assert layers["L2"] in layers["L0"].child and not layers["L0"].is_built


@pytest.mark.parametrize(
    ("merge_op", "operation", "parameters"),
    [
        ("concatenate", Operation("dense", units=4), 24),
        (keras.layers.Concatenate, Operation("dense", units=1), 6),
        ("concatenate", Operation("concatenate"), 0),
    ],
)
def test_nodes_are_built_one_after_the_other(merge_op: object, operation: Operation, parameters: int) -> None:
    first, second = (dag.ComputationNode(each, each.get("name")) for each in INPUTS)
    node = dag.ComputationNode(operation=operation, node_name="h", merge_op=merge_op)
    node.parent = [first, second]
    first.build()
    with pytest.raises(InvalidArchitectureError, match="Build the parents of 'h' first. Received: not B"):
        node.build()
    second.build()
    tensor = node.build()
    assert node.is_built and node.operation_layer is tensor
    model = keras.Model([first.operation_layer, second.operation_layer], tensor)
    assert model.count_params() == parameters
    if operation.Layer_type == "dense":
        assert node.merge_layer is not None and node.merge_layer.shape == (None, 5)


def test_parents_that_cannot_be_joined_are_named() -> None:
    first, second = (dag.ComputationNode(each, each.get("name")) for each in INPUTS)
    node = dag.ComputationNode(Operation("dense", units=4), "h", "add")
    node.parent.extend([first, second])
    for each in (first, second):
        each.build()
    with pytest.raises(InvalidArchitectureError, match="Node 'h'"):
        node.build()
    with pytest.raises(AttributeError, match="cannot be changed"):
        node.node_name = "other"
