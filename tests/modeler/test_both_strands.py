"""A model of both strands: what it predicts, and that it is saved with layers of Keras alone."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.one_hot import one_hot_complement
from amber.modeler.both_strands import ProfileShape, both_strands

COMPILE = {"optimizer": "adam", "loss": "mse"}


def _sequences(count: int = 5, length: int = 9) -> np.ndarray:
    return np.eye(4, dtype=np.float32)[np.random.default_rng(0).integers(0, 4, (count, length))]


def _network(units: int) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((9, 4), name="input")
    hidden = keras.layers.Conv1D(5, 3, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(units, name="output")(keras.layers.Flatten()(hidden)))


@pytest.mark.parity
@pytest.mark.parametrize("letters", ["ACGT", "TCGA", "GTAC"])
def test_it_is_the_mean_of_the_predictions_of_either_strand(tmp_path: Path, letters: str) -> None:
    alphabet = Alphabet.of(letters)
    network, x = _network(3), _sequences()
    model = both_strands(network, {"input": alphabet.complement()[:4].tolist()}, [None], COMPILE)
    other = one_hot_complement(x, alphabet)
    expected = (network.predict(x, verbose=0) + network.predict(other, verbose=0)) / 2
    found = model.predict(x, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(model.predict(other, verbose=0), found, atol=1e-5)
    assert model.output_names == ["output"] and [each.name for each in model.inputs] == ["input"]
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", custom_objects={})
    np.testing.assert_allclose(loaded.predict(x, verbose=0), found, atol=1e-6)


def test_profiles_are_turned_back() -> None:
    network, x = _network(6), _sequences()
    shape = ProfileShape(3, (1, 0))
    model = both_strands(network, {"input": [3, 2, 1, 0]}, [shape], COMPILE)
    other = network.predict(x[:, ::-1, ::-1], verbose=0).reshape(-1, 3, 2)[:, ::-1, ::-1].reshape(-1, 6)
    np.testing.assert_allclose(model.predict(x, verbose=0), (network.predict(x, verbose=0) + other) / 2, atol=1e-5)


def test_numbers_beside_sequences_are_the_same_on_both() -> None:
    dna, age = keras.Input((9, 4), name="dna"), keras.Input((1,), name="age")
    both = keras.layers.Concatenate()([keras.layers.Flatten()(dna), age])
    network = keras.Model([dna, age], keras.layers.Dense(2, name="output")(both))
    model = both_strands(network, {"dna": [3, 2, 1, 0]}, [None], COMPILE)
    x, ages = _sequences(), np.arange(5, dtype=np.float32)[:, None]
    expected = (network.predict([x, ages], verbose=0) + network.predict([x[:, ::-1, ::-1], ages], verbose=0)) / 2
    np.testing.assert_allclose(model.predict([x, ages], verbose=0), expected, atol=1e-5)
