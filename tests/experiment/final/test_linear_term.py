"""The linear term: when it is used, and that the saved model holds it."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from amber.data import Dataset, Split, TestVault
from amber.data.baselines.linear_term import fit_linear
from amber.data.targets.target import Target
from amber.experiment.final.linear_term import WEIGHTS, chosen_weight, with_linear_term
from amber.search import average

COMPILE = {"optimizer": "adam", "loss": "binary_crossentropy"}


def made(seed: int = 0, softmax: bool = False) -> Dataset:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 6)).astype("float32")
    y = (x[:, 0] + x[:, 1] > 0).astype("int64")
    parts = [Split(x[rows], y[rows]) for rows in (slice(0, 150), slice(150, 220), slice(220, 300))]
    return Dataset(
        "made", parts[0], parts[1], TestVault(parts[2]), ("no", "yes"), (6,), "random",
        targets=(Target("output", ("no", "yes"), softmax=softmax),),
    )  # fmt: skip


def network(units: int) -> keras.Model:
    """A network that knows nothing: both classes are equally probable."""
    inputs = keras.Input((6,), name="input")
    layer = keras.layers.Dense(units, "softmax" if units > 1 else "sigmoid", kernel_initializer="zeros", name="output")
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parity
@pytest.mark.parametrize("units", [1, 2])
def test_networks_that_know_nothing_get_a_linear_term(units: int, tmp_path: Path) -> None:
    dataset = made(softmax=units > 1)
    networks = [network(units), network(units)]
    model, weights = with_linear_term(networks, average(networks, COMPILE), dataset, 0, COMPILE)
    assert weights == {"output": WEIGHTS[-1]}
    model.save(tmp_path / "best.keras")
    found = keras.models.load_model(tmp_path / "best.keras").predict(dataset.validation.x, verbose=0)
    term = fit_linear(dataset, dataset.targets[0])
    assert term is not None
    expected = 0.1 * 0.5 + 0.9 * term.predict(dataset.validation.x, probabilities=True)[:, -units:]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_networks_that_know_more_stay_alone() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 6)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int64")  # nothing that a linear model sees
    parts = [Split(x[rows], y[rows]) for rows in (slice(0, 150), slice(150, 300))]
    dataset = Dataset("made", *parts, TestVault(parts[0]), ("no", "yes"), (6,), "random",
                      targets=(Target("output", ("no", "yes")),))  # fmt: skip
    inputs = keras.Input((6,), name="input")
    product = keras.layers.Multiply()([inputs[:, :1], inputs[:, 1:2]])
    layer = keras.layers.Dense(1, "sigmoid", name="output")
    knowing = keras.Model(inputs, layer(product))
    layer.set_weights([np.array([[18.0]], "float32"), np.zeros(1, "float32")])
    model, weights = with_linear_term([knowing], knowing, dataset, 0, COMPILE)
    assert model is knowing and weights == {"output": 0.0}


@pytest.mark.parametrize(
    ("gap", "spread", "expected"), [(0.0, 0.0, 0.9), (1.0, 0.1, 0.0), (0.1, 5.0, 0.9), (-1.0, 0.1, 0.9)]
)
def test_weight_is_the_largest_within_one_standard_error(gap: float, spread: float, expected: float) -> None:
    noise = np.random.default_rng(0).normal(size=50)
    noise -= noise.mean()
    each = [1.0 + weight * (gap + spread * noise) for weight in WEIGHTS]
    assert chosen_weight(each) == expected
