"""One model that predicts the mean of several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.new_process import run_code

from amber.architect import ModelSpace, Operation
from amber.errors import ConfigError
from amber.modeler import KerasResidualCnnBuilder
from amber.search import average

X = np.random.default_rng(0).normal(size=(12, 8, 4)).astype("float32")
Y = np.arange(12) % 3


def networks(number: int) -> list[Any]:
    layer = [{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3}, {"Layer_type": "identity", "filters": 4}]
    builder = KerasResidualCnnBuilder(
        Operation("input", shape=(8, 4)),
        Operation("dense", units=3, activation="softmax"),
        fc_units=5,
        flatten_mode="GAP",
        model_space=ModelSpace.from_dict([layer] * 2),
        model_compile_dict={"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    )
    models = []
    for seed in range(number):
        keras.utils.set_random_seed(seed)
        models.append(builder([0, 0, 1]))
    return models


@pytest.mark.parity
def test_it_predicts_the_mean_and_leaves_the_networks_as_they_were() -> None:
    models = networks(3)
    names, before = [model.name for model in models], [model.predict(X, verbose=0) for model in models]
    mean = average(models)
    np.testing.assert_allclose(mean.predict(X, verbose=0), np.mean(before, axis=0), rtol=1e-5, atol=1e-6)
    assert [model.name for model in models] == names
    loss, accuracy = mean.evaluate(X, Y, verbose=0)
    expected = -np.log(np.mean(before, axis=0)[np.arange(12), Y]).mean()
    assert loss == pytest.approx(expected, rel=1e-4)
    assert accuracy == pytest.approx((np.mean(before, axis=0).argmax(1) == Y).mean())
    assert np.isfinite(mean.fit(X, Y, epochs=1, verbose=0).history["loss"][0])


@pytest.mark.slow
def test_it_is_saved_as_a_plain_keras_model(tmp_path: Path) -> None:
    mean = average(networks(2))
    mean.save(tmp_path / "mean.keras")
    np.save(tmp_path / "x.npy", X)
    code = (
        "import sys; sys.modules['amber'] = None\n"
        "import keras, numpy as np\n"
        "model = keras.models.load_model('mean.keras')\n"
        "np.save('y.npy', model.predict(np.load('x.npy'), verbose=0))\n"
    )
    done = run_code(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), mean.predict(X, verbose=0), rtol=1e-5, atol=1e-6)


def test_several_named_inputs_and_outputs() -> None:
    models = []
    for seed in range(2):
        keras.utils.set_random_seed(seed)
        left, right = keras.Input((2,), name="left"), keras.Input((3,), name="right")
        joined = keras.layers.Concatenate()([left, right])
        outputs = [keras.layers.Dense(1, name="size")(joined), keras.layers.Dense(2, name="kind")(joined)]
        models.append(keras.Model([left, right], outputs))
    mean = average(models)
    assert mean.output_names == ["size", "kind"]
    data = {"left": np.ones((4, 2), "float32"), "right": np.arange(12, dtype="float32").reshape(4, 3)}
    expected = [
        np.mean(pair, axis=0) for pair in zip(*(model.predict(data, verbose=0) for model in models), strict=True)
    ]
    for found, wanted in zip(mean.predict(data, verbose=0), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_one_model_is_that_model_and_none_or_unequal_ones_are_refused() -> None:
    (model,) = networks(1)
    assert average([model]) is model
    with pytest.raises(ConfigError, match="at least one model"):
        average([])
    other = keras.Sequential([keras.Input((8, 4)), keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(ConfigError, match="Received for model 1"):
        average([model, other])
    assert average([other, keras.models.clone_model(other)]).predict(X, verbose=0).shape == (12, 2)
