"""What is searched: residual networks, planned as always, with children that sleep or small real ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasResidualCnnBuilder
from amber.search import Objective
from benchmarks.scale.sleeper import Sleeper

COMPILE = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}


class Simulated(Objective):
    """An objective whose children sleep; `evaluate` is the sleeper's, so that workers load neither Keras nor data."""

    sleeper: Sleeper

    @property
    def evaluate(self) -> Any:  # type: ignore[override]
        """What workers run."""
        return self.sleeper.evaluate


def simulated(seconds: float) -> Simulated:
    """Returns an objective on eight layers of eight candidates."""
    objective = Simulated(_builder(layers=8, filters=32), *_data(rows=8))
    objective.sleeper = Sleeper(seconds)
    return objective


def small() -> Objective:
    """Returns an objective with real children that train in a fraction of a second."""
    return Objective(_builder(layers=4, filters=4), *_data(rows=64), epochs=1, batch_size=32)


def _builder(layers: int, filters: int) -> KerasResidualCnnBuilder:
    kernels = [
        {"Layer_type": "conv1d", "filters": filters, "kernel_size": size, "activation": activation}
        for size in (3, 5, 8)
        for activation in ("relu", "tanh")
    ]
    pools = [
        {"Layer_type": "maxpool1d", "filters": filters, "pool_size": 2},
        {"Layer_type": "identity", "filters": filters},
    ]
    return KerasResidualCnnBuilder(
        Operation("input", shape=(60, 4)),
        Operation("dense", units=3, activation="softmax"),
        fc_units=16,
        flatten_mode="GAP",
        model_compile_dict=COMPILE,
        model_space=ModelSpace.from_dict([[*kernels, *pools]] * layers),
    )


def _data(rows: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    part = generator.random((rows, 60, 4), "float32"), generator.integers(0, 3, rows)
    return part, part
