"""What is computed again after a substitution gives what the whole network gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from tests.explain.networks import fill_weights, sequences

from amber.explain import mutagenesis
from amber.explain.substitutions import substituted_model
from amber.explain.substitutions.reach import Reach, Window, joined
from amber.explain.targets import find_target

layers = keras.layers
LENGTH = 70

pytestmark = pytest.mark.skipif(keras.config.backend() != "torch", reason="other backends compute whole sequences")


class Doubled(layers.Conv1D):
    """May compute anything, as far as AMBER knows."""


BODIES: dict[str, Callable[[Any], Any]] = {
    "same": lambda x: layers.Conv1D(5, 4, padding="same", activation="relu")(x),
    "valid": lambda x: layers.Conv1D(5, 6, activation="gelu")(x),
    "causal": lambda x: layers.Conv1D(5, 3, dilation_rate=3, padding="causal")(x),
    "dilated": lambda x: layers.Conv1D(4, 3, dilation_rate=4, padding="same")(layers.Conv1D(5, 4)(x)),
    "strided": lambda x: layers.Conv1D(4, 5, strides=3, padding="same")(layers.Conv1D(4, 4, strides=2)(x)),
    "gaps": lambda x: layers.Conv1D(4, 2, strides=5)(x),
    "separable": lambda x: layers.SeparableConv1D(6, 5, padding="same", depth_multiplier=2, activation="tanh")(x),
    "depthwise": lambda x: layers.DepthwiseConv1D(3, strides=2, padding="same")(x),
    "pools": lambda x: layers.MaxPooling1D(3, 2, "same")(layers.AveragePooling1D(4, 3)(layers.Conv1D(4, 3)(x))),
    "average of same": lambda x: layers.AveragePooling1D(3, 1, "same")(layers.Conv1D(4, 3)(x)),
    "norms": lambda x: layers.LayerNormalization()(layers.BatchNormalization()(layers.Conv1D(4, 3)(x))),
    "norm of positions": lambda x: layers.BatchNormalization(axis=1)(layers.Conv1D(4, 3)(x)),
    "rectifiers": lambda x: layers.PReLU(shared_axes=[1])(layers.LeakyReLU()(layers.Conv1D(4, 3)(x))),
    "rectifier of positions": lambda x: layers.PReLU()(layers.Conv1D(4, 3)(x)),
    "dense": lambda x: layers.Dropout(0.5)(layers.Dense(3, "softmax")(layers.Conv1D(4, 3)(x))),
    "residual": lambda x: layers.Add()(
        [x, layers.Conv1D(4, 5, padding="same")(layers.Conv1D(3, 8, padding="same")(x))]
    ),
    "branches": lambda x: layers.Concatenate()(
        [layers.Conv1D(3, 3, padding="same")(x), layers.Conv1D(2, 9, padding="causal")(x)]
    ),
    "branches end to end": lambda x: layers.Concatenate(axis=1)([layers.Conv1D(3, 3)(x), layers.Conv1D(3, 9)(x)]),
    "squeeze": lambda x: layers.Multiply()([layers.Conv1D(4, 3, padding="same")(x), _excitation(x)]),
    "recurrent": lambda x: layers.GRU(3, return_sequences=True)(layers.Conv1D(4, 3)(x)),
    "operation": lambda x: keras.ops.flip(layers.Conv1D(4, 3)(x), axis=1),
    "own class": lambda x: layers.Conv1D(3, 3)(Doubled(4, 3)(x)),
    "own activations": lambda x: layers.Dense(3, _over_positions)(layers.Conv1D(4, 3, activation=_over_positions)(x)),
    "nested": lambda x: _twice(x),
    "sequential": lambda x: keras.Sequential([layers.ZeroPadding1D(2), layers.Conv1D(4, 5)])(layers.Conv1D(4, 3)(x)),
}
ENDS: dict[str, Callable[[Any], Any]] = {
    "maximum": lambda x: layers.GlobalMaxPooling1D()(x),
    "mean": lambda x: layers.GlobalAveragePooling1D()(x),
    "flat": lambda x: layers.Flatten()(x),
    "profile": lambda x: layers.Conv1D(1, 3)(x)[:, :20, 0],
}


def _over_positions(x: Any) -> Any:
    return x * keras.ops.max(x, axis=1, keepdims=True)


def _excitation(x: Any) -> Any:
    return layers.Dense(4, "sigmoid")(layers.GlobalAveragePooling1D(keepdims=True)(layers.Conv1D(4, 3)(x)))


def _twice(x: Any) -> Any:
    inner = keras.Input((LENGTH, 4))
    model = keras.Model(inner, layers.Conv1D(4, 5, padding="same", activation="relu")(inner))
    return model(model(x))


def network_of(body: str, end: str) -> keras.Model:
    inputs = keras.Input((LENGTH, 4))
    return fill_weights(keras.Model(inputs, layers.Dense(2, "sigmoid")(ENDS[end](BODIES[body](inputs)))), 3)


def whole(model: keras.Model, x: np.ndarray) -> np.ndarray:
    def predict(arrays: np.ndarray) -> np.ndarray:
        return np.asarray(keras.ops.convert_to_numpy(model(arrays, training=False)))[:, 1]

    copies = np.repeat(x[:, None], LENGTH * 4, axis=1).reshape(-1, LENGTH, 4).copy()
    place, base = (each.reshape(-1) for each in np.indices((LENGTH, 4)))
    copies[np.arange(len(copies)), np.tile(place, len(x))] = np.eye(4)[np.tile(base, len(x))]
    return predict(copies).reshape(len(x), LENGTH, 4) - predict(x)[:, None, None]


@pytest.mark.parametrize("body", BODIES)
def test_every_kind_of_layer(body: str) -> None:
    x = sequences(3, LENGTH)
    x[0, 4] = 0.25
    for number, end in enumerate(ENDS):
        model = network_of(body, end)
        found = mutagenesis(model, x, 1, batch_size=100, both_strands=number == 0)
        expected = whole(model, x)
        if number == 0:
            expected = (expected + whole(model, x[:, ::-1, ::-1])[:, ::-1, ::-1]) / 2
        np.testing.assert_allclose(found, expected, atol=2e-6, err_msg=end)
        assert np.ptp(expected) > 1e-4


def plan_of(model: keras.Model) -> Any:
    substituted = substituted_model(model, 0, find_target(model, 0))
    return None if substituted is None else substituted.plan


def test_only_what_changes_is_computed() -> None:
    inputs = keras.Input((LENGTH, 4))
    hidden = layers.MaxPooling1D(2)(layers.Conv1D(5, 7, padding="same")(inputs))
    pooled = layers.GlobalMaxPooling1D()(layers.Activation("relu")(hidden))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dense(3)(pooled)))
    steps = plan_of(model).steps
    assert [step.reach.width for step in steps if step.local] == [7, 4, 4]
    assert [bool(step.local or step.pool) for step in steps] == [True] * 4 + [False] * 2


def test_where_nothing_is_saved() -> None:
    inputs = keras.Input((LENGTH, 4))
    for body in (layers.LSTM(3), layers.Flatten(), layers.Conv1D(3, LENGTH), Doubled(3, 3)):
        assert plan_of(keras.Model(inputs, layers.Dense(1)(layers.Flatten()(body(inputs))))) is None
    masked = layers.LSTM(3)(layers.Conv1D(4, 3)(layers.Masking()(inputs)))
    assert plan_of(keras.Model(inputs, layers.Dense(1)(masked))) is None


@pytest.mark.parametrize("size", [1, 2, 5, 8])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
@pytest.mark.parametrize("before", [0, 1, 4])
def test_reach_covers_every_position_that_reads_a_change(size: int, stride: int, before: int) -> None:
    length, outputs = 40, (40 + before - size) // stride + 1
    reads = np.arange(outputs)[:, None] * stride - before + np.arange(size)
    two = Reach(np.clip(np.arange(length), 0, length - 2), 2, length)
    for reach in (Reach.of_input(length), joined([Reach.of_input(length), two])):
        after = reach.through(Window(size, stride, before), outputs)
        assert after.starts.min() >= 0 and (after.starts + after.width).max() <= outputs
        for position in range(length):
            changed = range(reach.starts[position], reach.starts[position] + reach.width)
            touched = np.flatnonzero(np.isin(reads, changed).any(axis=1))
            start = after.starts[position]
            assert np.isin(touched, np.arange(start, start + after.width)).all()
