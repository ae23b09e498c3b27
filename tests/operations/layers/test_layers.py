"""AMBER's own layers against their formulas written out in NumPy."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.operations.layers import (
    CurvatureConstraint,
    DenovoConstraint,
    DenovoMotif,
    DenovoRegularizer,
    NonPositive,
    SeparableFC,
    SmoothnessRegularizer,
    SparseTopK,
)

pytestmark = pytest.mark.parity


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def run(layer: keras.layers.Layer, x: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(x)))


def value(x: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(x))


def one_hot(length: int, letters: int) -> np.ndarray:
    return np.eye(letters, dtype="float32")[np.random.default_rng(0).integers(letters, size=(3, length))]


def motif_fits(x: np.ndarray, kernel: np.ndarray, stride: int, padding: str) -> np.ndarray:
    """The convolution before bias and activation, window by window."""
    size = kernel.shape[1]
    if padding == "same":
        total = max((-(-x.shape[1] // stride) - 1) * stride + size - x.shape[1], 0)
        x = np.pad(x, ((0, 0), (total // 2, total - total // 2), (0, 0)))
    starts = range(0, x.shape[1] - size + 1, stride)
    return np.stack([np.einsum("bpl,lpof->bf", x[:, s : s + size], kernel) for s in starts], axis=1)


@pytest.mark.parametrize("letters", [1, 4, 5, 20])
@pytest.mark.parametrize("size", [1, 4, 5])
@pytest.mark.parametrize(("stride", "padding"), [(1, "valid"), (2, "valid"), (1, "same"), (3, "same")])
def test_denovo_is_a_convolution_along_the_sequence(letters: int, size: int, stride: int, padding: str) -> None:
    layer = DenovoMotif(3, size, strides=stride, padding=padding, activation="linear")
    x = one_hot(13, letters)
    found = run(layer, x)
    assert tuple(layer.kernel.shape) == (letters, size, 1, 3)
    layer.bias.assign(np.array([-0.1, 0.0, -0.3]))
    found = run(layer, x)
    np.testing.assert_allclose(
        found, motif_fits(x, value(layer.kernel), stride, padding) + value(layer.bias), atol=1e-5
    )
    assert found.shape == layer.compute_output_shape(x.shape)


def test_denovo_starts_as_the_original() -> None:
    layer = DenovoMotif(200, 10)
    layer.build((None, 50, 4))
    kernel = value(layer.kernel)
    assert abs(kernel.mean()) < 0.05 and abs(kernel.std() - 0.5) < 0.05 and not value(layer.bias).any()
    assert keras.activations.serialize(layer.activation) == "sigmoid"


@pytest.mark.parametrize("size", [1, 2, 7, 8])
def test_denovo_regularizer(size: int) -> None:
    kernel = random(4, size, 1, 3)
    distance = np.abs(np.arange(size) - (size - 1) / 2) + 0.5
    magnitude = np.abs(kernel).sum(axis=(0, 2, 3))
    profile = kernel.sum(axis=0)[:, 0]
    expected = 0.5 * (profile / np.sqrt((profile**2).sum(axis=0))).sum()
    expected += 0.2 * np.abs(kernel).sum() + (0.3 / (size / 2) * distance * magnitude).sum()
    found = DenovoRegularizer(lambda_pos=0.3, lambda_l1=0.2, lambda_filter=0.5)(keras.ops.convert_to_tensor(kernel))
    np.testing.assert_allclose(value(found), expected, rtol=1e-4)


def test_denovo_position_penalties_of_an_even_kernel() -> None:
    """(4, 3, 2, 1, 1, 2, 3, 4) / 4 times lambda_pos, as the original has them."""
    for position, factor in enumerate((4, 3, 2, 1, 1, 2, 3, 4)):
        kernel = np.zeros((4, 8, 1, 1), dtype="float32")
        kernel[2, position] = 1.0
        found = DenovoRegularizer(lambda_pos=1.0, lambda_l1=0.0, lambda_filter=0.0)(kernel)
        np.testing.assert_allclose(value(found), factor / 4, rtol=1e-6)


@given(st.integers(1, 20), st.integers(1, 9), st.integers(0, 100), st.floats(0.5, 5))
def test_denovo_constraint_bounds_every_position(letters: int, size: int, seed: int, bits: float) -> None:
    kernel = random(letters, size, 1, 3, seed=seed)
    kept = np.maximum(kernel, 0)
    found = value(DenovoConstraint(bits)(kernel))
    assert (found >= 0).all() and (found.sum(axis=0) <= bits * (1 + 1e-5)).all()
    np.testing.assert_allclose(found, kept * bits / np.maximum(kept.sum(axis=0), bits), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(value(DenovoConstraint(bits)(found)), found, rtol=1e-4)


def test_training_a_denovo_layer_keeps_its_bounds() -> None:
    keras.utils.set_random_seed(1)
    layer = DenovoMotif(3, 5, max_bits=0.5)
    model = keras.Sequential([keras.Input((12, 4)), layer, keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    model.fit(one_hot(12, 4), np.array([[5.0], [-5.0], [9.0]]), epochs=2, verbose=0)
    kernel = value(layer.kernel)
    assert (kernel >= 0).all() and (kernel.sum(axis=0) <= 0.5 + 1e-5).all()
    assert (value(layer.bias) <= 0).all()
    np.testing.assert_allclose(value(NonPositive()(np.array([1.0, -1.0]))), [0, -1])


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("length", [1, 2, 7, 8])
def test_separable_fc_is_the_product_of_both_profiles(symmetric: bool, length: int) -> None:
    layer, x = SeparableFC(5, symmetric), random(3, length, 4)
    found = run(layer, x)
    positions, channels = value(layer.W_pos), value(layer.W_chan)
    assert positions.shape == (5, (length + 1) // 2 if symmetric else length) and channels.shape == (5, 4)
    assert np.abs(positions).max() <= 0.05 and np.abs(channels).max() <= 0.05
    if symmetric:
        mirror = positions[:, ::-1][:, length % 2 :]
        positions = np.concatenate([positions, mirror], axis=1)
        np.testing.assert_allclose(positions, positions[:, ::-1])
    np.testing.assert_allclose(found, np.einsum("blc,ol,oc->bo", x, positions, channels), atol=1e-6)
    assert [weight.name for weight in layer.weights] == ["W_pos", "W_chan"]


@pytest.mark.parametrize("l1", [False, True])
@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("length", [1, 2, 3, 9])
def test_smoothness_penalty(l1: bool, second: bool, length: int) -> None:
    weights = random(5, length)
    difference = np.diff(weights, n=2 if second else 1, axis=1)
    each = np.abs(difference) if l1 else difference**2
    found = SmoothnessRegularizer(0.3, l1, second)(keras.ops.convert_to_tensor(weights))
    np.testing.assert_allclose(value(found), 0.3 * each.mean() if difference.size else 0.0, rtol=1e-5)


@pytest.mark.parametrize(("l1", "second"), [(False, True), (True, False)])
def test_smoothness_penalty_is_a_loss_of_the_layer(l1: bool, second: bool) -> None:
    layer = SeparableFC(2, False, smoothness_penalty=0.3, smoothness_l1=l1, smoothness_second_diff=second)
    run(layer, random(3, 6, 4))
    (loss,) = layer.losses
    expected = SmoothnessRegularizer(0.3, l1, second)(keras.ops.convert_to_tensor(layer.W_pos))
    np.testing.assert_allclose(value(loss), value(expected), rtol=1e-6)


@given(st.integers(1, 12), st.floats(0, 1), st.integers(0, 100))
def test_curvature_constraint(length: int, limit: float, seed: int) -> None:
    weights = random(3, length, seed=seed)
    found = value(CurvatureConstraint(limit)(keras.ops.convert_to_tensor(weights)))
    np.testing.assert_allclose(found.mean(axis=1), weights.mean(axis=1), atol=1e-4)
    if length < 3:
        np.testing.assert_array_equal(found, weights)
        return
    bends = np.clip(np.diff(weights, n=2, axis=1), -limit, limit)
    np.testing.assert_allclose(np.diff(found, n=2, axis=1), bends, atol=1e-4)
    np.testing.assert_allclose(np.diff(found, axis=1).mean(axis=1), np.diff(weights, axis=1).mean(axis=1), atol=1e-4)
    again = value(CurvatureConstraint(limit)(keras.ops.convert_to_tensor(found)))
    np.testing.assert_allclose(again, found, atol=1e-4)


def test_training_a_separable_layer_bounds_its_curvature() -> None:
    model = keras.Sequential([keras.Input((9, 4)), SeparableFC(2, True, curvature_constraint=1e-3)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.fit(random(3, 9, 4), random(3, 2), epochs=2, verbose=0)
    assert np.abs(np.diff(value(model.layers[0].W_pos), n=2, axis=1)).max() <= 1e-3 + 1e-5


@given(st.integers(1, 40), st.integers(0, 1000))
def test_sparse_top_k_keeps_the_largest(size: int, seed: int) -> None:
    x = np.random.default_rng(seed).integers(-5, 6, size=(3, size)).astype("float32")
    threshold = -np.sort(-x, axis=1)[:, max(1, int(0.2 * size)) - 1]
    np.testing.assert_array_equal(run(SparseTopK(), x), np.where(x >= threshold[:, None], x, 0))


@pytest.mark.parametrize(
    ("size", "ratio", "kept"), [(10, 0.2, 2), (9, 0.2, 1), (4, 0.2, 1), (100, 0.29, 29), (5, 1, 5)]
)
def test_sparse_top_k_counts(size: int, ratio: float, kept: int) -> None:
    x = np.arange(1, size + 1, dtype="float32")[None]
    assert np.count_nonzero(run(SparseTopK(ratio), x)) == kept


def test_sparse_top_k_keeps_ties() -> None:
    np.testing.assert_array_equal(run(SparseTopK(), np.full((2, 10), -3.0, dtype="float32")), np.full((2, 10), -3.0))


def test_gradients_flow_through_what_is_kept() -> None:
    """One step of gradient descent on a shift before the layer moves only where the values were kept."""
    inputs = keras.Input((10,))
    scale = keras.layers.EinsumDense("ab,b->ab", output_shape=10, kernel_initializer="ones")
    model = keras.Model(inputs, SparseTopK()(scale(inputs)))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = np.arange(1, 11, dtype="float32")[None]
    model.fit(x, np.zeros((1, 10)), verbose=0)
    moved = value(scale.kernel) != 1
    np.testing.assert_array_equal(moved, [False] * 8 + [True] * 2)


@pytest.mark.parametrize(
    "layer",
    [
        DenovoMotif(3, 5, strides=2, padding="same", activation="relu", lambda_pos=0.1, lambda_l1=0.2, max_bits=4.3),
        SeparableFC(5, True, 0.1, True, False, 0.2, name="mine"),
        SparseTopK(0.4),
        DenovoRegularizer(0.1, 0.2, 0.3),
        DenovoConstraint(3.0),
        NonPositive(),
        SmoothnessRegularizer(0.1, True, False),
        CurvatureConstraint(0.1),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_configuration_round_trip(layer: Any) -> None:
    description = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(description)
    assert type(again) is type(layer) and again.get_config() == layer.get_config()
    assert description["registered_name"] == f"amber>{type(layer).__name__}"


@pytest.mark.parametrize(
    ("make", "shape", "said"),
    [
        (lambda: SparseTopK(), (None, None), "known size"),
        (lambda: SeparableFC(3, False), (None, None, 4), "must be known"),
        (lambda: DenovoMotif(3, 4), (None, 9, None), "must be known"),
    ],
)
def test_unknown_sizes_are_refused(make: Any, shape: tuple[int | None, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make().build(shape)
