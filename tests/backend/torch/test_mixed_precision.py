"""Networks that compute in bfloat16 run by the same kernels, and learn what those in float32 and those of Keras do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import torch
from keras import layers
from tests.backend.torch.test_train_step import compiled
from tests.backend.torch.twins import Twins, fit_alike, is_planned, small_data, small_model, steps_of_keras, twins

from amber.backend.models import ChildModel
from amber.backend.torch import sequences

BFLOAT16 = "mixed_bfloat16"
# Eight bits of a number: two results that were rounded at other places differ so much, relative to the largest.
ROUNDING = 2**-6


@pytest.fixture(autouse=True)
def policy() -> Iterator[None]:
    keras.config.set_dtype_policy(BFLOAT16)
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


MIDDLES: dict[str, Callable[[], Any]] = {
    "nothing": lambda: layers.Identity(),
    "convolution": lambda: layers.Conv1D(5, 3, padding="same", dilation_rate=2, activation="gelu"),
    "causal convolution": lambda: layers.Conv1D(4, 4, padding="causal", use_bias=False),
    "strided convolution": lambda: layers.Conv1D(4, 3, strides=2, padding="same"),
    "average pool": lambda: layers.AveragePooling1D(3, padding="same"),
    "sliding average": lambda: layers.AveragePooling1D(5, strides=1, padding="same"),
    "sliding maximum": lambda: layers.MaxPooling1D(4, strides=1, padding="same"),
    "dense along": lambda: layers.Dense(4, activation="tanh"),
    "softmax": lambda: layers.Activation("softmax"),
    "rescaling": lambda: layers.Rescaling([0.5, 1, 2, 1, 1, 3], offset=0.25),
    "leaky": lambda: layers.LeakyReLU(0.1),
    "padding": lambda: layers.ZeroPadding1D((1, 2)),
    "normalisation": lambda: layers.BatchNormalization(scale=False),
}


def assert_near(found: Any, expected: Any, times: float = 1.0) -> None:
    found, expected = (np.asarray(keras.ops.convert_to_numpy(each), "float32") for each in (found, expected))
    np.testing.assert_allclose(found, expected, rtol=0, atol=times * ROUNDING * max(1e-2, np.abs(expected).max()))


def assert_computes_alike(pair: Twins, x: Any) -> None:
    fast, plain = pair
    assert_near(fast.predict(x, verbose=0), plain.predict(x, verbose=0))
    given = [torch.as_tensor(each) for each in x] if isinstance(x, list) else torch.as_tensor(x)
    assert_near(fast(given).detach(), plain(given).detach())
    assert is_planned(fast) and not steps_of_keras(fast)


@pytest.mark.parametrize("name", MIDDLES)
def test_kernels_compute_and_learn_as_keras_does(name: str) -> None:
    x, y = small_data()
    pair = twins(small_model(MIDDLES[name]()), optimizer=keras.optimizers.SGD(0.02))
    assert_computes_alike(pair, x)
    before = pair[1].get_weights()
    fast, plain = fit_alike(pair, x, y)
    # What is rounded elsewhere grows from step to step.
    np.testing.assert_allclose(fast["loss"], plain["loss"], rtol=0.1)
    assert all(weight.dtype == "float32" for weight in pair[0].weights)
    triples = list(zip(pair[0].get_weights(), pair[1].get_weights(), before, strict=True))
    moved = max(np.abs(expected - old).max() for _, expected, old in triples)
    assert moved > 0.01
    for found, expected, _ in triples:
        assert np.abs(found - expected).max() <= 0.5 * moved


@pytest.mark.parametrize("merge", ["Add", "Average", "Maximum", "Minimum", "Multiply", "Concatenate"])
def test_what_is_merged_is_cast_first(merge: str) -> None:
    inputs = [keras.Input((9, 3), name=name) for name in "ab"]
    sides = [layers.Conv1D(4, 3, dtype="float32")(inputs[0]), layers.Conv1D(4, 3)(inputs[1])]
    merged = getattr(layers, merge)()(sides)
    assert merged.dtype == "bfloat16"
    model = ChildModel(inputs, layers.Dense(2, dtype="float32")(layers.GlobalMaxPooling1D()(merged)))
    generator = np.random.default_rng(1)
    x = [generator.normal(size=(20, 9, 3)).astype("float32") for _ in inputs]
    pair = twins(model)
    assert_computes_alike(pair, x)
    assert pair[0].output.dtype == "float32" == str(pair[0](x).dtype).removeprefix("torch.")


def test_a_layer_in_float32_is_given_float32() -> None:
    first = keras.Input((8, 4))
    x = layers.Conv1D(6, 3, padding="same", activation="relu")(first)
    x = layers.BatchNormalization(dtype="float32")(x)
    x = layers.Conv1D(6, 3, padding="same")(x)
    model = ChildModel(first, layers.Dense(1, dtype="float32", activation="sigmoid")(layers.Flatten()(x)))
    pair = twins(model, loss="binary_crossentropy")
    generator = np.random.default_rng(2)
    data = generator.normal(size=(30, 8, 4)).astype("float32")
    assert_computes_alike(pair, data)
    assert pair[0].predict(data, verbose=0).dtype == np.float32


def test_layers_without_a_kernel_are_called_in_the_middle() -> None:
    first = keras.Input((8, 4))
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(layers.Conv1D(5, 3, padding="same")(first))
    pair = twins(ChildModel(first, layers.Dense(1, dtype="float32")(layers.GlobalAveragePooling1D()(x))))
    data = np.random.default_rng(3).normal(size=(30, 8, 4)).astype("float32")
    assert_near(pair[0].predict(data, verbose=0), pair[1].predict(data, verbose=0))
    assert is_planned(pair[0]) and steps_of_keras(pair[0]) == 1
    fast, plain = fit_alike(pair, data, data.sum((1, 2))[:, None])
    np.testing.assert_allclose(fast["loss"], plain["loss"], rtol=0.1)


def test_training_ends_near_that_in_float32() -> None:
    x, y = small_data(200)
    ends = []
    for name in (BFLOAT16, "float32"):
        keras.config.set_dtype_policy(name)
        keras.utils.set_random_seed(1)
        model = small_model()
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
        ends.append(model.fit(x, y, epochs=20, batch_size=20, verbose=0).history["loss"][-1])
        assert is_planned(model)
    assert ends[0] < 0.5 * float(np.var(y)) and abs(ends[0] - ends[1]) < 0.1 * float(np.var(y))


@pytest.mark.parametrize("name", ["binary_crossentropy", "mse", "mae", "categorical_crossentropy"])
def test_losses_are_computed_in_float32(name: str) -> None:
    predicted = torch.tensor([[0.5, 1.0], [0.25, 0.75]], dtype=torch.bfloat16, requires_grad=True)
    target = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    loss = compiled(name)
    found, expected = loss(target, predicted), loss(target, predicted.detach().float())
    assert found is not None and expected is not None
    # In bfloat16 the bound below 1 is 1 itself, whose logarithm torch cuts at -100.
    assert found.dtype == torch.float32 and found.item() == expected.item() < 20
    written = loss.with_gradient(target, predicted.detach())
    if written is not None:
        (gradient,) = torch.autograd.grad(found, predicted)
        assert written[1].dtype == torch.bfloat16
        torch.testing.assert_close(written[1], gradient)


def test_dropout_keeps_the_mean() -> None:
    torch.manual_seed(0)
    x = torch.ones(64, 8, 500, dtype=torch.bfloat16)
    y = sequences.dropout(x, 0.1)
    kept = y[y != 0]
    assert y.dtype == torch.bfloat16 and abs(len(kept) / y.numel() - 0.9) < 0.003
    # The nearest number to 1 / 0.9.
    assert set(kept.tolist()) == {float(torch.tensor(1 / 0.9, dtype=torch.bfloat16))}


def test_averages_of_many_positions_do_not_drift() -> None:
    x = torch.full((1, 2, 200), 1.0078125, dtype=torch.bfloat16, requires_grad=True)
    y = sequences.average_pool(x, 61, 1, 30, count_include_pad=False)
    assert torch.equal(y, x)


def test_gradients_lie_by_position(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def noted(gradient: torch.Tensor) -> torch.Tensor:
        seen.append(gradient.stride())
        return sequences.by_position(gradient)

    monkeypatch.setattr("amber.backend.torch.kernels.by_position", noted)
    keras.config.set_dtype_policy("float32")
    inputs = keras.Input((5, 3))
    mean = layers.GlobalAveragePooling1D()(layers.BatchNormalization()(layers.Conv1D(3, 1)(inputs)))
    model = ChildModel(inputs, mean)
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 5, 3), "float32"), np.ones((2, 3)), batch_size=2, verbose=0)
    # The mean gives it otherwise.
    assert len(seen) == 1 and seen[0] != (15, 1, 15, 3)
    gradient = sequences.by_position(torch.zeros(2, 3, 1, 1).expand(2, 3, 1, 5))
    assert gradient.stride() == (15, 1, 15, 3)
