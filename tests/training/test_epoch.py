"""One epoch of a training: the examples in the order that is given, and what `fit` reported."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from amber.backend import interrupts
from amber.training.settings import FitSettings
from amber.training.train import batches_of, train_epoch, train_model

X, Y = np.arange(12, dtype="float32").reshape(6, 2), np.arange(6, dtype="float32")


class Watching(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[int] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epochs.append(epoch)


def model() -> keras.Model:
    made = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    made.compile("sgd", "mse", metrics=["mae"])
    return made


def test_rows_are_taken_in_their_order_and_may_repeat() -> None:
    found = batches_of((X, Y), np.array([4, 0, 4]), 2)
    np.testing.assert_array_equal(found["x"], X[[4, 0, 4]])
    np.testing.assert_array_equal(found["y"], Y[[4, 0, 4]])
    assert (found["batch_size"], found["shuffle"]) == (2, False)


def test_inputs_by_name_are_taken_alike() -> None:
    found = batches_of(({"a": X, "b": -X}, Y), np.array([5, 1]), 2)
    np.testing.assert_array_equal(found["x"]["b"], -X[[5, 1]])


def test_weights_are_those_of_the_chosen_examples() -> None:
    given = {"sample_weight": np.arange(6.0), "class_weight": {0: 2.0}, "validation_batch_size": 3}
    found = batches_of((X, Y), np.array([4, 0, 4]), 2, given=given)
    assert np.asarray(found["sample_weight"]).tolist() == [4.0, 0.0, 4.0]
    assert found["class_weight"] == {0: 2.0} and "validation_batch_size" not in found
    assert "sample_weight" not in batches_of((X, Y), np.array([1]), 2)


@pytest.mark.parity
def test_one_epoch_is_one_call_of_fit() -> None:
    ours, kerass, watching = model(), model(), Watching()
    rows = np.array([3, 1, 5, 0])
    reported = train_epoch(ours, batches_of((X, Y), rows, 2), 4, validation=(X, Y), callbacks=[watching])
    expected = kerass.fit(X[rows], Y[rows], batch_size=2, shuffle=False, verbose=0, validation_data=(X, Y)).history
    assert watching.epochs == [4] and set(reported) == set(expected) == {"loss", "mae", "val_loss", "val_mae"}
    for name, values in expected.items():
        assert len(reported[name]) == 1
        np.testing.assert_allclose(reported[name], values, rtol=1e-6)


def two_outputs() -> keras.Model:
    x = keras.Input((2,), name="x")
    outputs = {name: keras.layers.Dense(1, kernel_initializer="zeros", name=name)(x) for name in "ab"}
    made = keras.Model(x, outputs)
    made.compile(keras.optimizers.SGD(0.01), "mse")
    return made


def test_one_of_two_outputs_may_have_weights() -> None:
    targets, weights = {"a": Y[:, None], "b": -Y[:, None]}, np.array([0, 0, 0, 1, 2, 3], "float32")
    chosen = {"sample_weight": {"a": weights, "b": None}, "shuffle": False}
    settings = FitSettings("loss", "minimize", epochs=1, batch_size=3, fit_kwargs=chosen)
    found = train_model(two_outputs, (X, targets), None, settings, 0).model
    expected, ones = two_outputs(), np.ones(6, "float32")
    expected.fit(X, targets, sample_weight={"a": weights, "b": ones}, batch_size=3, shuffle=False, verbose=0)
    for mine, theirs in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_it_is_the_first_epoch_where_nothing_is_said() -> None:
    watching = Watching()
    train_epoch(model(), batches_of((X, Y), np.arange(6), 2), callbacks=[watching])
    assert watching.epochs == [0]


def test_an_end_that_is_wanted_is_heard_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def wanted() -> None:
        raise KeyboardInterrupt

    made = model()
    monkeypatch.setattr(interrupts, "check", wanted)
    with pytest.raises(KeyboardInterrupt):
        train_epoch(made, batches_of((X, Y), np.arange(6), 2))
    assert made.optimizer.iterations == 0
