"""Which kind of model a graph becomes, and where its layers come from."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.graph.test_graph import DENSE, INPUT, graph_of, node

from amber.architect import Operation
from amber.backend.models import ChildModel
from amber.errors import DataError, InvalidArchitectureError
from amber.graph.graph import ComputationGraph
from amber.graph.models.block_model import BlockModel
from amber.graph.models.named_inputs import MultiInputModel

ONE = graph_of(node("x", INPUT), node("out", DENSE, "x"))
SEVERAL = ComputationGraph([node("x", INPUT), node("y", INPUT), node("out", DENSE, "x", "y")], ["x", "y"], ["out"])


def test_only_a_model_of_several_inputs_knows_them_by_name() -> None:
    assert type(ONE.build()) is ChildModel and type(SEVERAL.build()) is MultiInputModel
    assert type(SEVERAL.build(model_class=BlockModel)) is BlockModel
    assert ONE.build(name="net").name == "net"


def test_layers_come_from_where_they_are_asked_for() -> None:
    asked: list[Any] = []

    def layer_for(one: Any, shape: Any) -> Any:
        asked.append((one.name, shape))
        return keras.layers.Dense(2, name="mine")

    model = ONE.build(layer_for=layer_for)
    assert asked == [("out", (6,))] and model.output_shape == (None, 2) and model.layers[-1].name == "mine"


def test_a_layer_that_cannot_follow_is_named_with_its_shapes() -> None:
    graph = graph_of(node("x", INPUT), node("out", Operation("lstm", units=3), "x"))
    with pytest.raises(InvalidArchitectureError, match=r"Node 'out' \(lstm 3\) cannot be built on .*\(6,\).*has 1"):
        graph.build()


def test_one_matrix_or_blocks_are_the_same_data() -> None:
    model = SEVERAL.build(model_class=BlockModel)
    model.compile("sgd", "mse")
    matrix, targets = np.random.default_rng(0).normal(size=(8, 12)).astype("float32"), np.zeros((8, 3), "float32")
    left, right = matrix[:, :6], matrix[:, 6:]
    wanted = model.predict([left, right], verbose=0)
    for x in (matrix, [matrix], {"x": left, "y": right}):
        np.testing.assert_allclose(model.predict(x, verbose=0), wanted, rtol=1e-5)
        assert model.evaluate(x, targets, verbose=0) == pytest.approx(float((wanted**2).mean()), rel=1e-4)
    weights = np.arange(8, dtype="float32")
    history = model.fit(
        matrix, targets, epochs=1, batch_size=8, verbose=0, validation_data=(matrix, targets, weights)
    ).history
    assert history["val_loss"][0] == pytest.approx(model.evaluate(matrix, targets, sample_weight=weights, verbose=0))


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"])
def test_names_of_inputs_are_checked_however_a_model_is_called(call: str) -> None:
    model = SEVERAL.build()
    model.compile("sgd", "mse")
    wrong = {"x": np.zeros((2, 6)), "z": np.zeros((2, 6))}
    arguments = () if "predict" in call else (np.zeros((2, 3)),)
    with pytest.raises(DataError, match="'z'"):
        getattr(model, call)(wrong, *arguments)
    right = {"x": wrong["x"], "y": wrong["z"]}
    with pytest.raises(DataError, match="'z'"):
        model.fit(right, np.zeros((2, 3)), validation_data=(wrong, np.zeros((2, 3))), verbose=0)
