"""The same network twice: as AMBER runs it, and as plain Keras does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras.src.models.functional import Functional

from amber.backend.models import ChildModel
from amber.graph.models.compiling import clone_compile_arguments

COMPILE = {"loss": "mse", "metrics": ["mae"]}
Twins = tuple[Any, Any]


def twins(model: Any, **compile_arguments: Any) -> Twins:
    """Returns the model compiled, and its plain clone with equal weights, compiled alike."""
    plain = keras.models.clone_model(model)
    assert type(model) is ChildModel is not Functional
    assert type(plain) is Functional
    plain.set_weights(model.get_weights())
    for each in (model, plain):
        each.compile(**clone_compile_arguments({"optimizer": "adam", **COMPILE, **compile_arguments}))
    return model, plain


def small_model(middle: Callable[[Any], Any] = lambda x: x, units: int = 1) -> Any:
    """Returns a small network with convolution, normalisation and pooling, and something in the middle."""
    inputs = keras.Input((12, 4), name="x")
    x = keras.layers.Conv1D(6, 4, padding="same", activation="relu")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = middle(x)
    x = keras.layers.MaxPooling1D(3, padding="same")(x)
    x = keras.layers.Dense(units)(keras.layers.Flatten()(x))
    return ChildModel(inputs, x)


def small_data(samples: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(samples, 12, 4)).astype("float32")
    return x, x[:, :, 0].sum(axis=1, keepdims=True).astype("float32")


def fit_alike(pair: Twins, *data: Any, **options: Any) -> list[dict[str, list[float]]]:
    """Fits both from the same seed; returns the histories."""
    histories = []
    for model in pair:
        keras.utils.set_random_seed(3)
        histories.append(model.fit(*data, **{"verbose": 0, "batch_size": 8, "epochs": 2, **options}).history)
    return histories


def assert_alike(pair: Twins, histories: list[dict[str, list[float]]], tolerance: float = 2e-3) -> None:
    """Both have reported the same, and have the same weights."""
    fast, plain = histories
    assert fast.keys() == plain.keys()
    for name, values in plain.items():
        np.testing.assert_allclose(fast[name], values, rtol=tolerance, atol=tolerance * 0.1, err_msg=name)
    for found, expected in zip(pair[0].get_weights(), pair[1].get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def is_planned(model: Any) -> bool:
    """Whether the model runs by a plan (after training or prediction)."""
    return model._execution.plan is not None


def steps_of_keras(model: Any) -> int:
    """How many layers a planned model leaves to Keras."""
    return sum(run.__qualname__.startswith("_Writer._add_call") for run, *_ in model._execution.plan._steps)
