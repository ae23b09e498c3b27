"""One child on several devices: real processes with two virtual CPU devices, against the same child on one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from amber.architect import Operation
from amber.modeler import KerasModelBuilder

pytestmark = pytest.mark.parity

BACKEND = keras.config.backend()
CHAIN = [
    Operation("conv1d", filters=4, kernel_size=3, activation="relu"),
    Operation("globalmaxpool1d"),
    Operation("dropout", rate=0.0),
]

PRELUDE = """
import json, sys
import keras, numpy as np
if keras.config.backend() == "tensorflow":
    import tensorflow as tf
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from amber.architect import Operation
from amber.modeler import KerasModelBuilder, build_multi_gpu_sequential_model

def chain(normalise):
    last = Operation("batchnorm") if normalise else Operation("dropout", rate=0.0)
    return [Operation("conv1d", filters=4, kernel_size=3, activation="relu"), Operation("globalmaxpool1d"), last]

INPUT, OUTPUT = Operation("input", shape=(20, 4)), Operation("dense", units=1)

def builder(gpus):
    metric = keras.metrics.MeanAbsoluteError(name="mae")
    return KerasModelBuilder(
        INPUT, OUTPUT, {"optimizer": keras.optimizers.SGD(0.05), "loss": "mse", "metrics": [metric]}, gpus=gpus)

def make(gpus, normalise=False):
    keras.utils.set_random_seed(7)
    return builder(gpus)(chain(normalise))

def devices_of(variable):
    value = variable.value
    if keras.config.backend() == "torch":
        return [0]
    if keras.config.backend() == "jax":
        return sorted(device.id for device in value.devices())
    return sorted(int(part.device[-1]) for part in getattr(value, "values", [value]))

def data(count):
    x = np.random.default_rng(0).normal(size=(count, 20, 4)).astype("float32")
    return x, x[:, :, 0].max(axis=1, keepdims=True)
"""


def run(code: str, *arguments: object) -> Any:
    """Runs code with two devices in a process of its own; returns what its last line says."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2".strip()
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning:keras", "-c", PRELUDE + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "KERAS_BACKEND": BACKEND,
            "XLA_FLAGS": flags,
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "AMBER_CPU_DEVICES": "2",
        },
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


TRAIN = """
def trained(gpus, count, normalise):
    model = make(gpus, normalise)
    x, y = data(count)
    history = model.fit(x, y, batch_size=8, epochs=3, shuffle=False, validation_data=(x[:5], y[:5]), verbose=0).history
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return {
        "devices": sorted({tuple(devices_of(variable)) for variable in variables}),
        "loss": history["loss"], "val_loss": history["val_loss"], "val_mae": history["val_mae"],
        "evaluate": model.evaluate(x[:7], y[:7], verbose=0),
        "predict": model.predict(x[:7], verbose=0).tolist(),
        "predict_on_batch": np.asarray(model.predict_on_batch(x[:3])).tolist(),
        "test_on_batch": np.asarray(model.test_on_batch(x[:3], y[:3])).tolist(),
        "train_on_batch": np.asarray(model.train_on_batch(x[:3], y[:3])).tolist(),
        "called": np.asarray(keras.ops.convert_to_numpy(model(x[:3]))).tolist(),
    }
count, normalise = int(sys.argv[1]), sys.argv[2] == "True"
print(json.dumps({"one": trained(None, count, normalise), "two": trained(2, count, normalise)}))
"""


# On torch nothing depends on whether a batch can be shared out evenly: one process tries the hardest case.
CASES = [(33, True)] if BACKEND == "torch" else [(32, False), (33, False), (33, True)]


