"""One child on several devices of torch: real processes, what they compute, and that none of them is left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ENVIRONMENT = {**os.environ, "KERAS_BACKEND": "torch", "AMBER_CPU_DEVICES": "2", "OMP_NUM_THREADS": "1"}

PRELUDE = """
import json, os, signal, sys, time
import keras, numpy as np
from amber.architect import Operation
from amber.errors import DeviceError
from amber.modeler import KerasModelBuilder
x = np.random.default_rng(0).normal(size=(41, 20, 4)).astype("float32")
y = x[:, :, 0].max(axis=1, keepdims=True)

def builder(gpus, optimizer="adam", loss="mse"):
    compiled = {"optimizer": optimizer, "loss": loss, "metrics": ["mae"]}
    return KerasModelBuilder(Operation("input", shape=(20, 4)), Operation("dense", units=1), compiled, gpus=gpus)

CHAIN = [Operation("conv1d", filters=4, kernel_size=3), Operation("globalmaxpool1d")]
"""

EQUAL = """
@keras.saving.register_keras_serializable("mine")
class Doubled(keras.layers.Layer):
    def call(self, x):
        self.add_loss(keras.ops.mean(keras.ops.square(x)))
        return 2 * x

class Halving(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.005
        self.model.set_weights([0.9 * weights for weights in self.model.get_weights()])

def ranked(target, predicted):  # of the whole batch: no mean over its rows
    differences = predicted - keras.ops.transpose(predicted)
    return keras.ops.mean(keras.ops.square(differences - (target - keras.ops.transpose(target))))

penalty = keras.regularizers.L2(0.01)
CHAINS = {
    "penalties, norms": (
        [
            Operation("conv1d", filters=4, kernel_size=3, kernel_regularizer=penalty, use_bias=False),
            Operation("batchnorm"), Operation("activation", activation="relu"), Operation("globalmaxpool1d"),
            Operation("dense", units=3, activity_regularizer=penalty),
            Operation("batchnorm", scale=False, center=False),
        ],
        keras.optimizers.Adam(0.01, clipnorm=1.0), "mse",
    ),
    "recurrent, loss of a batch": ([Operation("gru", units=3)], "sgd", ranked),
    "a layer of the user's": ([lambda: Doubled(), Operation("flatten")], keras.optimizers.RMSprop(0.01), "mse"),
}

def trained(gpus, name):
    chain, optimizer, loss = CHAINS[name]
    keras.utils.set_random_seed(3)
    model = builder(gpus, optimizer, loss)(chain)
    found = dict(model.fit(x, y, batch_size=8, epochs=2, validation_data=(x[:9], y[:9]), verbose=0,
                           sample_weight=None if loss is ranked else np.linspace(0, 1, 41),
                           callbacks=[Halving()]).history)
    found["on batch"] = model.train_on_batch(x[:7], y[:7])
    found["evaluated"] = model.evaluate(x[:5], y[:5], verbose=0)
    found["predicted"] = model.predict(x[:5], verbose=0).tolist()
    model.layers[1].trainable = False
    model.compile(optimizer="sgd", loss="mse")
    found["frozen"] = model.fit(x, y, verbose=0).history["loss"]
    found["weights"] = [weights.tolist() for weights in model.get_weights()]
    return found

if __name__ == "__main__":
    print(json.dumps({name: [trained(None, name), trained(2, name)] for name in CHAINS}))
"""


def run(code: str, *arguments: object) -> Any:
    """Runs code as a script would be; returns what its last line says."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_two_processes_as_one() -> None:
    """Penalties, norms over the batch, losses of layers, weights of samples, a loss that is no mean, callbacks."""
    import numpy as np

    for name, (one, two) in run(EQUAL).items():
        assert set(one) == set(two)
        for key, values in one.items():
            for first, second in zip(flat(values), flat(two[key]), strict=True):
                assert second == pytest.approx(first, rel=1e-5, abs=1e-5), (name, key, np.round(first, 6))


def flat(values: Any) -> Iterator[float]:
    """Every number of nested lists."""
    if isinstance(values, list):
        for each in values:
            yield from flat(each)
    else:
        yield values


DROPPED = """
import psutil
from amber.backend.distribution import followers
shared = builder(2, "sgd")

def drawn(times):
    keras.utils.set_random_seed(3)
    model = shared([Operation("flatten"), Operation("dropout", rate=0.5)])
    losses = model.fit(x, y, epochs=2, verbose=0).history["loss"]
    for _ in range(times):
        model.predict(x, verbose=0)
    keras.utils.set_random_seed(4)
    return losses + model.fit(x, y, verbose=0).history["loss"]

first, again = drawn(0), drawn(2)

@keras.saving.register_keras_serializable("mine")
class Falling(keras.layers.Layer):
    def call(self, inputs, training=False):
        if training and followers.dist.is_initialized() and followers.dist.get_rank():
            raise ValueError("fallen over")
        return inputs

def lost(harm, chain=CHAIN):
    model = shared(chain)
    if harm:
        model.fit(x, y, verbose=0)
        harm(model.placement.followers._processes[0]._popen.pid)
    try:
        model.fit(x, y, verbose=0)
    except DeviceError as error:
        left = psutil.Process().children(recursive=True)
        return {"said": str(error), "left": len(left), "group": followers.dist.is_initialized()}

killed = lost(lambda process: os.kill(process, signal.SIGKILL))
failed = lost(None, [lambda: Falling(), *CHAIN])
followers.STEP_LIMIT = 3.0
stopped = lost(lambda process: os.kill(process, signal.SIGSTOP))
print(json.dumps({"first": first, "again": again, "killed": killed, "failed": failed, "stopped": stopped}))
"""


def test_random_numbers_and_processes_that_are_lost() -> None:
    found = run(DROPPED)
    assert found["first"] == found["again"]
    assert "the process of cpu:1 was killed by SIGKILL" in found["killed"]["said"]
    assert "did not answer within" in found["stopped"]["said"]
    assert "exit code 1" in found["failed"]["said"] and "fallen over" in found["failed"]["said"]
    for case in ("killed", "failed", "stopped"):
        assert not found[case]["left"] and not found[case]["group"]


CONFIGURATION = """\
name: chain
seed: 3
data: {source: data.csv, sequence: sequence, label: label}
model_space:
  - - {Layer_type: conv1d, filters: 4, kernel_size: 9, activation: relu}
    - {Layer_type: conv1d, filters: 2, kernel_size: 9, activation: relu}
  - - {Layer_type: globalmaxpool1d}
builder: {type: sequential, gpus: 2}
training: {epochs: EPOCHS, patience: null, batch_size: 64}
search: {sampler: random, trials: 2}
final: {epochs: 1}
"""


@contextmanager
def searching(folder: Path, epochs: int) -> Iterator[subprocess.Popen[str]]:
    """A search of chains on two devices, as a command."""
    path = folder / "chain.yaml"
    path.write_text(CONFIGURATION.replace("EPOCHS", str(epochs)))
    generator = random.Random(1)
    rows = ["".join(generator.choices("ACGT", k=40)) for _ in range(400)]
    table = [f"{row},{int(row.count('A') > 10)}" for row in rows]
    (folder / "data.csv").write_text("\n".join(["sequence,label", *table]))
    with subprocess.Popen(
        [sys.executable, "-m", "amber", "search", str(path), "-d", str(folder / "run")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
    ) as command:
        try:
            yield command
        finally:
            command.kill()


def test_a_search_is_searched_trained_and_interrupted(tmp_path: Path) -> None:
    import psutil

    with searching(tmp_path, 1) as command:
        said, _ = command.communicate(timeout=300)
        assert command.returncode == 0, said
    best = json.loads((tmp_path / "run" / "best.json").read_text())
    assert best["tokens"] in ([0, 0], [1, 0])
    for number in (signal.SIGINT, signal.SIGKILL):
        folder = tmp_path / number.name
        folder.mkdir()
        with searching(folder, 100_000) as command:
            (follower,) = wait_for(lambda command=command: psutil.Process(command.pid).children(recursive=True))
            wait_for(lambda folder=folder: list(folder.glob("run/**/*begun*")))
            command.send_signal(number)
            code = command.wait(timeout=60)
            assert code == (130 if number == signal.SIGINT else -number)
            wait_for(lambda follower=follower: not follower.is_running() or follower.status() == psutil.STATUS_ZOMBIE)


def wait_for(condition: Any, seconds: float = 120.0) -> Any:
    """Wait until something is so, and return it."""
    limit = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < limit
        time.sleep(0.1)
    return found
