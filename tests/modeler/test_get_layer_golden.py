"""`get_layer` against the recorded facts: counts, shapes, layers, predictions and errors."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.modeler.golden_models import check_recorded, predictions
from tests.modeler.recurrent_reference import lstm_outputs

from amber.architect import Operation
from amber.errors import AmberError
from amber.modeler import get_layer
from amber.modeler.operations import OPERATIONS

pytestmark = pytest.mark.parity

RECORDED = load("get_layer")
# What was a bare function, or several layers, is one layer that can be saved (A25).
ONE_LAYER = {"denovo": "DenovoMotif", "sparsek_vec": "SparseTopK"}
FORMER_ERRORS = {"TypeError", "ValueError"}


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


def tf1_hard_sigmoid(x: Any) -> Any:
    """What Keras 2 called hard_sigmoid."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def check_predictions(model: keras.Model, case: dict[str, Any]) -> None:
    set_weights(model, case)
    found = predictions(model, [prescribed_input(0, case["input_shape"])])[0]
    np.testing.assert_allclose(found, case["predictions"][0], atol=1e-5)


def check_counts(model: keras.Model, case: dict[str, Any]) -> None:
    """What `check_recorded` compares, but for the classes of the layers."""
    assert model.count_params() == case["total_params"]
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == case["trainable_params"]
    assert [list(tensor.shape) for tensor in model.outputs] == case["output_shapes"]


def check_lstm(model: keras.Model, case: dict[str, Any]) -> None:
    """The recorded numbers with the gates of the time; with today's, those of an LSTM written out."""
    check_recorded(model, case)
    operation = Operation.from_dict(case["op"]).replace(recurrent_activation=tf1_hard_sigmoid)
    check_predictions(build(case, operation), case)
    set_weights(model, case)
    x = prescribed_input(0, case["input_shape"])
    outputs = lstm_outputs(x, *[np.array(weight) for weight in model.get_weights()])
    expected = outputs if case["op"].get("return_sequences") else outputs[:, -1]
    np.testing.assert_allclose(predictions(model, [x])[0], expected, atol=1e-5)


def check_error(case: dict[str, Any], tally: Tally) -> None:
    kind, activation = case["op"]["Layer_type"], case["op"].get("activation")
    if kind == "sfc":
        # A24: the options of the separable layer work.
        assert build(case).count_params() == case["op"]["output_dim"] * (
            -(-case["input_shape"][0] // 2) + case["input_shape"][1]
        )
        tally.supersede("get_layer", "A24 every option of sfc works")
    elif kind in OPERATIONS and OPERATIONS.get(kind).name not in FORMER_TYPES:
        assert build(case).output_shape == (None, *case["input_shape"])
        tally.supersede("get_layer", "issue: types that the original did not have")
    elif activation is not None and hasattr(keras.activations, activation):
        assert keras.activations.serialize(build(case).layers[-1].activation) == activation
        tally.supersede("get_layer", "Keras 3 knows the activation")
    else:
        with pytest.raises(AmberError, match="Received|cannot be") as caught:
            build(case)
        assert isinstance(caught.value, ValueError) and case["error"] in FORMER_ERRORS
        tally.check("get_layer")


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
    kind = operation.Layer_type
    if kind == "lstm" and "recurrent_activation" not in operation:
        check_lstm(model, case)
        tally.supersede("get_layer", "LSTM gates are the logistic function, not TensorFlow 1's hard sigmoid")
        return
    if kind in ONE_LAYER:
        check_counts(model, case)
        assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", ONE_LAYER[kind]]
    else:
        check_recorded(model, case)
    if case.get("predictions"):
        check_predictions(model, case)
    tally.check("get_layer")
