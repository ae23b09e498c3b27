"""The branch builder against the recorded facts: counts, shapes, layers, predictions, and what mutation did."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.modeler.golden_models import check_recorded, former_names, predictions

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.errors import ModelSpaceError
from amber.modeler import KerasBranchModelBuilder

pytestmark = pytest.mark.parity

RECORDED = load("branch")
CONFIGS = [config for config in RECORDED if "branches" in config]
(MUTATION,) = [config for config in RECORDED if "mutation" in config["builder"]]
(EDGES,) = [config for config in RECORDED if "edge cases" in config["builder"]]
CASES = [(config, case) for config in CONFIGS for case in config["cases"]]


def make_space(config: dict[str, Any], concat_op: str = "concatenate") -> BranchedModelSpace:
    branches = [ModelSpace.from_dict(branch) for branch in config["branches"]]
    return BranchedModelSpace([branches, ModelSpace.from_dict(config["stem"])], concat_op)


def make_builder(config: dict[str, Any], **changes: Any) -> KerasBranchModelBuilder:
    settings = {"model_space": make_space(config), **config["kwargs"], **changes}
    return KerasBranchModelBuilder(
        [Operation.from_dict(each) for each in config["inputs_op"]],
        Operation.from_dict(config["output_op"]),
        {"optimizer": "adam", "loss": "mse"},
        **settings,
    )


def recorded_names(builder: KerasBranchModelBuilder, arc: list[int]) -> dict[str, str]:
    """From the automatic names of the original, numbered in the order of making, to the names of the graph."""
    return former_names((node.operation, node.name) for node in builder.plan(arc).nodes)


@pytest.mark.parametrize(
    ("config", "case"),
    CASES,
    ids=[f"bn={c['kwargs']['with_bn']}-{'_'.join(map(str, k['arc_seq']))}" for c, k in CASES],
)
def test_golden_branch(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    builder, arc = make_builder(config), case["arc_seq"]
    recorded = {(key[0], key[1]): layers for key, layers in config["branch_to_layer"]}
    assert builder.model_space.branch_to_layer == recorded
    assert builder.measure(arc).parameters == case["total_params"]
    # The original's second build had lost its activations (A1): here the second is as the first.
    builder(arc)
    model = builder(arc)
    check_recorded(model, case)
    if "predictions" in case:
        set_prescribed_weights(model, case["weight_layout"], recorded_names(builder, arc))
        x = [prescribed_input(number, op["shape"]) for number, op in enumerate(config["inputs_op"])]
        np.testing.assert_allclose(predictions(model, x)[0], case["predictions"][0], atol=1e-5)
    tally.check("branch")


def activations(model: keras.Model) -> list[str]:
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Activation)]
    return sorted(keras.activations.serialize(layer.activation) for layer in layers)


def test_golden_branch_mutation(tally: Tally) -> None:
    (config,) = [config for config in CONFIGS if config["kwargs"]["with_bn"]]
    builder = make_builder(config)
    before = builder.model_space.to_dict()
    arc = MUTATION["arc_seq"]
    first, second = builder(arc), builder(arc)
    assert activations(first) == sorted(MUTATION["activations_first_build"])
    assert set(MUTATION["activations_second_build"]) == {"linear"}
    assert activations(second) == activations(first)
    assert builder.model_space.to_dict() == before
    tally.supersede("branch", "A1 nothing of the user's is changed")


@pytest.mark.parametrize("case", EDGES["cases"], ids=lambda case: case["what"])
def test_golden_branch_edges(case: dict[str, Any], tally: Tally) -> None:
    what, config = case["what"], CONFIGS[0]
    if what == "plain ModelSpace":
        with pytest.raises(ModelSpaceError, match="BranchedModelSpace. Received: ModelSpace"):
            make_builder(config, model_space=ModelSpace.from_dict(config["stem"]))
    elif what == "empty stem":
        with pytest.raises(ModelSpaceError, match="the stem"):
            make_space({**config, "stem": []})
    elif what == "concat_op add":
        # The branch of features twice, so that both ends are equally wide.
        twice = {**config, "branches": [config["branches"][1]] * 2}
        inputs = [Operation("input", shape=(6,), name=name) for name in ("left", "right")]
        builder = KerasBranchModelBuilder(inputs, Operation("dense", units=2), None, make_space(twice, concat_op="add"))
        model = builder([0, 0, 0, 0, 0, 1])
        assert [type(layer).__name__ for layer in model.layers].count("Add") == 1
        tally.supersede("branch", "A22 every merge works")
        return
    else:
        pytest.fail(f"an edge case nobody checks: {what}")
    tally.check("branch")
