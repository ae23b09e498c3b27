"""Completeness of DeepLIFT for every operation of the registry; those that differ most by backend, on each."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.explain.networks import fill_weights
from tests.operations.networks import EVERY_CASE, case_of, network

from amber.explain import deep_lift

# One of each rule: compiling takes seconds where a network is compiled.
ON_EVERY_BACKEND = {"conv1d-1", "embedding-0", "globalmaxpool1d-0", "gru-0", "maxpool1d-1", "maxpool2d-0", "prelu-0"}
CASES = [
    pytest.param(name, k, id=f"{name}-{k}", marks=[pytest.mark.parity] if f"{name}-{k}" in ON_EVERY_BACKEND else [])
    for name, k in EVERY_CASE
]


def numbers(shapes: Any, whole: bool, seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    if whole:
        return [generator.integers(0, 7, (3, *shape)).astype("float32") for shape in shapes]
    return [generator.normal(size=(3, *shape)).astype("float32") for shape in shapes]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_contributions_sum_to_the_difference(name: str, number: int) -> None:
    operation, shapes = case_of(name, number)
    model = fill_weights(network(operation, shapes).build())
    # A place that depends on all inputs, where the output has several.
    unit = tuple(size // 2 for size in model.output_shape[1:])
    x, r = (numbers(shapes, name == "embedding", seed) for seed in (0, 1))
    found = deep_lift(model, x, (0, unit), [each[:, None] for each in r])

    def score(values: list[np.ndarray]) -> np.ndarray:
        given = values[0] if len(values) == 1 else values
        output = np.asarray(keras.ops.convert_to_numpy(model(given, training=False)))
        return output[(slice(None), *unit)]

    total = sum(each.reshape(3, -1).sum(axis=1) for each in found)
    difference = score(x) - score(r)
    assert np.isfinite(total).all()
    np.testing.assert_allclose(total, difference, rtol=1e-3, atol=1e-5)
