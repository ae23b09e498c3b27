"""Every operation of the registry, whatever is in it: build, shape, counts, JSON, training, saving, precision."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from tests.new_process import run_code
from tests.operations.cases import CASES, CUSTOM, WITHOUT_JSON
from tests.operations.networks import EVERY_CASE, NAMES, case_of, inputs_for, network, one_or_many, predict

from amber.architect import Operation
from amber.drawing import draw_svg
from amber.errors import ModelSpaceError
from amber.graph.cost import measure
from amber.modeler import ComputationGraph, ComputationNode, get_layer

pytestmark = pytest.mark.parity

every_case = pytest.mark.parametrize(("name", "number"), EVERY_CASE, ids=[f"{name}-{k}" for name, k in EVERY_CASE])


def test_every_operation_has_a_case_and_every_case_an_operation() -> None:
    assert sorted(CASES) == NAMES


@every_case
def test_shape_and_parameters_are_known_without_building(name: str, number: int) -> None:
    operation, shapes = case_of(name, number)
    graph = network(operation, shapes)
    cost, model = measure(graph), graph.build()
    assert cost.parameters == model.count_params()
    assert cost.trainable_parameters == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert (None, *cost.nodes["out"].output_shape) == tuple(model.output_shape)
    assert predict(model, shapes).shape == (3, *cost.nodes["out"].output_shape)


@every_case
def test_get_layer_gives_the_same_network(name: str, number: int) -> None:
    operation, shapes = case_of(name, number)
    attributes = operation.Layer_attributes
    tensors = [keras.Input(shape) for shape in shapes]
    model = keras.Model(tensors, get_layer(one_or_many(tensors), operation))
    built = network(operation, shapes).build()
    model.set_weights(built.get_weights())
    np.testing.assert_allclose(predict(model, shapes), predict(built, shapes), atol=1e-5)
    assert operation.Layer_attributes == attributes


@every_case
def test_json_round_trip(name: str, number: int) -> None:
    operation, shapes = case_of(name, number)
    graph = network(operation, shapes)
    if name in WITHOUT_JSON:
        with pytest.raises(ModelSpaceError, match="JSON"):
            graph.to_json()
        return
    again = ComputationGraph.from_json(graph.to_json())
    assert measure(again) == measure(graph) and again.fingerprint() == graph.fingerprint()
    assert json.loads(again.to_json()) == json.loads(graph.to_json())


@every_case
def test_drawing_names_the_operation(name: str, number: int) -> None:
    operation, shapes = case_of(name, number)
    graph = network(operation, shapes)
    assert name in draw_svg(graph, costs=measure(graph))


def fit_once(model: keras.Model, shapes: list[tuple[int, ...]], run_eagerly: bool = False) -> float:
    """Trains one step on targets that predictions are far from; returns the loss."""
    x = one_or_many(inputs_for(shapes))
    y = np.full((3, *model.output_shape[1:]), 3.0, dtype="float32")
    model.compile(keras.optimizers.SGD(0.01), "mse", run_eagerly=run_eagerly)
    return float(model.fit(x, y, batch_size=3, epochs=1, verbose=0).history["loss"][0])


@every_case
def test_one_training_step_moves_the_weights(name: str, number: int) -> None:
    operation, shapes = case_of(name, number)
    keras.utils.set_random_seed(0)
    model = network(operation, shapes).build()
    before = [np.array(weight) for weight in model.trainable_weights]
    assert np.isfinite(fit_once(model, shapes))
    after = [np.array(weight) for weight in model.trainable_weights]
    assert all(np.isfinite(weight).all() for weight in after)
    assert not before or any((a != b).any() for a, b in zip(after, before, strict=True))


@pytest.fixture
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@every_case
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"], indirect=True)
def test_mixed_precision(name: str, number: int, policy: str) -> None:
    operation, shapes = case_of(name, number)
    keras.utils.set_random_seed(0)
    graph = network(operation, shapes)
    # The end of a network is float32 by itself.
    end = ComputationNode(Operation("identity"), "end", parents=["out"])
    graph = ComputationGraph([*graph.nodes, end], graph.inputs, ["end"])
    model = graph.build()
    computed = policy.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(model.get_layer("end").input.dtype) == computed
    assert keras.backend.standardize_dtype(model.output.dtype) == "float32"
    assert {keras.backend.standardize_dtype(weight.dtype) for weight in model.weights} <= {"float32"}
    mixed = predict(model, shapes)
    keras.config.set_dtype_policy("float32")
    exact = graph.build()
    exact.set_weights(model.get_weights())
    expected = predict(exact, shapes)
    # bfloat16 has 8 bits of precision, and numbers up to 7 are summed up.
    np.testing.assert_allclose(mixed, expected, atol=0.05 * max(1.0, float(np.abs(expected).max())))
    keras.config.set_dtype_policy(policy)
    assert np.isfinite(fit_once(model, shapes, run_eagerly=True))


LOAD = """
import json, sys
folder, names, without_amber = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3] == "without amber"
if without_amber:
    sys.modules["amber"] = None
else:
    import amber.modeler
import keras, numpy as np
for name in names:
    model = keras.models.load_model(f"{folder}/{name}.keras")
    data = np.load(f"{folder}/{name}.npz")
    x = [data[f"x{k}"] for k in range(len(model.inputs))]
    np.save(f"{folder}/{name}.npy", model.predict_on_batch(x[0] if len(x) == 1 else x))
assert without_amber == (sys.modules.get("amber") is None)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["without amber", "with amber"])
def test_saved_and_loaded_in_a_new_process(how: str, tmp_path: Path) -> None:
    """AMBER cannot be imported there, unless the operation is one of AMBER's own layers. One process loads them all."""
    here: dict[str, np.ndarray] = {}
    for name, number in EVERY_CASE:
        if (name in CUSTOM) == (how == "with amber"):
            operation, shapes = case_of(name, number)
            model = network(operation, shapes).build()
            key = f"{name}-{number}"
            model.save(tmp_path / f"{key}.keras")
            np.savez(tmp_path / f"{key}.npz", **{f"x{k}": x for k, x in enumerate(inputs_for(shapes))})
            here[key] = predict(model, shapes)
    done = run_code(LOAD, tmp_path, json.dumps(list(here)), how)
    assert done.returncode == 0, done.stderr
    for key, expected in here.items():
        np.testing.assert_allclose(np.load(tmp_path / f"{key}.npy"), expected, atol=1e-5, err_msg=key)
