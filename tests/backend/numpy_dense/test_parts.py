"""Activations, losses and updates of NumPy are those of Keras, and their derivatives are right."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from amber.backend.numpy_dense.activations import ACTIVATIONS
from amber.backend.numpy_dense.losses import DenseLoss, loss_of
from amber.backend.numpy_dense.updates import update_of

pytestmark = pytest.mark.parity

NAMES = ("linear", "relu", "leaky_relu", "elu", "sigmoid", "tanh", "softmax")
OUTPUTS = {
    "mse": "linear",
    "mae": "linear",
    "binary_crossentropy": "sigmoid",
    "categorical_crossentropy": "softmax",
    "sparse_categorical_crossentropy": "softmax",
}


def slopes(function: Any, values: np.ndarray) -> np.ndarray:
    """Derivatives of a function of all values with respect to each, by small differences."""
    found, step = np.empty_like(values), 1e-6
    for place in np.ndindex(values.shape):
        moved = [values.copy(), values.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        found[place] = (function(moved[0]) - function(moved[1])) / (2 * step)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_activation_and_its_derivative(name: str) -> None:
    function, values = keras.activations.get(name), np.random.default_rng(0).normal(size=(4, 7)) * 3
    upstream = np.random.default_rng(1).normal(size=(4, 7))
    given = values.copy()
    ACTIVATIONS[function].apply(given)
    expected = ops.convert_to_numpy(function(ops.convert_to_tensor(values.T.astype("float32")))).T
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-6)

    def total(at: np.ndarray) -> float:
        ACTIVATIONS[function].apply(at)
        return float((at * upstream).sum())

    gradient = upstream.copy()
    ACTIVATIONS[function].derive(gradient, given)
    np.testing.assert_allclose(gradient, slopes(total, values), rtol=1e-5, atol=1e-7)


def test_extreme_values_are_no_error() -> None:
    with np.errstate(all="raise", under="ignore"):
        for name in NAMES:
            values = np.array([[-1e4, 1e4], [0.0, 5.0]], "float32")
            ACTIVATIONS[keras.activations.get(name)].apply(values)
            assert np.isfinite(values).all()


def compiled(loss: Any, units: int) -> Any:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])
    model.compile(loss=loss)
    model._compile_loss.build(np.zeros((1, units)), np.zeros((1, units)))
    return model._compile_loss


def known(loss: str, units: int) -> DenseLoss:
    found = loss_of(compiled(loss, units))
    assert found is not None
    return found


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_loss_and_its_gradient(name: str, weighted: bool) -> None:
    generator = np.random.default_rng(2)
    predicted = generator.normal(size=(3, 8))
    ACTIVATIONS[keras.activations.get(OUTPUTS[name])].apply(predicted)
    y: Any = generator.integers(0, 3, 8) if name.startswith("sparse") else generator.random((8, 3))
    weights = generator.random(8) if weighted else None
    loss, stock = known(name, 3), keras.losses.get(name)
    assert loss.fits(y, 3)
    value, gradient = loss(y, predicted, weights)
    each = stock(y, predicted.T.astype("float32"))
    expected = ops.convert_to_numpy(each) * (1 if weights is None else weights)
    assert value == pytest.approx(float(expected.mean()), rel=1e-5)
    found = slopes(lambda at: loss(y, at, weights)[0], predicted)
    np.testing.assert_allclose(gradient, found, rtol=1e-4, atol=1e-6)


def test_targets_that_keras_would_adapt_are_left_to_it() -> None:
    numbers, classes = known("mse", 1), known("sparse_categorical_crossentropy", 3)
    assert numbers.fits(np.zeros(4), 1) and numbers.fits(np.zeros((4, 1)), 1)
    assert not numbers.fits(np.zeros((4, 2)), 1) and not known("mse", 3).fits(np.zeros(4), 3)
    assert classes.fits(np.array([0, 2]), 3) and classes.fits(np.array([[0], [2]]), 3)
    assert not any(classes.fits(np.array(wrong), 3) for wrong in ([0, 3], [-1, 0], [0.0, 1.0], [[0, 1]]))


def test_losses_that_are_not_the_plain_ones_are_left_to_keras() -> None:
    losses = keras.losses
    for loss in (
        losses.BinaryCrossentropy(from_logits=True),
        losses.CategoricalCrossentropy(label_smoothing=0.1),
        losses.MeanSquaredError(reduction="sum"),
        losses.Huber(),
        lambda y, predicted: ops.mean(predicted),
    ):
        assert loss_of(compiled(loss, 3)) is None


def test_updates_are_those_of_keras() -> None:
    generator = np.random.default_rng(4)
    count = 20_000  # more than are worked on at once
    start = generator.normal(size=count).astype("float32")
    gradients = generator.normal(size=(5, count)).astype("float32") * np.float32(1e-3)
    for optimizer in (keras.optimizers.Adam(0.01, beta_1=0.8, epsilon=1e-4), keras.optimizers.SGD(0.1)):
        variable = keras.Variable(start)
        optimizer.build([variable])
        update = update_of(optimizer)
        assert update is not None
        state = np.zeros((1 + len(update.slots), count), "float32")
        state[0] = start
        for step, gradient in enumerate(gradients, 1):
            optimizer.apply([ops.convert_to_tensor(gradient)], [variable])
            rate = float(ops.convert_to_numpy(optimizer.learning_rate))
            update(state, gradient * np.float32(update.scale), rate, step)
        np.testing.assert_allclose(state[0], ops.convert_to_numpy(variable), rtol=1e-5, atol=1e-6)


def test_optimizers_that_do_more_are_left_to_keras() -> None:
    kinds = keras.optimizers
    for optimizer in (
        kinds.Adam(amsgrad=True),
        kinds.Adam(clipnorm=1.0),
        kinds.Adam(use_ema=True),
        kinds.Adam(kinds.schedules.ExponentialDecay(0.1, 10, 0.9)),
        kinds.Adam(gradient_accumulation_steps=2),
        kinds.AdamW(weight_decay=0.1),
        kinds.SGD(momentum=0.9),
        kinds.RMSprop(),
    ):
        assert update_of(optimizer) is None
