"""`get_layer` against the recorded facts: counts, shapes, layers, predictions and errors."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.modeler.golden_models import check_recorded, predictions, with_former_activations
from tests.modeler.recurrent_reference import lstm_outputs

from amber.architect import Operation
from amber.errors import AmberError
from amber.graph.cost import measure_operation
from amber.modeler import get_layer
from amber.operations import OPERATIONS

pytestmark = pytest.mark.parity

RECORDED = load("get_layer")
# What was a bare function, or several layers, is one layer that can be saved (A25).
ONE_LAYER = {"denovo": "DenovoMotif", "sparsek_vec": "SparseTopK"}


def build(case: dict[str, Any], operation: Operation | None = None) -> keras.Model:
    operation = operation or Operation.from_dict(case["op"])
    x = keras.Input(case["input_shape"])
    return keras.Model(x, get_layer(x, operation, **case["kwargs"]))


def layer_names(model: keras.Model, case: dict[str, Any]) -> dict[str, str]:
    """From recorded to actual names of the layers with weights, which come in the same order."""
    recorded = list(dict.fromkeys(layer for layer, *_ in case["weight_layout"]))
    return dict(zip(recorded, [layer.name for layer in model.layers if layer.weights], strict=True))


def set_weights(model: keras.Model, case: dict[str, Any]) -> None:
    # The original's own layers put their names before those of their weights.
    layout = [[layer, kind.removeprefix(f"{layer}_"), *rest] for layer, kind, *rest in case["weight_layout"]]
    set_prescribed_weights(model, layout, layer_names(model, case))


def check_predictions(model: keras.Model, case: dict[str, Any]) -> None:
    set_weights(model, case)
    found = predictions(model, [prescribed_input(0, case["input_shape"])])[0]
    np.testing.assert_allclose(found, case["predictions"][0], atol=1e-5)


def check_counts(model: keras.Model, case: dict[str, Any]) -> None:
    """What `check_recorded` compares, but for the classes of the layers."""
    assert model.count_params() == case["total_params"]
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == case["trainable_params"]
    assert [list(tensor.shape) for tensor in model.outputs] == case["output_shapes"]


def check_today(model: keras.Model, case: dict[str, Any]) -> None:
    """Without the former functions the layers have those that Keras 3 has; an LSTM is as one written out."""
    operation = Operation.from_dict(case["op"])
    found = [keras.activations.serialize(layer.activation) for layer in model.layers if hasattr(layer, "activation")]
    assert operation.get("activation", "linear") in (*found, "linear")
    gates = [layer.recurrent_activation for layer in model.layers if isinstance(layer, keras.layers.LSTM)]
    assert "recurrent_activation" in operation or all(gate is keras.activations.sigmoid for gate in gates)
    if operation.Layer_type == "lstm" and set(case["op"]) <= {"Layer_type", "units", "return_sequences"}:
        set_weights(model, case)
        x = prescribed_input(0, case["input_shape"])
        outputs = lstm_outputs(x, *[np.array(weight) for weight in model.get_weights()])
        expected = outputs if case["op"].get("return_sequences") else outputs[:, -1]
        np.testing.assert_allclose(predictions(model, [x])[0], expected, atol=1e-5)


def check_error(case: dict[str, Any], tally: Tally) -> None:
    """What the original refused is refused with a named error, or works by one of the rules."""
    try:
        model = build(case)
    except AmberError as error:
        assert isinstance(error, ValueError) and re.search("Received|cannot be", str(error))
        tally.check("get_layer")
        return
    rule = why_it_works(Operation.from_dict(case["op"]))
    assert rule is not None, f"the original refused this: {case['error']}"
    cost = measure_operation(Operation.from_dict(case["op"]), (tuple(case["input_shape"]),))
    (found,) = predictions(model, [np.ones((3, *case["input_shape"]), "float32")])
    assert model.count_params() == cost.parameters and found.shape == (3, *cost.output_shape)
    tally.supersede("get_layer", rule)


def why_it_works(operation: Operation) -> str | None:
    """The rule by which an operation that the original refused is taken; None where there is none."""
    kind, activation = OPERATIONS.get(operation.Layer_type).name, operation.get("activation")
    if kind not in FORMER_TYPES:
        return "issue: types that the original did not have"
    if kind in ("sfc", "denovo", "sparsek_vec"):
        return f"A24 every option of {kind} works, on every size"
    known = OPERATIONS.get(kind)
    if any(name in known.search_only or name in known.renamed for name in operation.Layer_attributes):
        return "2.1 attributes that only the search or another builder reads are taken"
    if activation is not None and hasattr(keras.activations, activation):
        return "Keras 3 knows the activation"
    return None


FORMER_TYPES = {
    "dense",
    "conv1d",
    "conv2d",
    "maxpool1d",
    "avgpool1d",
    "maxpool2d",
    "avgpool2d",
    "globalmaxpool1d",
    "globalavgpool1d",
    "globalmaxpool2d",
    "globalavgpool2d",
    "flatten",
    "lstm",
    "dropout",
    "identity",
    "gaussian_noise",
    "concatenate",
    "sfc",
    "denovo",
    "sparsek_vec",
}


def label(case: dict[str, Any]) -> str:
    return f"{Operation.from_dict(case['op'])} {case['kwargs'] or ''}"


@pytest.mark.parametrize("case", RECORDED, ids=label)
def test_golden_get_layer(case: dict[str, Any], tally: Tally) -> None:
    if "error" in case:
        check_error(case, tally)
        return
    operation = Operation.from_dict(case["op"])
    before = operation.Layer_attributes
    # The original's second build had lost its activation (A1): here the second is as the first.
    build(case, operation)
    model = build(case, operation)
    assert operation.Layer_attributes == before
    if operation.Layer_type in ONE_LAYER:
        check_counts(model, case)
        assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", ONE_LAYER[operation.Layer_type]]
    else:
        check_recorded(model, case)
    former = with_former_activations(operation)
    if case.get("predictions"):
        check_predictions(build(case, former), case)
    if former == operation:
        tally.check("get_layer")
        return
    check_today(model, case)
    tally.supersede("get_layer", "hard sigmoid, as of LSTM gates, was clip(0.2 x + 0.5, 0, 1) in TensorFlow 1")
