"""The sequential builders against the recorded facts: counts, shapes, layers, predictions, and edge cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.golden_edges import Rule, architectures, check_edge, edges_of
from tests.modeler.golden_models import (
    KERAS_3_CLASS,
    check_recorded,
    class_of,
    predictions,
    with_former_activations,
)

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasModelBuilder, build_sequential_model, build_sequential_model_from_string

pytestmark = pytest.mark.parity

COMPILE = {"optimizer": "adam", "loss": "mse"}
RECORDED = load("sequential")
CASES = [(config, case) for config in RECORDED for case in config["cases"] if "what" not in case]
EDGES = edges_of(RECORDED)
VALIDATED = "A7 tokens are validated"
GATES = "hard sigmoid, as of LSTM gates, was clip(0.2 x + 0.5, 0, 1) in TensorFlow 1"


def ends(config: dict[str, Any]) -> tuple[Operation, Operation]:
    return Operation.from_dict(config["inputs_op"]), Operation.from_dict(config["output_op"])


def build(config: dict[str, Any], states: Any) -> keras.Model:
    """The model by each of the ways to ask for it, which are one and the same."""
    space = ModelSpace.from_dict(config["space"])
    built = KerasModelBuilder(*ends(config), COMPILE, space)(states)
    model = build_sequential_model(states, *ends(config), COMPILE, space)
    assert [type(layer) for layer in built.layers] == [type(layer) for layer in model.layers]
    return built


def chosen_operations(config: dict[str, Any], arc: list[int]) -> list[Operation]:
    return [layer[token] for layer, token in zip(ModelSpace.from_dict(config["space"]), arc, strict=True)]


def recorded_names(model: keras.Model, case: dict[str, Any]) -> dict[str, str]:
    """From the recorded names to those of the model, layer by layer."""
    names = {}
    for (name, kind), layer in zip(case["layers"], model.layers, strict=True):
        assert class_of(layer) == KERAS_3_CLASS.get(kind, kind)
        names[name] = layer.name
    return names


def check_predictions(model: keras.Model, config: dict[str, Any], case: dict[str, Any]) -> None:
    set_prescribed_weights(model, case["weight_layout"], recorded_names(model, case))
    x = prescribed_input(0, config["inputs_op"]["shape"])
    np.testing.assert_allclose(predictions(model, [x])[0], case["predictions"][0], atol=1e-5)


@pytest.mark.parametrize(
    ("config", "case"), CASES, ids=[f"{c['builder'].split()[0]}-{'_'.join(map(str, k['arc_seq']))}" for c, k in CASES]
)
def test_golden_sequential(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    operations = chosen_operations(config, case["arc_seq"])
    check_recorded(build(config, operations), case)
    model = build(config, case["arc_seq"])
    check_recorded(model, case)
    assert len(model.layers) == case["num_layers"]
    recorded_names(model, case)
    if "predictions" not in case:
        tally.check("sequential")
        return
    former = [with_former_activations(operation) for operation in operations]
    if former == operations:
        check_predictions(model, config, case)
        tally.check("sequential")
        return
    # These functions are all that differs: with those of the original the numbers are the recorded ones.
    check_predictions(build(config, former), config, case)
    lstms = [layer for layer in model.layers if isinstance(layer, keras.layers.LSTM)]
    assert all(lstm.recurrent_activation is keras.activations.sigmoid for lstm in lstms)
    tally.supersede("sequential", GATES)


def rules_of(config: dict[str, Any]) -> list[Rule]:
    space = ModelSpace.from_dict(config["space"])
    builder = KerasModelBuilder(*ends(config), COMPILE, space)
    arc = [0] * len(space)
    texts = [str(operation) for operation in chosen_operations(config, arc)]
    return [
        Rule(("from_string", "unknown|not found|no such"), from_strings(config, ["no text", *texts[1:]]), "Exception"),
        Rule(("from_string", "short|few|long|length|many"), from_strings(config, texts[:-1]), "AssertionError"),
        Rule(("from_string",), from_strings(config, texts)),
        Rule(
            ("model_?space", "None|without|no "),
            lambda: build_sequential_model(arc, *ends(config), COMPILE),
            "AssertionError",
        ),
        Rule(("out of range|too large|>= ?n",), lambda: builder([99, *arc[1:]]), "IndexError"),
        Rule(("long",), lambda: builder([*arc, 0]), "IndexError"),
        Rule(("short|fewer",), lambda: builder(arc[:-1]), superseded=VALIDATED),
        Rule(("negative|-1",), lambda: builder([-1, *arc[1:]]), superseded=VALIDATED),
        Rule(("empty",), lambda: builder([]), superseded=VALIDATED),
        Rule(("float",), lambda: builder([0.5, *arc[1:]]), "Exception"),
        Rule(("string|text|str ",), lambda: builder(["0", *arc[1:]]), "Exception"),
        Rule(("numpy|array|int64",), lambda: builder(np.array(arc))),
        Rule(("tuple",), lambda: builder(tuple(arc))),
        Rule(("Operation",), lambda: builder(chosen_operations(config, arc))),
    ]


def from_strings(config: dict[str, Any], texts: list[str]) -> Callable[[], keras.Model]:
    space = ModelSpace.from_dict(config["space"])
    return lambda: build_sequential_model_from_string(texts, *ends(config), space, COMPILE)


def shorter(config: dict[str, Any]) -> Iterator[tuple[KerasModelBuilder, list[list[Operation]]]]:
    """Chains of the first or the last layers, which the original built of too few tokens or of -1."""
    free = KerasModelBuilder(*ends(config), COMPILE)
    space = ModelSpace.from_dict(config["space"])
    first, last = [layer[0] for layer in space], [layer[-1] for layer in space]
    yield free, [first[:count] for count in range(len(first))] + [[last[0], *first[1:]], [*first[:-1], last[-1]]]
    builder = KerasModelBuilder(*ends(config), COMPILE, space)
    yield builder, architectures(builder)


@pytest.mark.parametrize(("config", "case"), EDGES, ids=[case["what"] for _, case in EDGES])
def test_golden_sequential_edges(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    check_edge("sequential", case, rules_of(config), shorter(config), tally)
