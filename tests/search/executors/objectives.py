"""A real objective on few random numbers, and one that only pretends; both are made anew in every worker process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tests.search.executors.tasks import Trainer

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasResidualCnnBuilder
from amber.search import Objective

COMPILE = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}


def make_builder(layers: int = 2) -> KerasResidualCnnBuilder:
    layer = [
        {"Layer_type": "conv1d", "filters": 3, "kernel_size": 3, "activation": "relu"},
        {"Layer_type": "conv1d", "filters": 3, "kernel_size": 5, "activation": "relu"},
        {"Layer_type": "maxpool1d", "filters": 3, "pool_size": 2},
        {"Layer_type": "identity", "filters": 3},
    ]
    return KerasResidualCnnBuilder(
        Operation("input", shape=(20, 4)),
        Operation("dense", units=2, activation="softmax"),
        fc_units=3,
        flatten_mode="GAP",
        model_compile_dict=COMPILE,
        model_space=ModelSpace.from_dict([layer] * layers),
    )


def make_data() -> tuple[Any, Any]:
    features = np.random.default_rng(0).normal(size=(64, 20, 4)).astype("float32")
    targets = (features[:, :, 0].mean(axis=1) > 0).astype("int32")
    return (features[:48], targets[:48]), (features[48:], targets[48:])


def make_objective(cls: type[Objective] = Objective, layers: int = 2, **settings: Any) -> Any:
    train, validation = make_data()
    chosen = {"metric": "val_loss", "direction": "minimize", "epochs": 2, "batch_size": 16, **settings}
    return cls(make_builder(layers), train, validation, **chosen)


class Pretending(Objective):
    """Plans architectures; what pretends to train them goes to the workers alone, and needs no Keras there."""

    trainer: Trainer

    @property
    def evaluate(self) -> Any:  # type: ignore[override]
        return self.trainer.evaluate


def pretending(notes: Path, layers: int = 2, **what: Any) -> Pretending:
    """Returns an objective that notes its evaluations under `notes`."""
    objective: Pretending = make_objective(Pretending, layers)
    notes.mkdir(exist_ok=True)
    objective.trainer = Trainer(notes, what)
    return objective


def evaluations(notes: Path) -> list[int]:
    """Returns the numbers of all trials that were evaluated, as often as they were."""
    return sorted(int(path.name.split("-")[0]) for path in notes.iterdir())
