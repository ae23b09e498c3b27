"""Small networks and sequences to explain."""

from __future__ import annotations

import keras
import numpy as np


def sequences(count: int, length: int = 24, seed: int = 0) -> np.ndarray:
    return np.eye(4, dtype="float32")[np.random.default_rng(seed).integers(0, 4, (count, length))]


def fill_weights(model: keras.Model, seed: int = 0) -> keras.Model:
    """The same weights on every backend, none of them zero."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if str(weight.dtype).startswith("float"):
            value = generator.normal(0, 0.4, weight.shape)
            weight.assign(np.abs(value) + 0.5 if "variance" in weight.path else value)
    return model
