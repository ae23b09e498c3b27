"""The multi-input/multi-output builder against the recorded facts: graph, counts, shapes and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.modeler.golden_models import check_recorded, classes, former_names, predictions

from amber.architect import Architecture, ModelSpace, Operation
from amber.errors import ArchitectureError, InvalidArchitectureError
from amber.modeler import KerasMultiIOModelBuilder
from amber.modeler.layer_face import BATCH_NORMALISED

pytestmark = pytest.mark.parity

RECORDED = load("multiio")
CONFIGS = [config for config in RECORDED if "tag" in config]
(EDGES,) = [config for config in RECORDED if "edge cases" in config["builder"]]
CASES = [(config, case) for config in CONFIGS for case in config["cases"]]
# What the original printed, and what the error says here.
REASONS = {
    "invalid model: unconnected output": "is unconnected",
    "invalid model: output connected to layer with no input": "which has no input",
    "Secondary unconnected output": "reads only layers that are absent",
}


def make_builder(config: dict[str, Any], **changes: Any) -> KerasMultiIOModelBuilder:
    # The original took a dropout rate and ignored it (A21), so what it recorded is the network without dropout.
    settings = {**config.get("kwargs", {}), "dropout_rate": 0, **changes}
    return KerasMultiIOModelBuilder(
        settings.pop("inputs_op", [Operation.from_dict(each) for each in config["inputs_op"]]),
        settings.pop("output_op", [Operation.from_dict(each) for each in config["output_op"]]),
        {"optimizer": "adam", "loss": "mse"},
        ModelSpace.from_dict(config["space"]),
        **settings,
    )


def present_layers(builder: KerasMultiIOModelBuilder, found: Architecture) -> list[int]:
    """Layers that read something, by the rule, from the tokens alone."""
    present: list[int] = []
    for layer, skips in enumerate(found.skips):
        from_inputs = any(found.inputs[layer]) if builder.with_input_blocks else layer == 0
        if from_inputs or any(bit and source in present for source, bit in enumerate(skips)):
            present.append(layer)
    return present


def recorded_names(builder: KerasMultiIOModelBuilder, arc: list[int]) -> dict[str, str]:
    """From the names of the original, numbered in the order of making, to the names of the graph."""
    found, made = builder.layout.decode(arc), []
    for layer in present_layers(builder, found):
        operation = builder.model_space[layer][found.operations[layer]]
        made.append((operation, operation.get("name") or f"L{layer}_{operation.Layer_type}"))
        if operation.Layer_type in BATCH_NORMALISED:
            made.append((Operation("batch_normalization"), f"L{layer}_bn"))
    outputs = ((node.operation, node.name) for node in map(builder.plan(arc).node, builder.plan(arc).outputs))
    return former_names([*made, *outputs])


@pytest.mark.parametrize(
    ("config", "case"), CASES, ids=[f"{c['tag']}-{'_'.join(map(str, k['arc_seq'][:9]))}" for c, k in CASES]
)
def test_golden_multiio(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    builder, arc = make_builder(config), case["arc_seq"]
    if "result" in case:
        assert case["result"] is None
        (reason,) = [words for printed, words in REASONS.items() if case["printed"].startswith(printed)]
        with pytest.raises(InvalidArchitectureError, match=reason) as raised:
            builder.plan(arc)
        if case["printed"].startswith("Secondary"):
            assert config["output_op"][int(case["printed"].split()[-1])]["name"] in str(raised.value)
        tally.check("multiio")
        return
    model = builder(arc)
    check_recorded(model, case)
    assert builder.measure(arc).parameters == case["total_params"]
    check_dropout(builder, make_builder(config, dropout_rate=0.2), arc)
    if "predictions" in case:
        set_prescribed_weights(model, case["weight_layout"], recorded_names(builder, arc))
        x = [prescribed_input(number, op["shape"]) for number, op in enumerate(config["inputs_op"])]
        for mine, theirs in zip(predictions(model, x), case["predictions"], strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-5)
    tally.check("multiio")


def check_dropout(without: KerasMultiIOModelBuilder, builder: KerasMultiIOModelBuilder, arc: list[int]) -> None:
    """With dropout there is one more layer for every layer of the network, and nothing else."""
    layers = {node.group for node in without.plan(arc).nodes} - set(
        without.plan(arc).inputs + without.plan(arc).outputs
    )
    found = classes(builder(arc))
    own = sum(node.operation.Layer_type == "dropout" for node in without.plan(arc).nodes)
    assert found["Dropout"] - own == len(layers)
    found["Dropout"] = own
    assert +found == classes(without(arc))


@pytest.mark.parametrize("case", EDGES["cases"], ids=lambda case: case["what"])
def test_golden_multiio_edges(case: dict[str, Any], tally: Tally) -> None:
    what = case["what"]
    blocks: dict[str, Any] = {"with_input_blocks": True, "with_output_blocks": True}
    if what == "arc one token short":
        builder = make_builder(EDGES, **blocks)
        with pytest.raises(ArchitectureError, match="Received: 8 tokens"):
            builder([0] * (len(builder.layout) - 1))
        tally.check("multiio")
        return
    if what.startswith("wsf=2"):
        check_wsf(case, blocks)
        tally.supersede("multiio", "A21 wsf is honoured")
        return
    single_input = Operation("input", shape=(5,), name="in0")
    if what.startswith("single Operation input"):
        changes = {**blocks, "with_input_blocks": False, "inputs_op": single_input}
    elif what.startswith("list input, list output, with_output_blocks=False"):
        changes = {**blocks, "with_output_blocks": False}
    elif what == "single in, single out":
        changes = {**blocks, "inputs_op": single_input, "output_op": Operation("dense", units=1)}
    else:
        pytest.fail(f"an edge case nobody checks: {what}")
    builder = make_builder(EDGES, **changes)
    arc = [size - 1 for size in builder.layout.sizes]
    model = builder(arc)
    x = [np.ones((2, *tensor.shape[1:]), "float32") for tensor in model.inputs]
    assert predictions(model, x)[0].shape == (2, 1)
    tally.supersede("multiio", "A21 single inputs and outputs, and no output blocks, work")


def check_wsf(case: dict[str, Any], blocks: dict[str, Any]) -> None:
    """The recorded network has its own widths; twice as wide, every searched layer has twice the units."""
    # The architecture is not recorded; this is the one with its layers and counts.
    arc = [0, 1, 1, 0, 1, 1, 1, 0, 1]
    narrow, wide = make_builder(EDGES, **blocks), make_builder(EDGES, wsf=2, **blocks)
    check_recorded(narrow(arc), case)
    widths = [
        [builder.measure(arc).nodes[f"L{layer}_dense"].output_shape[0] for layer in range(2)]
        for builder in (narrow, wide)
    ]
    assert widths == [[3, 3], [6, 6]]
