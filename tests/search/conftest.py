"""A tiny search: networks of two to three layers on 64 rows of random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasResidualCnnBuilder
from amber.search import Objective

COMPILE = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}


def tiny_space(layers: int = 2) -> ModelSpace:
    layer = [
        {"Layer_type": "conv1d", "filters": 3, "kernel_size": 3, "activation": "relu"},
        {"Layer_type": "maxpool1d", "filters": 3, "pool_size": 2},
        {"Layer_type": "identity", "filters": 3},
    ]
    return ModelSpace.from_dict([layer] * layers)


class CountingBuilder(KerasResidualCnnBuilder):
    """Counts the models made, and calls `before` ahead of each."""

    def __init__(self, space: ModelSpace, compile_dict: dict[str, Any] | None = None) -> None:
        super().__init__(
            Operation("input", shape=(20, 4)),
            Operation("dense", units=2, activation="softmax"),
            fc_units=3,
            flatten_mode="GAP",
            model_compile_dict=COMPILE if compile_dict is None else compile_dict,
            model_space=space,
        )
        self.built: list[tuple[int, ...]] = []
        self.before: Callable[[tuple[int, ...]], None] = lambda tokens: None

    def __call__(self, arc_seq: Any) -> Any:
        tokens = tuple(arc_seq)
        self.built.append(tokens)
        self.before(tokens)
        return super().__call__(arc_seq)


def tiny_data() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(64, 20, 4)).astype("float32")
    targets = (features[:, :, 0].mean(axis=1) > 0).astype("int32")
    return (features[:48], targets[:48]), (features[48:], targets[48:])


@pytest.fixture
def builder() -> CountingBuilder:
    return CountingBuilder(tiny_space())


@pytest.fixture
def make_objective(builder: CountingBuilder) -> Callable[..., Objective]:
    def make(**settings: Any) -> Objective:
        train, validation = tiny_data()
        chosen = {"builder": builder, "train": train, "validation": validation, "epochs": 1, "batch_size": 16}
        return Objective(**{**chosen, **settings})

    return make
