from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.explain.networks import fill_weights, sequences
from tests.explain.random_networks import random_network

from amber.errors import InvalidArchitectureError
from amber.explain import deep_lift

layers = keras.layers


def score(model: Any, values: list[np.ndarray], unit: Any = (0,)) -> np.ndarray:
    found = keras.tree.flatten(model(values if len(values) > 1 else values[0], training=False))[0]
    return np.asarray(keras.ops.convert_to_numpy(found), dtype="float64")[(slice(None), *unit)]


def summed(arrays: list[np.ndarray]) -> np.ndarray:
    return sum(each.reshape(len(each), -1).sum(axis=1, dtype="float64") for each in arrays)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
def test_contributions_of_random_networks_sum_to_the_difference(seed: int) -> None:
    model, examples, references = random_network(seed)
    found = deep_lift(model, examples, (0, 1), [each[:, None] for each in references])
    difference = score(model, examples, (1,)) - score(model, references, (1,))
    np.testing.assert_allclose(summed(found), difference, rtol=1e-3, atol=1e-6)


@pytest.mark.parity
def test_every_backend_says_what_is_recorded() -> None:
    sequence, codes = keras.Input((16, 4)), keras.Input((3,))
    hidden = layers.Conv1D(5, 4, activation="relu", padding="same")(sequence)
    hidden = layers.MaxPooling1D(3, 2, padding="same")(hidden)
    hidden = layers.LayerNormalization()(hidden)
    hidden = layers.Multiply()([hidden, layers.Conv1D(5, 1, activation="sigmoid")(hidden)])
    hidden = layers.GlobalMaxPooling1D()(layers.GRU(4, return_sequences=True)(hidden))
    looked_up = layers.Flatten()(layers.Embedding(5, 2)(codes))
    joined = layers.Maximum()([layers.Dense(3, "gelu")(hidden), layers.Dense(3)(looked_up)])
    model = fill_weights(keras.Model([sequence, codes], layers.Dense(2, "softmax")(joined)))
    x = [sequences(3, 16), np.array([[0, 1, 2], [3, 4, 0], [1, 1, 1]], "float32")]
    found = deep_lift(model, x, 1, "mean")
    means = [np.broadcast_to(each.mean(axis=0), each.shape) for each in x]
    np.testing.assert_allclose(summed(found), score(model, x, (1,)) - score(model, means, (1,)), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found[0].sum(axis=(0, 2)), RECORDED_POSITIONS, atol=1e-4)
    np.testing.assert_allclose(found[1].sum(axis=0), RECORDED_CODES, atol=1e-4)


def test_rescale_passes_on_what_a_rectifier_hides_from_gradients() -> None:
    # The example of the paper: the gradient of 1 - relu(1 - x) vanishes above 1, the contribution does not.
    inputs = keras.Input((1,))
    hidden = layers.Rescaling(-1.0, 1.0)(layers.ReLU()(layers.Rescaling(-1.0, 1.0)(inputs)))
    found = deep_lift(keras.Model(inputs, hidden), np.array([[0.5], [2.0], [-1.0]]))
    np.testing.assert_allclose(found[:, 0], [0.5, 1.0, -1.0], atol=1e-6)


def test_a_product_is_shared_evenly() -> None:
    first, second = keras.Input((1,), name="first"), keras.Input((1,), name="second")
    model = keras.Model([first, second], layers.Multiply()([first, second]))
    found = deep_lift(model, {"first": np.array([[3.0]]), "second": np.array([[4.0]])})
    np.testing.assert_allclose([found["first"], found["second"]], [[[6.0]], [[6.0]]], rtol=1e-5)


def test_a_maximum_goes_to_where_it_stands() -> None:
    inputs = keras.Input((4, 1))
    model = keras.Model(inputs, layers.Flatten()(layers.MaxPooling1D(2)(inputs)))
    x = np.array([[[1.0], [5.0], [0.0], [-3.0]]])
    np.testing.assert_allclose(deep_lift(model, x, 0)[0, :, 0], [0, 5, 0, 0])
    # The reference's maximum decides where it is the larger one.
    reference = np.array([[2.0], [0.0], [9.0], [8.0]])
    np.testing.assert_allclose(deep_lift(model, x, 1, reference)[0, :, 0], [0, 0, -9, 0])


def test_channels_first_and_a_sequential_within() -> None:
    inputs = keras.Input((3, 8, 8))
    inner = keras.Sequential([layers.MaxPooling2D((2, 3), 2, "same", data_format="channels_first"), layers.Flatten()])
    model = fill_weights(keras.Model(inputs, layers.Dense(1)(inner(inputs))))
    x, r = np.random.default_rng(0).normal(size=(2, 2, 3, 8, 8)).astype("float32")
    found = deep_lift(model, x, 0, r[:, None])
    np.testing.assert_allclose(summed([found]), score(model, [x]) - score(model, [r]), rtol=1e-3, atol=1e-6)
    assert found.shape == x.shape


def test_a_shared_layer_and_a_derived_one() -> None:
    class Doubled(layers.Dense):
        def call(self, inputs: Any, training: Any = None) -> Any:
            return keras.ops.square(super().call(inputs))

    first, second = keras.Input((4,)), keras.Input((4,))
    shared = layers.Dense(3, "relu")
    joined = layers.Concatenate()([shared(first), Doubled(3)(shared(second))])
    model = fill_weights(keras.Model([first, second], layers.Dense(1)(joined)))
    x, r = np.random.default_rng(0).normal(size=(2, 2, 5, 4)).astype("float32")
    found = deep_lift(model, list(x), 0, list(r[:, :, None]))
    np.testing.assert_allclose(summed(found), score(model, list(x)) - score(model, list(r)), rtol=1e-3, atol=1e-6)


def test_the_model_stays_as_it_was() -> None:
    model, examples, _ = random_network(1)
    weights, config = model.get_weights(), model.to_json()
    kept = [each.copy() for each in examples]
    deep_lift(model, examples)
    assert model.to_json() == config
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    for before, after in zip(kept, examples, strict=True):
        np.testing.assert_array_equal(before, after)


def test_what_cannot_be_followed_is_named() -> None:
    inputs = keras.Input((6, 4))
    masked = keras.Model(inputs, layers.LSTM(1)(layers.Masking(name="masking")(inputs)))
    with pytest.raises(InvalidArchitectureError, match="'masking'"):
        deep_lift(masked, sequences(2, 6))
    output, _, _ = layers.LSTM(1, return_state=True, name="recurrent")(inputs)
    with pytest.raises(InvalidArchitectureError, match="'recurrent' with 3"):
        deep_lift(keras.Model(inputs, output), sequences(2, 6))


RECORDED_POSITIONS = [
    0.003697,
    -0.009889,
    -0.014649,
    -0.011078,
    -0.016715,
    -0.005731,
    0.000644,
    0.001649,
    -0.005197,
    0.011505,
    -0.007212,
    0.066613,
    -0.031515,
    0.000000,
    0.053063,
    -0.018207,
]
RECORDED_CODES = [0.009643, -0.011595, 0.004589]
