"""Models of every builder load, predict and train on where AMBER cannot be imported, unless they use its own layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.modeler.conftest import make_residual_builder
from tests.new_process import Done, run_code

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.modeler import KerasBranchModelBuilder, KerasModelBuilder

pytestmark = pytest.mark.parity

COMPILE = {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]}
INPUT, OUTPUT = Operation("input", shape=(20, 4)), Operation("dense", units=2, activation="softmax")

LOAD = """
import sys
folder, names, amber = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
if amber == "without":
    sys.modules["amber"] = None
else:
    import amber.modeler
import keras, numpy as np
for name in names:
    case = np.load(f"{folder}/{name}.npz")
    x = [case[key] for key in case.files if key != "y"]
    x = x if len(x) > 1 else x[0]
    model = keras.saving.load_model(f"{folder}/{name}.keras")
    np.testing.assert_allclose(model.predict(x, verbose=0), case["y"], rtol=1e-5, atol=1e-6)
    assert np.all(np.isfinite(model.train_on_batch(x, case["y"])))
    model.fit(x, case["y"], verbose=0)
print("loaded", len(names))
"""


def chain(*operations: Operation) -> keras.Model:
    return KerasModelBuilder(INPUT, OUTPUT, COMPILE)(list(operations))


def branches() -> keras.Model:
    space = ModelSpace.from_dict([[{"Layer_type": "globalavgpool1d"}]])
    stem = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3, "activation": "relu"}]])
    return KerasBranchModelBuilder(
        [INPUT.replace(name="left")], OUTPUT, COMPILE, BranchedModelSpace([[space], stem]), with_bn=True
    )([0, 0])


STOCK = {
    "residual": lambda: make_residual_builder([4, 8], model_compile_dict=COMPILE)([3, 2, 1]),
    "convolutions": lambda: chain(
        Operation("conv1d", filters=4, kernel_size=3, activation="leaky_relu"),
        Operation("avgpool1d", pool_size=4, strides=1, padding="same"),
        Operation("batchnorm"),
        Operation("flatten"),
        Operation("dropout", rate=0.2),
    ),
    "recurrent": lambda: chain(
        Operation("bidirectional", layer="gru", units=3, return_sequences=True),
        Operation("self_attention", num_heads=2, key_dim=3),
        Operation("lstm", units=3),
    ),
    "callable": lambda: KerasModelBuilder(INPUT, OUTPUT, COMPILE)([keras.layers.GlobalMaxPooling1D]),
    "branches": branches,
}


def save(model: keras.Model, folder: Path, name: str) -> None:
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(6, *tensor.shape[1:])).astype("float32") for tensor in model.inputs]
    given = x if len(x) > 1 else x[0]
    model.fit(given, np.zeros((6, *model.outputs[0].shape[1:])), verbose=0)
    model.save(folder / f"{name}.keras")
    np.savez(folder / f"{name}.npz", *x, y=model.predict(given, verbose=0))


def load(folder: Path, names: list[str], how: str) -> Done:
    return run_code(LOAD, folder, ",".join(names), how)


@pytest.mark.slow
def test_models_of_stock_layers_need_no_amber(tmp_path: Path) -> None:
    makers: dict[str, Any] = STOCK
    for name, make in makers.items():
        save(make(), tmp_path, name)
    done = load(tmp_path, list(makers), "without")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["loaded", str(len(makers))]


@pytest.mark.slow
def test_layers_of_amber_say_what_to_import(tmp_path: Path) -> None:
    save(chain(Operation("denovo", filters=3, kernel_size=4), Operation("globalmaxpool1d")), tmp_path, "motifs")
    refused = load(tmp_path, ["motifs"], "without")
    assert refused.returncode != 0
    # Keras names the class and where it was registered; README says that `import amber.modeler` registers it.
    assert "amber" in refused.stderr and "DenovoMotif" in refused.stderr
    done = load(tmp_path, ["motifs"], "with")
    assert done.returncode == 0, done.stderr
