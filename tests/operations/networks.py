"""The smallest networks that use one operation, with data for them."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from tests.operations.cases import CASES, Shapes

from amber.architect import Operation
from amber.modeler import ComputationGraph, ComputationNode
from amber.operations import OPERATIONS

# What the registry holds once everything is imported. Tests that register operations of their own run later.
NAMES = OPERATIONS.names()
EVERY_CASE = [(name, number) for name in NAMES for number in range(max(1, len(CASES.get(name, []))))]


def case_of(name: str, number: int) -> tuple[Operation, Shapes]:
    cases = CASES.get(name)
    assert cases, f"the operation '{name}' has no case in tests/operations/cases.py"
    return cases[number]


def network(operation: Operation, shapes: Shapes) -> ComputationGraph:
    """Inputs `x0`, `x1`, ... and the operation, called `out`."""
    inputs = [ComputationNode(Operation("input", shape=shape), f"x{k}") for k, shape in enumerate(shapes)]
    names = [node.name for node in inputs]
    return ComputationGraph([*inputs, ComputationNode(operation, "out", parents=names)], names, ["out"])


def inputs_for(shapes: Shapes, samples: int = 3) -> list[np.ndarray]:
    """Numbers up to 7; in vectors they are not negative, so that they also are indices of an embedding."""
    rng = np.random.default_rng(0)
    lowest = [0 if len(shape) == 1 else -6.9 for shape in shapes]
    return [
        rng.uniform(low, 6.9, (samples, *shape)).astype("float32") for low, shape in zip(lowest, shapes, strict=True)
    ]


def one_or_many(values: list[np.ndarray]) -> np.ndarray | list[np.ndarray]:
    return values[0] if len(values) == 1 else values


def _half_precision_runner(model: keras.Model) -> Callable[..., keras.KerasTensor]:
    """The model; on TensorFlow in float16 as XLA runs it, as oneDNN's products in it are wrong on some processors."""
    if keras.backend.backend() != "tensorflow" or all(layer.compute_dtype != "float16" for layer in model.layers):
        return model
    import tensorflow as tf

    return tf.function(model, jit_compile=True)


def predict(model: keras.Model, shapes: Shapes) -> np.ndarray:
    """What the model itself returns, without the compilation that `predict` costs on JAX and TensorFlow."""
    found = _half_precision_runner(model)(one_or_many(inputs_for(shapes)), training=False)
    return np.asarray(keras.ops.convert_to_numpy(found), dtype="float32")