@pytest.mark.slow
@pytest.mark.parametrize(("count", "normalise"), CASES)
def test_on_two_devices_as_on_one(count: int, normalise: bool) -> None:
    """33 samples leave a last batch of one, which cannot be shared out."""
    found = run(TRAIN, count, normalise)
    one, two = found["one"], found["two"]
    assert one.pop("devices") == [[0]]
    # On torch the other devices hold copies in processes of their own.
    assert two.pop("devices") == ([[0]] if BACKEND == "torch" else [[0, 1]])
    names = set(one)
    if BACKEND == "tensorflow" and count % 2:
        # What fit reports of training counts a batch that all devices got once for each.
        names -= {"loss"}
    if BACKEND == "tensorflow" and normalise:
        # Each device normalises by its own part of the batch; what is left is that training works.
        assert two["loss"][-1] < two["loss"][0] and np.all(np.isfinite(two["val_loss"]))
        return
    for name in names:
        np.testing.assert_allclose(two[name], one[name], rtol=2e-4, atol=1e-5, err_msg=name)


LEAVES_NOTHING = """
jax = keras.config.backend() == "jax"
def in_force():
    if jax:
        return keras.distribution.distribution()
    return tf.distribute.get_strategy() if tf.distribute.has_strategy() else None
mine = keras.distribution.DataParallel(devices=["cpu:1"]) if jax else tf.distribute.OneDeviceStrategy("/cpu:1")
seen = []
x, y = data(16)
model = make(2)
seen.append(in_force() is None)
class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyError("stop")
try:
    model.fit(x, y, verbose=0, callbacks=[Stop()])
except KeyError:
    seen.append(in_force() is None)
plain = make(None)
plain.fit(x, y, verbose=0)
seen.append(all(devices_of(variable) == [0] for variable in plain.variables + plain.optimizer.variables))
keras.random.normal((2,)) + np.ones(2)
with mine.scope():
    before = in_force()
    if jax:
        make(2).fit(x, y, verbose=0)
    seen.append(in_force() is before)
seen.append(in_force() is None)
print(json.dumps(seen))
"""


def test_no_distribution_stays_behind() -> None:
    if BACKEND == "torch":
        assert KerasModelBuilder(Operation("input", shape=(20, 4)), Operation("dense", units=1), None, gpus=1)(CHAIN)
        return
    assert run(LEAVES_NOTHING) == [True] * 5


NAMES = """
from amber.errors import ConfigError
refused = []
for gpus in (3, ["cpu:0", "cpu:5"], ["gpu:0"], ["cpu:1", "/device:CPU:1"]):
    try:
        builder(gpus)
    except ConfigError as error:
        refused.append(str(error))
model = build_multi_gpu_sequential_model(
    chain(False), INPUT, OUTPUT, {"optimizer": "adam", "loss": "mse"}, gpus=["/device:CPU:1", "cpu:0"])
x, y = data(10)
model.fit(x, y, validation_split=0.3, verbose=0)
model.compile(keras.optimizers.Adam(), "mse")
model.fit(((x, y) for _ in range(3)), steps_per_epoch=3, verbose=0)
model.save(sys.argv[1])
np.savez(sys.argv[2], x=x, y=model.predict(x, verbose=0))
devices = [devices_of(variable) for variable in model.weights]
if keras.config.backend() == "torch":
    devices = [[int(name[-1]) for name in model.placement.followers.devices]]
print(json.dumps({"refused": refused, "devices": devices, "class": model.__class__.__name__}))
"""

LOAD = """
import sys
sys.modules["amber"] = None
import keras, numpy as np
case = np.load(sys.argv[2])
model = keras.saving.load_model(sys.argv[1])
np.testing.assert_allclose(model.predict(case["x"], verbose=0), case["y"], rtol=1e-5, atol=1e-6)
model.fit(case["x"], case["y"], verbose=0)
"""


@pytest.mark.slow
def test_devices_by_name_and_the_saved_model(tmp_path: Path) -> None:
    files = tmp_path / "model.keras", tmp_path / "case.npz"
    found = run(NAMES, *files)
    too_many, unknown, no_gpu, twice = found["refused"]
    assert "at most 2, for cpu:0, cpu:1" in too_many
    assert "cpu:5" in unknown and "gpu:0" in no_gpu and "each once" in twice
    assert all(sorted(devices) == [0, 1] for devices in found["devices"])
    assert found["class"] == "Functional"
    done = subprocess.run([sys.executable, "-c", LOAD, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
