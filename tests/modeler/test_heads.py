"""Other outputs for a trained network: what stays keeps its weights, and what is frozen does not change."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from amber.architect import Operation
from amber.errors import InvalidArchitectureError
from amber.modeler.heads import train_last_layers_only, with_heads
from amber.search import average

layers = keras.layers
NEW = Operation("dense", units=3, activation="softmax", name="kind")


def network(name: str = "output") -> keras.Model:
    inputs = keras.Input((6, 4), name="input")
    hidden = layers.Flatten()(layers.Conv1D(3, 2, activation="relu")(inputs))
    body = layers.Dense(5, activation="relu", name="body")(hidden)
    return keras.Model(inputs, layers.Dense(2, activation="softmax", name=name)(body))


def example() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, 6, 4)).astype("float32")


def test_the_same_outputs_are_the_same_model() -> None:
    model = network()
    assert with_heads(model, {"output": 0}) is model


def test_a_new_output_reads_what_the_last_layer_read() -> None:
    model = network()
    changed = with_heads(model, {"kind": NEW})
    assert changed.output_names == ["kind"] and changed.output_shape == (None, 3)
    body = keras.Model(model.inputs, model.get_layer("body").output)
    weights, bias = changed.get_layer("kind").get_weights()
    logits = np.asarray(keras.ops.convert_to_numpy(body(example()))) @ weights + bias
    found = np.asarray(keras.ops.convert_to_numpy(changed(example())))
    np.testing.assert_allclose(found, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), rtol=1e-4)


def test_a_kept_output_beside_a_new_one() -> None:
    model = network()
    changed = with_heads(model, {"kind": NEW, "output": 0})
    _, kept = changed(example())
    np.testing.assert_allclose(*(keras.ops.convert_to_numpy(each) for each in (kept, model(example()))), rtol=1e-5)


def test_of_a_mean_of_networks_all_are_read_but_a_linear_model() -> None:
    inputs = keras.Input((6, 4), name="input")
    linear = keras.Model(inputs, layers.Dense(2, activation="softmax", name="output")(layers.Flatten()(inputs)))
    mean = average([network(), network(), linear], weights=[[0.4, 0.4, 0.2]])
    changed = with_heads(mean, {"kind": NEW})
    assert changed.get_layer("kind").get_weights()[0].shape == (10, 3)
    assert changed.output_shape == (None, 3)


@pytest.mark.parametrize("nested", [False, True])
def test_only_the_last_layers_are_trained(nested: bool) -> None:
    model = average([network(), network()]) if nested else network()
    train_last_layers_only(model, True)
    assert len(model.trainable_variables) == (4 if nested else 2)
    train_last_layers_only(model, False)
    assert len(model.trainable_variables) == (12 if nested else 6)


def test_an_activation_after_the_last_layer_is_passed_over() -> None:
    inputs = keras.Input((4,))
    hidden = layers.Dense(3, name="body")(inputs)
    model = keras.Model(inputs, layers.Activation("softmax", name="output")(layers.Dense(2, name="logits")(hidden)))
    train_last_layers_only(model, True)
    assert {variable.path.split("/")[0] for variable in model.trainable_variables} == {"logits"}


def test_outputs_that_join_several_layers_are_refused() -> None:
    inputs = keras.Input((4,))
    joined = layers.Add(name="joined")([layers.Dense(2)(inputs), layers.Dense(2)(inputs)])
    with pytest.raises(InvalidArchitectureError, match="'joined', which joins several"):
        with_heads(keras.Model(inputs, joined), {"kind": NEW})
