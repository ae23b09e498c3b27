"""A tiny search whose trial ends its process: each line `DIRECTORY HOW` on standard input runs it in a fork."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import keras

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasModelBuilder, register_operation
from amber.search import JournalStore, Objective, RunDirectory, SearchCallback, run_search
from conftest import COMPILE, CountingBuilder, tiny_data, tiny_space


class DyingLayer(keras.layers.Layer):
    """Ends the process while the network is planned."""

    def call(self, inputs: Any) -> Any:
        """Never returns."""
        os._exit(3)


class Dying(SearchCallback):
    """Ends the process in trial 1, after an epoch of its own or of the first that is trained here."""

    def __init__(self, how: str) -> None:
        self.how = how

    def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
        """Die at the start."""
        if number == 1 and self.how == "exit":
            os._exit(3)
        if number == 1 and self.how == "signal":
            os.kill(os.getpid(), signal.SIGSEGV)
        if number == 1 and self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 1 and self.how == "person":
            raise KeyboardInterrupt

    def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        """Die after an epoch, whose state is kept by the time the next one ends."""
        if number == 1 and self.how == f"epoch {epoch}":
            os._exit(3)
        if number == 1 and self.how == f"killed after {epoch}":
            os.kill(os.getpid(), signal.SIGKILL)


def search(path: str, how: str) -> None:
    """Go on with the search of three trials."""
    train, validation = tiny_data()
    builder: Any = CountingBuilder(tiny_space(3))
    if how == "planning":
        register_operation("dying", lambda name=None: DyingLayer(name=name), replace=True)
        layers = [[{"Layer_type": "dying"}, {"Layer_type": "dense", "units": 3}], [{"Layer_type": "flatten"}]]
        outputs = Operation("dense", units=2, activation="softmax")
        builder = KerasModelBuilder(Operation("input", shape=(20, 4)), outputs, COMPILE, ModelSpace.from_dict(layers))
    objective = Objective(builder, train, validation, epochs=4, batch_size=16)
    result = run_search(
        objective, trials=3, seed=0, store=JournalStore(RunDirectory.resume(path), resume=True), callbacks=[Dying(how)]
    )
    os._exit(0 if result.stopped in ("finished", "exhausted") else 130)


def serve() -> None:
    """Fork one search after another and say how each ended."""
    for line in sys.stdin:
        path, _, how = line.strip().partition(" ")
        child = os.fork()
        if child == 0:
            search(path, how)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
