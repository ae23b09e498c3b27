"""Networks taken out of a supernet, and supernets saved: in other processes, and where AMBER is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from tests.new_process import run_code
from tests.supernet.spaces import BLOCKS, ann_data, cnn_data, make_ann, make_cnn, scatter

from amber.architect import Operation
from amber.errors import ArchitectureError, ConfigError, StorageError
from amber.search import seeded
from amber.supernet import FeatureBlocks, load_supernet

WITHOUT_AMBER = """
import sys
sys.modules["amber"] = None
import keras, numpy as np
for path in sys.argv[1:]:
    case = np.load(path + ".npz")
    x = [case[name] for name in case.files if name != "y"]
    model = keras.saving.load_model(path + ".keras")
    found = model.predict(x if len(x) > 1 else x[0], verbose=0)
    np.testing.assert_allclose(found, case["y"], rtol=1e-5, atol=1e-6)
    model.compile("sgd", "mse")
    assert np.isfinite(model.train_on_batch(x if len(x) > 1 else x[0], case["y"] + 1))
print("all loaded")
"""

RELOAD = """
import sys
import numpy as np
from keras import ops
import amber.modeler
from amber.supernet import load_supernet
for path in sys.argv[1:]:
    supernet = load_supernet(path)
    case = np.load(path + ".npz")
    for number, weight in enumerate(supernet.weights):
        np.testing.assert_array_equal(ops.convert_to_numpy(weight), case[f"w{number}"])
    found = supernet.extract(case["arc"]).predict(case["x"], verbose=0)
    np.testing.assert_allclose(found, case["y"], rtol=1e-4, atol=1e-5)
