"""What changes after a model was made counts: weights, trainability, settings, the compilation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch
from tests.backend.torch.twins import assert_alike, fit_alike, is_planned, small_data, small_model, twins

from amber.backend.models import ChildModel


def test_weights_set_or_loaded_after_training_are_used(tmp_path: Path) -> None:
    x, y = small_data()
    fast, plain = twins(small_model())
    fast.fit(x, y, verbose=0)
    fast.save_weights(tmp_path / "trained.weights.h5")
    trained = fast.predict(x, verbose=0)
    fast.set_weights(plain.get_weights())
    np.testing.assert_allclose(fast.predict(x, verbose=0), plain.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    fast.load_weights(tmp_path / "trained.weights.h5")
    np.testing.assert_array_equal(fast.predict(x, verbose=0), trained)


def test_layers_frozen_before_and_between_trainings_stay() -> None:
    pair = twins(small_model())
    for model in pair:
        model.layers[1].trainable = False
        model.layers[2].trainable = False
        model.compile(optimizer="adam", loss="mse")
    before = pair[0].layers[1].get_weights() + pair[0].layers[2].get_weights()
    assert_alike(pair, fit_alike(pair, *small_data()))
    for value, kept in zip(pair[0].layers[1].get_weights() + pair[0].layers[2].get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, kept)
    for model in pair:
        model.layers[1].trainable = True
        model.compile(optimizer="adam", loss="mse")
    assert_alike(pair, fit_alike(pair, *small_data()))
    assert not np.array_equal(pair[0].layers[1].get_weights()[0], before[0])


def test_a_layer_frozen_without_compiling_again_is_as_in_keras() -> None:
    pair = twins(small_model())
    assert_alike(pair, fit_alike(pair, *small_data()))
    for model in pair:
        model.layers[-1].trainable = False
    assert_alike(pair, fit_alike(pair, *small_data()))


def test_a_new_compilation_brings_its_loss_optimizer_and_metrics() -> None:
    pair = twins(small_model(), loss="mse")
    fit_alike(pair, *small_data())
    for model in pair:
        model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mae", metrics=["mse"])
    histories = fit_alike(pair, *small_data())
    assert set(histories[0]) == {"loss", "mse"}
    assert_alike(pair, histories)


class Updates(keras.metrics.Metric):
    """Counts how often it is updated, so that batches must not be joined for it."""

    def __init__(self) -> None:
        super().__init__(name="updates")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.count.assign_add(1.0)

    def result(self) -> Any:
        return self.count.value


def test_a_new_compilation_may_bring_a_metric_that_sees_every_batch_and_another_one_that_need_not() -> None:
    model, (x, y) = small_model(), small_data(40)
    for metrics, name, expected in ((["mae"], "mae", None), ([Updates()], "updates", [5.0]), (["mse"], "mse", None)):
        model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse", metrics=metrics)
        history = model.fit(x, y, batch_size=8, verbose=0).history
        assert expected is None or history[name] == expected
        assert name != "mse" or history[name] == pytest.approx(history["loss"])


def test_a_dropout_rate_changed_between_epochs_counts() -> None:
    model, _ = twins(small_model(keras.layers.Dropout(1e-7)))
    x = torch.as_tensor(small_data()[0])
    model.make_train_function()
    assert torch.equal(model(x, training=True), model(x, training=True))
    model.layers[3].rate = 0.9
    assert not torch.equal(model(x, training=True), model(x, training=True))
    assert torch.equal(model(x, training=False), model(x, training=False))


def test_a_learning_rate_changed_by_a_callback_counts() -> None:
    pair = twins(small_model())
    histories = []
    for model in pair:
        keras.utils.set_random_seed(0)
        schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 if epoch else 0.0)
        histories.append(model.fit(*small_data(), epochs=2, verbose=0, callbacks=schedule).history)
    assert histories[0]["learning_rate"] == [0.0, 0.01] or histories[0]["learning_rate"][0] == 0.0
    assert_alike(pair, histories)


def test_a_replaced_step_or_call_wins() -> None:
    model, _ = twins(small_model())
    seen = []
    original = model.train_step
    model.train_step = lambda data: seen.append(1) or original(data)
    model.fit(*small_data(16), batch_size=8, verbose=0)
    assert len(seen) == 2
    del model.train_step
    model.layers[1].call = lambda x: torch.zeros(len(x), 12, 6)
    model.predict(small_data()[0], verbose=0)
    assert float(model(small_data()[0]).detach().std()) < 1e-6


def test_an_activation_changed_after_training_counts_for_single_batches_too() -> None:
    pair = twins(small_model())
    x, y = small_data()
    assert_alike(pair, fit_alike(pair, x, y))
    pair[1].set_weights(pair[0].get_weights())
    batch = torch.as_tensor(x)
    before = pair[0].predict_on_batch(batch)
    for model in pair:
        model.layers[1].activation = keras.activations.tanh
    found, expected = (model.predict_on_batch(batch) for model in pair)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(found, before)


def test_a_subclass_with_its_own_training_step_is_not_touched() -> None:
    class Doubled(keras.Model):
        def train_step(self, data: object) -> object:
            super().train_step(data)
            return super().train_step(data)

    fast, _ = twins(small_model())
    model = Doubled(fast.inputs, fast.outputs)
    model.compile(optimizer="sgd", loss="mse")
    model.fit(*small_data(8), batch_size=8, verbose=0)
    assert type(model) is Doubled
    assert int(model.optimizer.iterations) == 2


def test_a_subclass_with_its_own_loss_or_metrics_is_asked_at_every_batch() -> None:
    class Own(ChildModel):  # type: ignore[misc, valid-type]
        def compute_loss(self, *arguments: Any, training: bool = True, **named: Any) -> Any:
            return 2 * super().compute_loss(*arguments, training=training, **named)

        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "own": 1.0}

    plain, _ = twins(small_model())
    model = Own(plain.inputs, plain.outputs)
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse", metrics=["mae"])
    x, y = small_data()
    found = model.fit(x, y, verbose=0).history
    assert found["own"] == [1.0] and found["mae"][0] > 0
    # Normalisation by the batch: evaluated alike, the loss is twice the squared error.
    assert model.evaluate(x, y, verbose=0, return_dict=True)["loss"] == pytest.approx(
        2 * float(np.mean((model.predict(x, verbose=0) - y) ** 2)), rel=1e-4
    )


def test_adding_a_hook_hands_the_model_or_layer_to_keras() -> None:
    model, _ = twins(small_model())
    x, y = small_data(8)
    model.fit(x, y, verbose=0)
    calls: list[str] = []
    handle = model.layers[1].register_forward_hook(lambda *_: calls.append("layer"))
    model.fit(x, y, verbose=0)
    assert "layer" in calls
    handle.remove()
    calls.clear()
    weight = model.layers[1].kernel.value
    weight.register_hook(lambda gradient: calls.append("gradient"))
    model.fit(x, y, verbose=0)
    assert calls == ["gradient"]
    assert is_planned(model)
