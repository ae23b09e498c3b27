"""The sequential builders against the recorded facts: counts, shapes, layers, predictions, and edge cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.modeler.golden_models import (
    KERAS_3_CLASS,
    check_recorded,
    class_of,
    predictions,
    with_former_activations,
)

from amber.architect import ModelSpace, Operation
from amber.errors import AmberError
from amber.modeler import KerasModelBuilder, build_sequential_model, build_sequential_model_from_string

pytestmark = pytest.mark.parity

COMPILE = {"optimizer": "adam", "loss": "mse"}
RECORDED = load("sequential")
EDGE = "sequential edge cases"
CASES = [(config, case) for config in RECORDED if config["builder"] != EDGE for case in config["cases"]]
EDGES = [(config, case) for config in RECORDED if config["builder"] == EDGE for case in config["cases"]]
GATES = "hard sigmoid, as of LSTM gates, was clip(0.2 x + 0.5, 0, 1) in TensorFlow 1"


def ends(config: dict[str, Any]) -> tuple[Operation, Operation]:
    return Operation.from_dict(config["inputs_op"]), Operation.from_dict(config["output_op"])


def build(config: dict[str, Any], states: Any) -> keras.Model:
    space = ModelSpace.from_dict(config["space"])
    if "KerasModelBuilder" in config["builder"]:
        return KerasModelBuilder(*ends(config), COMPILE, space)(states)
    return build_sequential_model(states, *ends(config), COMPILE, space)


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
    by_objects = "Operation objects" in config["builder"]
    model = build(config, operations if by_objects else case["arc_seq"])
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


def edge_call(config: dict[str, Any], what: str) -> Callable[[], keras.Model]:
    space = ModelSpace.from_dict(config["space"])
    builder = KerasModelBuilder(*ends(config), COMPILE, space)
    arc = [0] * len(space)
    if "model_space=None" in what:
        return lambda: build_sequential_model(arc, *ends(config), COMPILE)
    if "from_string" in what:
        texts = [str(operation) for operation in chosen_operations(config, arc)]
        changed = ["no such text", *texts[1:]] if "unknown" in what else texts[:-1] if "short" in what else texts
        return lambda: build_sequential_model_from_string(changed, *ends(config), space, COMPILE)
    entries: dict[str, Any] = {
        "token out of range": [99, *arc[1:]],
        "too long": [*arc, 0],
        "too short": arc[:-1],
        "numpy": np.array(arc),
        "negative": [-1, *arc[1:]],
        "-1": [-1, *arc[1:]],
        "float": [0.0, *arc[1:]],
        "empty": [],
    }
    states = next((states for words, states in entries.items() if words in what), None)
    assert states is not None, f"an edge case nobody checks: {what}"
    return lambda: builder(states)


@pytest.mark.parametrize(("config", "case"), EDGES, ids=[case["what"] for _, case in EDGES])
def test_golden_sequential_edges(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    call = edge_call(config, case["what"])
    if "error" in case:
        with pytest.raises(AmberError, match="Received"):
            call()
        tally.check("sequential")
        return
    try:
        model = call()
    except AmberError as error:
        assert "Received" in str(error)
        assert any(word in case["what"] for word in ("short", "long", "-1", "negative", "empty"))
        tally.supersede("sequential", "A7 tokens are validated")
        return
    check_recorded(model, case)
    tally.check("sequential")
