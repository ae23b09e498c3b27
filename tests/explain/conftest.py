from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.explain.networks import fill_weights, sequences

from amber.backend.models import ChildModel

layers = keras.layers


@pytest.fixture(params=[keras.Model, ChildModel], ids=["keras", "child"])
def network(request: Any) -> keras.Model:
    """Two inputs, two outputs."""
    sequence, numbers = keras.Input((24, 4), name="sequence"), keras.Input((3,), name="numbers")
    hidden = layers.Conv1D(8, 5, activation="relu", padding="same")(sequence)
    hidden = layers.MaxPooling1D(2)(hidden)
    hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(layers.Dropout(0.5)(hidden))
    hidden = layers.Concatenate()([hidden, layers.Dense(4, "tanh")(numbers)])
    classes = layers.Dense(3, "softmax", name="classes")(hidden)
    number = layers.Dense(1, name="number")(hidden)
    return fill_weights(request.param([sequence, numbers], [classes, number]))


@pytest.fixture
def examples() -> dict[str, np.ndarray]:
    return {"sequence": sequences(7), "numbers": np.random.default_rng(1).normal(size=(7, 3)).astype("float32")}
