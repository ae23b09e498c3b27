"""The branch builder against the recorded facts: counts, shapes, layers, predictions, and what mutation did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.golden_edges import Rule, architectures, check_edge, edges_of
from tests.modeler.golden_models import check_recorded, former_names, predictions

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.modeler import KerasBranchModelBuilder

pytestmark = pytest.mark.parity

RECORDED = load("branch")
CONFIGS = [config for config in RECORDED if "branches" in config]
MUTATIONS = [config for config in RECORDED if "activations_first_build" in config]
KNOWN = ("add", "average", "maximum", "minimum", "multiply", "concatenate")
MERGES_WORK = "A22 every merge works"
EDGES = [case for _, case in edges_of(RECORDED)]
CASES = [(config, case) for config in CONFIGS for case in config["cases"] if "what" not in case]


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


@pytest.mark.parametrize("recorded", MUTATIONS)
def test_golden_branch_mutation(recorded: dict[str, Any], tally: Tally) -> None:
    config = next(config for config in CONFIGS if config["kwargs"]["with_bn"])
    builder = make_builder(config)
    before = builder.model_space.to_dict()
    arc = recorded["arc_seq"]
    first, second = builder(arc), builder(arc)
    assert activations(first) == sorted(recorded["activations_first_build"])
    assert set(recorded["activations_second_build"]) == {"linear"}
    assert activations(second) == activations(first)
    assert builder.model_space.to_dict() == before
    tally.supersede("branch", "A1 nothing of the user's is changed")


def built_with(**changes: Any) -> keras.Model:
    builder = make_builder(CONFIGS[0], **changes)
    return builder([0] * len(builder.layout))


def merged(concat_op: str) -> keras.Model:
    """A network whose two branches, each of them the one of features, end equally wide and are joined otherwise."""
    twice = {**CONFIGS[0], "branches": [CONFIGS[0]["branches"][1]] * 2}
    inputs = [Operation("input", shape=(6,), name=name) for name in ("left", "right")]
    builder = KerasBranchModelBuilder(inputs, Operation("dense", units=2), None, make_space(twice, concat_op=concat_op))
    model = builder([0] * len(builder.layout))
    merges = [layer for layer in model.layers if type(layer).__name__.lower() == concat_op]
    assert len(merges) == 1
    return model


def without(part: str) -> keras.Model:
    config = CONFIGS[0]
    changed = {"stem": []} if part == "stem" else {"branches": [[], *config["branches"][1:]]}
    return built_with(model_space=make_space({**config, **changed}))


def tokens(change: Callable[[list[Any]], Any]) -> Callable[[], keras.Model]:
    def call() -> keras.Model:
        builder = make_builder(CONFIGS[0])
        return builder(change([0] * len(builder.layout)))

    return call


RULES = [
    Rule(
        ("plain|not branched|no branch|model_?space",), lambda: built_with(model_space=plain_space()), "AssertionError"
    ),
    Rule(("stem", "empty|missing|no |without"), lambda: without("stem"), "KeyError"),
    Rule(("branch", "empty|missing|without"), lambda: without("branch"), "KeyError"),
    Rule(("inputs?", "few|one|single|wrong|number|many"), lambda: wrong_inputs(), "AssertionError"),
    *(Rule((rf"concat_op\W+{name}",), lambda name=name: merged(name), "AttributeError", MERGES_WORK) for name in KNOWN),
    Rule(("concat_op",), lambda: merged("no_such_merge"), "ValueError"),
    Rule(("short",), tokens(lambda arc: arc[:-1]), "IndexError"),
    Rule(("long",), tokens(lambda arc: [*arc, 0]), "IndexError"),
    Rule(("out of range",), tokens(lambda arc: [99, *arc[1:]]), "IndexError"),
    Rule(("float",), tokens(lambda arc: [0.0, *arc[1:]]), "TypeError"),
]


def plain_space() -> ModelSpace:
    return ModelSpace.from_dict(CONFIGS[0]["stem"])


def wrong_inputs() -> KerasBranchModelBuilder:
    inputs = [Operation.from_dict(each) for each in CONFIGS[0]["inputs_op"]]
    return KerasBranchModelBuilder(inputs[:1], Operation("dense", units=1), None, make_space(CONFIGS[0]))


@pytest.mark.parametrize("case", EDGES, ids=lambda case: case["what"])
def test_golden_branch_edges(case: dict[str, Any], tally: Tally) -> None:
    networks = [(builder, architectures(builder)) for builder in map(make_builder, CONFIGS)]
    check_edge("branch", case, RULES, networks, tally)
