"""Which arguments of builders change nothing on a space."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.architect.without_effect import sentence, without_effect
from amber.modeler import (
    DAGModelBuilder,
    KerasBranchModelBuilder,
    KerasMultiIOModelBuilder,
    KerasResidualCnnBuilder,
    ModelBuilder,
)

CONV = {"Layer_type": "conv1d", "filters": 4, "kernel_size": 3}
WIDER = {**CONV, "filters": 8}
POOL = {"Layer_type": "maxpool1d", "filters": 4, "pool_size": 2}
DENSE, DROP = {"Layer_type": "dense", "units": 3}, {"Layer_type": "dropout", "rate": 0.1}
SEQUENCE, VECTOR = Operation("input", shape=(20, 4), name="x"), Operation("input", shape=(5,), name="x")
OUTPUT = Operation("dense", units=1, activation="linear", name="y")

# Builder, layers, argument and value, inputs; and the same with other layers, where it has an effect.
CASES: dict[str, tuple[str, Any, dict[str, Any], Any]] = {
    "reduction": ("residual_cnn", [[CONV], [CONV]], {"reduction_factor": 2}, [[CONV], [WIDER]]),
    "convolution under a pool": ("residual_cnn", [[CONV]], {"add_conv1_under_pool": False}, [[CONV, POOL]]),
    "width": ("multi_io", [[DROP]], {"wsf": 2.0}, [[DENSE]]),
    "skips": ("dag", [[DENSE]], {"with_skip_connection": False}, [[DENSE], [DENSE]]),
    "normalisation": ("branch", [[DROP]], {"with_bn": True}, [[DENSE]]),
    "flatten": ("sequential", [[CONV], [{"Layer_type": "flatten"}]], {"flatten": True}, [[CONV]]),
}


@pytest.mark.parametrize("name", CASES)
def test_argument_without_effect_is_named_with_the_reason(name: str) -> None:
    builder, layers, given, others = CASES[name]
    (argument,) = given
    found = without_effect(builder, ModelSpace.from_dict(layers), given)
    assert list(found) == [argument]
    assert argument in sentence("it", found) and found[argument] in sentence("it", found)
    assert without_effect(builder, ModelSpace.from_dict(others), given) == {}


def test_only_what_is_given_and_asks_for_something_is_named() -> None:
    space = ModelSpace.from_dict([[DROP]])
    assert without_effect("residual_cnn", space, {}) == {}
    assert without_effect("multi_io", space, {"wsf": 1}) == {}
    assert without_effect("of_a_plug_in", space, {"wsf": 2}) == {}
    assert without_effect("dag", space, {"dag_func": "InputBlockAuxLossDAG"}, inputs=1)
    assert without_effect("dag", space, {"dag_func": "InputBlockAuxLossDAG"}, inputs=2) == {}
    assert sentence("it", {}) == ""


def _builder(name: str, layers: Any, given: dict[str, Any]) -> ModelBuilder:
    space = ModelSpace.from_dict(layers)
    if name == "residual_cnn":
        return KerasResidualCnnBuilder(SEQUENCE, OUTPUT, 4, "gap", None, space, **given)
    if name == "multi_io":
        return KerasMultiIOModelBuilder(VECTOR, OUTPUT, None, space, **given)
    if name == "dag":
        return DAGModelBuilder(VECTOR, OUTPUT, space, None, **given)
    return KerasBranchModelBuilder(VECTOR, OUTPUT, None, BranchedModelSpace([[space], space]), **given)


@pytest.mark.parametrize("name", [name for name in CASES if name != "flatten"])
def test_builder_warns_once_and_only_where_there_is_no_effect(name: str) -> None:
    builder, layers, given, others = CASES[name]
    with pytest.warns(UserWarning, match=f"{next(iter(given))} has no effect on") as caught:
        _builder(builder, layers, given)
    assert len([each for each in caught if each.category is UserWarning]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        _builder(builder, others, given)
        _builder(builder, layers, {})
