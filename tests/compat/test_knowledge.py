"""Knowledge functions: the recorded value of the graph hierarchy, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.architect import ModelSpace, Operation
from amber.errors import ConfigError
from amber.getter import get_knowledge_fn
from amber.modeler import DAGModelBuilder, EnasAnnModelBuilder, KerasModelBuilder
from amber.objective import GraphHierarchyTree, GraphHierarchyTreeAuxLoss

ARC = [1, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1]
RELATED = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
INPUTS = [Operation("input", shape=(1,), name=f"X_{place}") for place in range(4)]
OUTPUT = Operation("dense", units=1, activation="linear", name="output")
COMPILE = {"loss": "mse", "optimizer": "sgd"}


def space() -> ModelSpace:
    layer = [{"Layer_type": "dense", "units": units, "activation": "relu"} for units in (3, 10)]
    return ModelSpace.from_dict([layer] * 3)


def model(**options: Any) -> Any:
    dag_func = options.pop("dag_func", "InputBlockDAG")
    return DAGModelBuilder(INPUTS, OUTPUT, space(), COMPILE, dag_func=dag_func)(ARC)


@pytest.mark.parametrize("dag_func", ["InputBlockDAG", "InputBlockAuxLossDAG"])
def test_the_recorded_value(dag_func: str) -> None:
    tree = GraphHierarchyTree(total_feature_num=4)
    tree.knowledge_encoder(RELATED)
    assert tree(model(dag_func=dag_func), None) == pytest.approx(0.5)


def test_the_same_of_a_child_with_shared_weights() -> None:
    builder = EnasAnnModelBuilder(inputs_op=INPUTS, output_op=[OUTPUT], model_space=space(), model_compile_dict=COMPILE)
    pairs = {(0, 1): 1, (1, 0): 1, (2, 3): 1, (3, 2): 1}
    assert GraphHierarchyTreeAuxLoss(pairs)(builder(ARC)) == pytest.approx(0.5)
    assert get_knowledge_fn("ght", RELATED)(builder(ARC)) == pytest.approx(0.5)


def test_what_it_refuses() -> None:
    tree = GraphHierarchyTree(RELATED)
    plain = KerasModelBuilder(Operation("input", shape=(4,)), OUTPUT, COMPILE, space())([0, 0, 0])
    with pytest.raises(ConfigError, match="inputs"):
        tree(plain)
    with pytest.raises(ConfigError, match="nodes"):
        GraphHierarchyTree([[1]])(plain)
    with pytest.raises(ConfigError, match="square"):
        GraphHierarchyTree([[0, 1, 0], [1, 0, 0]])
    with pytest.raises(ConfigError, match="must have 3 inputs"):
        GraphHierarchyTree(RELATED, total_feature_num=3)(model())


def test_functions_by_name() -> None:
    assert get_knowledge_fn("zero") is get_knowledge_fn(None) is get_knowledge_fn("None") is None
    assert get_knowledge_fn(lambda strength: strength + 1, params={"strength": 2}) == 3
    with pytest.raises(ConfigError, match="function of model and data"):
        get_knowledge_fn("AuxilaryAcc")
    with pytest.raises(ConfigError, match="ght"):
        get_knowledge_fn("gth")
