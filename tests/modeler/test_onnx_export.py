"""ONNX files: onnxruntime predicts what the model does, whichever backend the model is on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.modeler.conftest import make_residual_builder
from tests.new_process import run_code

from amber.architect import ModelSpace, Operation
from amber.errors import ConfigError
from amber.modeler import KerasMultiIOModelBuilder, build_sequential_model
from amber.modeler.both_strands import both_strands
from amber.modeler.onnx_export import export_onnx, predicts_the_same
from amber.search import average

pytestmark = [pytest.mark.parity, pytest.mark.slow]

COMPILE = {"optimizer": "adam", "loss": "mse"}
INPUT, OUTPUT = Operation("input", shape=(20, 4), name="bases"), Operation("dense", units=2, activation="softmax")


def chain(*operations: Operation) -> keras.Model:
    model = build_sequential_model(list(operations), INPUT, OUTPUT, COMPILE)
    rng = np.random.default_rng(0)
    model.fit(rng.normal(size=(16, 20, 4)), rng.uniform(size=(16, 2)), verbose=0)
    return model


def residual() -> keras.Model:
    return make_residual_builder([4, 8])([3, 0, 1])


def recurrent() -> keras.Model:
    return chain(Operation("lstm", units=3, return_sequences=True), Operation("lstm", units=2))


def normalised() -> keras.Model:
    """Layers of which torch's two exporters each refuse one or write it wrong."""
    return chain(
        Operation("avgpool1d", pool_size=4, strides=2, padding="same"),
        Operation("layernorm"),
        Operation("globalavgpool1d"),
    )


def several() -> keras.Model:
    space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}]])
    inputs = [Operation("input", shape=(3,), name="b"), Operation("input", shape=(2,), name="a")]
    return KerasMultiIOModelBuilder(inputs, [OUTPUT, OUTPUT], COMPILE, space)([0, 1, 1, 1, 1])


def both_ways(order: list[int]) -> keras.Model:
    """The mean of several networks, and of both strands: a model within a model within a model."""
    return both_strands(average([residual(), residual()]), {"input": order}, [None], COMPILE)


def of_both_strands() -> keras.Model:
    return both_ways([3, 2, 1, 0])


def of_both_strands_of_other_letters() -> keras.Model:
    return both_ways([1, 0, 3, 2])


@pytest.mark.parametrize(
    "make", [residual, recurrent, normalised, several, of_both_strands, of_both_strands_of_other_letters]
)
def test_onnxruntime_predicts_the_same(make: Any, tmp_path: Path) -> None:
    import onnxruntime

    model, path = make(), tmp_path / "model.onnx"
    export_onnx(model, path)
    session = onnxruntime.InferenceSession(path)
    assert [each.name for each in session.get_inputs()] == [tensor.name for tensor in model.inputs]
    x = [np.random.default_rng(1).normal(size=(5, *i.shape[1:])).astype("float32") for i in model.inputs]
    found = session.run(None, {i.name: values for i, values in zip(session.get_inputs(), x, strict=True)})
    wanted = keras.tree.flatten(model.predict(x if len(x) > 1 else x[0], verbose=0))
    for mine, theirs in zip(wanted, found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_a_file_that_predicts_something_else_is_noticed(tmp_path: Path) -> None:
    model = chain(Operation("flatten"))
    export_onnx(model, tmp_path / "model.onnx")
    assert predicts_the_same(model, tmp_path / "model.onnx")
    model.set_weights([-weight for weight in model.get_weights()])
    assert not predicts_the_same(model, tmp_path / "model.onnx")


HIDDEN = """
import importlib.machinery, sys
hidden, path = sys.argv[1].split(","), sys.argv[2]
find = importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name.split(".")[0] in hidden else find(name, *rest))
from amber.architect import Operation
from amber.errors import ConfigError
from amber.modeler import build_sequential_model
from amber.modeler.onnx_export import export_onnx
model = build_sequential_model([], Operation("input", shape=(3,)), Operation("dense", units=1), None)
try:
    export_onnx(model, path)
except ConfigError as error:
    print(error)
"""


def test_missing_packages_are_named(tmp_path: Path) -> None:
    backend = keras.config.backend()
    hidden = "torch,tensorflow" if backend == "jax" else "onnxscript,tf2onnx"
    done = run_code(HIDDEN, hidden, tmp_path / "model.onnx")
    assert done.returncode == 0, done.stderr
    assert "pip install 'amber-nas[" in done.stdout and "Received: " in done.stdout
    absent = {"torch": ["onnxscript"], "tensorflow": ["tf2onnx"], "jax": ["torch lacks torch", "tensorflow lacks"]}
    for words in absent[backend]:
        assert words in done.stdout
    assert not (tmp_path / "model.onnx").exists()


@keras.saving.register_keras_serializable(package="tests")
class Unwritable(keras.layers.Layer):
    """A layer of the user's own that no exporter can follow."""

    def compute_output_spec(self, inputs: Any) -> Any:
        """The inputs' own."""
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def call(self, inputs: Any) -> Any:
        """Returns the inputs, by way of NumPy."""
        if keras.config.backend() == "jax":
            return inputs
        return keras.ops.convert_to_tensor(keras.ops.convert_to_numpy(inputs) + 0.0)


def test_a_model_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(Unwritable()(inputs)))
    with pytest.raises(ConfigError, match=r"model\.onnx: the model cannot be written as ONNX"):
        export_onnx(model, path)
    assert not path.exists()
