"""The multi-input/multi-output builder against the recorded facts: graph, counts, shapes and predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.golden_edges import Rule, architectures, check_edge, edges_of, recognise
from tests.modeler.golden_models import check_recorded, classes, former_names, predictions

from amber.architect import Architecture, ModelSpace, Operation
from amber.errors import ArchitectureError, InvalidArchitectureError
from amber.modeler import KerasMultiIOModelBuilder
from amber.modeler.get_layer import BATCH_NORMALISED

pytestmark = pytest.mark.parity

RECORDED = load("multiio")
CASES = [(config, case) for config in RECORDED for case in config["cases"] if "what" not in case]
EDGES = edges_of(RECORDED)
WIDENED = "A21 wsf is honoured"
WORKS = "A21 single inputs and outputs, and no output blocks, work"
BLOCKS = {"with_input_blocks": True, "with_output_blocks": True}
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
        reason = next((words for printed, words in REASONS.items() if case["printed"].startswith(printed)), "Output")
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


def rules_of(config: dict[str, Any]) -> list[Rule]:
    def call(change: Callable[[list[int]], Any] | None = None, **changes: Any) -> Callable[[], Any]:
        def made() -> Any:
            builder = make_builder(config, **{**BLOCKS, **changes})
            arc = [size - 1 for size in builder.layout.sizes]
            return builder(arc if change is None else change(arc))

        return made

    first_input = Operation.from_dict(config["inputs_op"][0])
    one_output = Operation.from_dict(config["output_op"][0])
    ends = {"inputs_op": first_input, "output_op": one_output}
    no_blocks = {"with_input_blocks": False, "inputs_op": first_input}
    return [
        Rule(("single", "input"), call(**no_blocks), "AssertionError", WORKS),
        Rule(("with_output_blocks",), call(with_output_blocks=False), "ValueError", WORKS),
        Rule(("single in", "single out"), call(**ends), "AssertionError", WORKS),
        Rule(("single", "output"), call(output_op=one_output), "ValueError", WORKS),
        Rule(("short",), call(lambda arc: arc[:-1]), "ValueError"),
        Rule(("long",), call(lambda arc: [*arc, 0]), "ValueError"),
        Rule(("out of range",), call(lambda arc: [99, *arc[1:]]), "IndexError"),
        Rule(("numpy|array",), call(np.array)),
        Rule(("wsf",), call(wsf=2), superseded=WIDENED),
        Rule(("dropout_rate",), call(dropout_rate=0.5), superseded="A21 dropout_rate is honoured"),
    ]


@pytest.mark.parametrize(("config", "case"), EDGES, ids=[case["what"] for _, case in EDGES])
def test_golden_multiio_edges(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    """What the original took and ignored was recorded as the network without it."""
    rules = rules_of(config)
    rule = recognise(case["what"], rules)
    if "error" not in case and rule is not None and rule.superseded:
        rule.call()
        ignored = [Rule(rule.words, refused, superseded=rule.superseded)]
        check_edge("multiio", case, ignored, networks(config), tally)
        return
    check_edge("multiio", case, rules, networks(config), tally)


def networks(config: dict[str, Any]) -> list[tuple[Any, Iterator[Any]]]:
    return [(builder, architectures(builder)) for builder in [make_builder(config, **BLOCKS)]]


def refused() -> Any:
    raise ArchitectureError("What was recorded is another network. Received: none")


def test_twice_the_width_is_twice_the_units() -> None:
    config, _ = EDGES[0]
    arc = [0, 1, 1, 0, 1, 1, 1, 0, 1]
    widths = [
        [builder.measure(arc).nodes[f"L{layer}_dense"].output_shape[0] for layer in range(2)]
        for builder in (make_builder(config, **BLOCKS), make_builder(config, wsf=2, **BLOCKS))
    ]
    assert widths == [[3, 3], [6, 6]]