print("all loaded")
"""


def cut(x: np.ndarray) -> list[np.ndarray]:
    return [x[:, : BLOCKS[0]], x[:, BLOCKS[0] :]]


def test_extracts_own_their_weights_and_train_on() -> None:
    for builder, (x, y) in ((make_ann(), ann_data()), (make_cnn(), cnn_data())):
        scatter(builder)
        arc = builder.layout.sample(1)
        before = builder.supernet.get_weights()
        model = builder.supernet.extract(arc, name="mine")
        assert model.name == "mine"
        np.testing.assert_allclose(
            model.predict(x, verbose=0), builder(arc).predict(x, verbose=0), rtol=1e-5, atol=1e-6
        )
        modules = {type(layer).__module__.split(".")[0] for layer in model._flatten_layers(include_self=False)}
        assert modules == {"keras"}
        model.compile(keras.optimizers.Adam(0.01), "mse")
        with seeded(0):
            history = model.fit(x, y, epochs=8, batch_size=16, verbose=0).history["loss"]
        assert history[-1] < history[0]
        for mine, kept in zip(builder.supernet.get_weights(), before, strict=True):
            np.testing.assert_array_equal(mine, kept)


def test_a_layer_that_reads_nothing_stays_constant_when_the_extract_trains() -> None:
    builder = make_ann()
    scatter(builder)
    arc = [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]
    x, y = ann_data()
    model = builder.supernet.extract(arc)
    assert np.ptp(model.predict(x, verbose=0)) == 0
    model.compile("sgd", "mse")
    model.fit(x, y, verbose=0)
    assert np.ptp(model.predict(x, verbose=0)) == 0


def test_extracts_load_where_amber_is_not_installed(tmp_path: Path) -> None:
    paths = []
    for name, builder, (x, _) in (("ann", make_ann(), ann_data()), ("cnn", make_cnn(), cnn_data())):
        scatter(builder)
        for seed in range(2):
            model = builder.supernet.extract(builder.layout.sample(seed))
            path = tmp_path / f"{name}{seed}"
            model.save(f"{path}.keras")
            arrays = cut(x) if name == "ann" else [x]
            np.savez(f"{path}.npz", *arrays, y=model.predict(x, verbose=0))
            paths.append(str(path))
    done = run_code(WITHOUT_AMBER, *paths)
    assert done.stdout.strip() == "all loaded", done.stderr


@pytest.mark.slow
def test_extracts_export_to_onnx(tmp_path: Path) -> None:
    import onnxruntime

    for builder, (x, _) in ((make_ann(), ann_data(3)), (make_cnn(), cnn_data(3))):
        scatter(builder)
        model = builder.supernet.extract(builder.layout.sample(2))
        model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
        session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
        arrays = cut(x) if len(model.inputs) > 1 else [x]
        feeds = {given.name: array for given, array in zip(session.get_inputs(), arrays, strict=True)}
        (found,) = session.run(None, feeds)
        np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def save_case(builder: Any, x: np.ndarray, path: Path) -> None:
    arc = builder.layout.sample(3)
    builder.supernet.save(path)
    weights = {f"w{k}": ops.convert_to_numpy(weight) for k, weight in enumerate(builder.supernet.weights)}
    np.savez(f"{path}.npz", x=x, arc=arc, y=builder.supernet.extract(arc).predict(x, verbose=0), **weights)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "jax", "tensorflow"])
def test_supernets_load_in_a_new_process_under_any_backend(backend: str, tmp_path: Path) -> None:
    paths = [tmp_path / "ann.h5", tmp_path / "cnn.h5"]
    for path, builder, (x, _) in ((paths[0], make_ann(), ann_data()), (paths[1], make_cnn(), cnn_data())):
        scatter(builder)
        save_case(builder, x, path)
    done = subprocess.run(
        [sys.executable, "-c", RELOAD, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert done.stdout.strip() == "all loaded", done.stderr


def test_load_is_the_inverse_of_save(tmp_path: Path) -> None:
    for make in (make_ann, make_cnn):
        builder, other = make(), make()
        scatter(builder)
        builder.supernet.save(tmp_path / "supernet.h5")
        assert other.supernet.load(tmp_path / "supernet.h5") is other.supernet
        again = load_supernet(tmp_path / "supernet.h5")
        for supernet in (other.supernet, again):
            for mine, theirs in zip(builder.supernet.weights, supernet.weights, strict=True):
                np.testing.assert_array_equal(ops.convert_to_numpy(mine), ops.convert_to_numpy(theirs))
        assert again.get_config() == builder.supernet.get_config()


def test_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    make_ann().supernet.save(tmp_path / "small.h5")
    (tmp_path / "text.h5").write_text("nothing")
    builder = make_ann(units=(3, 6))
    with pytest.raises(ConfigError, match="another supernet"):
        builder.supernet.load(tmp_path / "small.h5")
    with pytest.raises(StorageError, match="text.h5"):
        builder.supernet.load(tmp_path / "text.h5")
    with pytest.raises(StorageError, match="no such file"):
        builder.supernet.load(tmp_path / "missing.h5")
    with pytest.raises(ArchitectureError, match="12 tokens"):
        builder.supernet.extract([0])


def feature_model(kind: str) -> keras.Model:
    read = keras.Input((10, 4))
    x = keras.layers.Conv1D(6, 3, activation="relu", name="conv_a")(read)
    x = keras.layers.BatchNormalization()(x)
    if kind == "flat":
        x = keras.layers.GlobalAveragePooling1D()(x)
    else:
        x = keras.layers.Conv1D(3, 2, name="conv_b")(x)
    return keras.Model(read, x)


def with_features(features: Any, inputs: Any, **options: Any) -> Any:
    return make_ann(inputs_op=inputs, feature_model=features, **options)


@pytest.mark.parametrize("trainable", [False, True])
def test_channels_of_a_model_become_blocks(trainable: bool, tmp_path: Path) -> None:
    base = feature_model("map")
    before = [np.array(weight) for weight in base.get_weights()]
    features = FeatureBlocks(base, [0, 1, 0, 1, 1, 0], target_layer="conv_a", trainable=trainable)
    assert features.features == {"Input_0": 24, "Input_1": 24}
    builder = with_features(features, features.input_node_for_nas)
    x, y = cnn_data(20, (10, 4))
    feature_map = ops.convert_to_numpy(base.get_layer("conv_a")(x))
    blocks = builder.supernet.arrange(x)
    expected = feature_map[:, :, [0, 2, 5]].transpose(0, 2, 1).reshape(20, -1)
    np.testing.assert_allclose(ops.convert_to_numpy(blocks["Input_0"]), expected, rtol=1e-5, atol=1e-6)
    arc = [1] * len(builder.layout)
    child = builder(arc)
    held = [np.array(weight) for weight in features.get_weights()]
    child.fit(x, y, verbose=0)
    builder(sampler="uniform").fit(x, y, verbose=0)
    moved = any(not np.array_equal(a, b) for a, b in zip(held, features.get_weights(), strict=True))
    assert moved is trainable
    whole = child.predict(x, verbose=0)
    np.testing.assert_allclose(child.predict(x, batch_size=3, verbose=0), whole, rtol=1e-5, atol=1e-6)
    standalone = builder.supernet.extract(arc)
    np.testing.assert_allclose(standalone.predict(x, verbose=0), whole, rtol=1e-5, atol=1e-6)
    child.save(tmp_path / "child.keras")
    loaded = keras.saving.load_model(tmp_path / "child.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), whole, rtol=1e-5, atol=1e-6)
    for weight, kept in zip(base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)


def test_a_plain_model_is_one_block() -> None:
    read = [Operation("input", shape=(6,), name="profile")]
    builder = with_features(feature_model("flat"), read, dag_kwargs={"feature_model_trainable": True})
    x, y = cnn_data(20, (10, 4))
    child = builder(builder.layout.sample(0))
    assert child.predict(x, verbose=0).shape == (20, 1)
    assert np.isfinite(child.fit(x, y, verbose=0).history["loss"]).all()
    with pytest.raises(ConfigError, match="one block"):
        with_features(feature_model("flat"), read * 2)
    with pytest.raises(ConfigError, match="input_node_for_nas"):
        with_features(feature_model("map"), read)
    with pytest.raises(ConfigError, match="without gaps"):
        FeatureBlocks(feature_model("flat"), [0, 0, 0, 2, 2, 2])


def test_a_plain_model_of_several_blocks() -> None:
    x, _ = cnn_data(20, (10, 4))
    for model, channels in ((feature_model("map"), (2, 1)), (feature_model("flat"), (2, 4))):
        length = model.output.shape[1] if len(model.output.shape) == 3 else 1
        read = [Operation("input", shape=(count * length,), name=f"block_{count}") for count in channels]
        builder = with_features(model, read)
        blocks = [ops.convert_to_numpy(block) for block in builder.supernet.feature_model(x).values()]
        expected = model.predict(x, verbose=0).reshape(len(x), length, -1).transpose(0, 2, 1).reshape(len(x), -1)
        np.testing.assert_allclose(np.concatenate(blocks, axis=1), expected, atol=1e-5)
        assert builder(builder.layout.sample(0)).predict(x).shape == (20, 1)
    flat = feature_model("flat")
    two = keras.Model(flat.input, [flat.output, keras.layers.Dense(3)(flat.output)])
    sized = [Operation("input", shape=(size,), name=f"block_{size}") for size in (6, 3)]
    assert with_features(two, sized).supernet.feature_model.features == {"block_6": 6, "block_3": 3}
    with pytest.raises(ConfigError, match=r"\[6, 3\] features, and are the blocks in this order"):
        with_features(two, sized[::-1])
    with pytest.raises(ConfigError, match="one after another"):
        with_features(feature_model("map"), sized[:1] * 2)
