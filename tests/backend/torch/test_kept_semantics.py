"""Everything Keras offers around a model means the same, covered here or left to Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import torch
from tests.backend.torch.twins import (
    assert_alike,
    fit_alike,
    is_planned,
    small_data,
    small_model,
    steps_of_keras,
    twins,
)

from amber.backend.models import ChildModel
from amber.graph.models.named_inputs import MultiInputModel

optimizers = keras.optimizers
layers = keras.layers

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "adam": lambda: optimizers.Adam(0.01),
    "amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True),
    "adamw": lambda: optimizers.AdamW(0.01, weight_decay=0.1),
    "clipnorm": lambda: optimizers.Adam(0.01, clipnorm=0.01),
    "global_clipnorm": lambda: optimizers.Adam(0.01, global_clipnorm=0.01),
    "clipvalue": lambda: optimizers.Adam(0.01, clipvalue=0.001),
    "schedule": lambda: optimizers.Adam(optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)),
    "accumulation": lambda: optimizers.Adam(0.01, gradient_accumulation_steps=2),
    "average": lambda: optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=2),
    "loss scale": lambda: optimizers.Adam(0.01, loss_scale_factor=8.0),
    "sgd": lambda: optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(0.01),
    "nadam": lambda: optimizers.Nadam(0.01),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer(name: str) -> None:
    pair = twins(small_model(), optimizer=OPTIMIZERS[name])
    assert_alike(pair, fit_alike(pair, *small_data()))
    for found, expected in zip(pair[0].optimizer.variables, pair[1].optimizer.variables, strict=True):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(found), keras.ops.convert_to_numpy(expected), rtol=1e-2, atol=1e-4
        )
    assert is_planned(pair[0])


LOSSES = {
    "mse": "mse",
    "mae": "mae",
    "huber": "huber",
    "binary_crossentropy": "binary_crossentropy",
    "from_logits": keras.losses.BinaryCrossentropy(from_logits=True),
    "smoothed": keras.losses.BinaryCrossentropy(label_smoothing=0.2),
    "summed": keras.losses.MeanSquaredError(reduction="sum"),
    "function": lambda y, p: keras.ops.mean(keras.ops.abs(y - p) ** 3, axis=-1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_loss_of_numbers(name: str) -> None:
    model = small_model()
    if "cross" in name or name == "smoothed":
        model = ChildModel(model.inputs, keras.layers.Activation("sigmoid")(model.outputs[0]))
    x, y = small_data()
    for target in (y, y[:, 0], (y > 0).astype("int64")):
        pair = twins(another(model), loss=LOSSES[name], optimizer=optimizers.SGD(0.001))
        assert_alike(pair, fit_alike(pair, x, np.clip(target, 0, 1), epochs=1))


def another(model: Any) -> Any:
    """A copy with the fast class and weights of its own."""
    copy = keras.models.clone_model(model)
    return ChildModel(copy.inputs, copy.outputs[0])


@pytest.mark.slow
@pytest.mark.parametrize("sparse", [True, False])
def test_loss_of_classes_and_accuracy(sparse: bool) -> None:
    base = small_model(units=3)
    model = ChildModel(base.inputs, keras.layers.Softmax()(base.outputs[0]))
    x, _ = small_data()
    y = np.arange(len(x)) % 3
    kind = "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"
    pair = twins(model, loss=kind, metrics=["accuracy", kind])
    target = y if sparse else np.eye(3, dtype="float32")[y]
    assert_alike(pair, fit_alike(pair, x, target, validation_data=(x, target)))
    assert pair[0].evaluate(x, target, verbose=0) == pytest.approx(pair[1].evaluate(x, target, verbose=0), rel=1e-3)


@pytest.mark.slow
def test_sample_and_class_weights_and_validation_split() -> None:
    x, y = small_data()
    weights = np.linspace(0, 2, len(x)).astype("float32")
    for options in (
        {"sample_weight": weights},
        {"class_weight": {0: 0.5, 1: 3.0}},
        {"validation_split": 0.25},
        {"sample_weight": weights, "validation_split": 0.25},
        {"validation_data": (x, y, weights), "validation_freq": 2},
        {"steps_per_epoch": 2},
        {"shuffle": False},
        {"shuffle": "batch"},
    ):
        pair = twins(small_model(), weighted_metrics=["mse"])
        assert_alike(pair, fit_alike(pair, x, (y > 0).astype("float32"), **options))


METRICS: list[Any] = [
    keras.metrics.AUC(name="m"),
    keras.metrics.Precision(name="m"),
    keras.metrics.BinaryAccuracy(name="m"),
    keras.metrics.R2Score(name="m"),
    lambda y, p: keras.ops.max(p),
]


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS)
def test_metrics(metric: Any) -> None:
    x, y = small_data()
    model = small_model()
    model = ChildModel(model.inputs, keras.layers.Activation("sigmoid")(model.outputs[0]))
    pair = twins(model, optimizer="sgd", metrics=[metric])
    assert_alike(pair, fit_alike(pair, x, (y > 0).astype("float32")))


class EveryBatch(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.logs: list[dict[str, float]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.logs.append(dict(logs))


def test_callbacks_that_watch_batches_see_every_one() -> None:
    pair = twins(small_model())
    watchers = [EveryBatch(), EveryBatch()]
    for model, watcher in zip(pair, watchers, strict=True):
        keras.utils.set_random_seed(0)
        model.fit(*small_data(), batch_size=8, verbose=0, callbacks=[watcher])
    assert len(watchers[0].logs) == 5
    for found, expected in zip(watchers[0].logs, watchers[1].logs, strict=True):
        assert found == pytest.approx(expected, rel=1e-3)


def test_training_inside_a_callback_reports_its_metrics() -> None:
    model, _ = twins(small_model())
    reported = []
    extra = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: reported.append(model.train_on_batch(*small_data(8), return_dict=True))
    )
    model.fit(*small_data(), verbose=0, callbacks=[extra])
    assert set(reported[0]) == {"loss", "mae"} and reported[0]["loss"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["generator", "dataset", "loader", "sequence of lists", "float64"])
def test_other_forms_of_data(kind: str) -> None:
    x, y = small_data()

    def data() -> Any:
        if kind == "generator":
            return ((x[i : i + 8], y[i : i + 8]) for _ in range(2) for i in range(0, 40, 8))
        tensors = torch.utils.data.TensorDataset(torch.as_tensor(x), torch.as_tensor(y))
        return torch.utils.data.DataLoader(tensors, batch_size=8)

    pair = twins(small_model())
    if kind in ("sequence of lists", "float64"):
        given = (x.astype("float64"), y.astype("float64")) if kind == "float64" else (x, y.tolist() and y)
        assert_alike(pair, fit_alike(pair, *given))
        return
    histories = [model.fit(data(), epochs=2, steps_per_epoch=5, shuffle=False, verbose=0).history for model in pair]
    assert_alike(pair, histories)


class Penalised(keras.layers.Layer):
    """Adds a loss of its own, which only Keras' call collects."""

    def call(self, x: Any) -> Any:
        self.add_loss(0.1 * keras.ops.mean(x**2))
        return 2 * x


def nested(x: Any) -> Any:
    inside = keras.Input(x.shape[1:])
    model = keras.Model(inside, layers.BatchNormalization()(layers.Conv1D(6, 3, padding="same")(inside)))
    return model(model(x))


def shared(x: Any) -> Any:
    layer = layers.Dense(6, activation="tanh")
    return layers.Add()([layer(x), layer(layer(x))])


MIDDLES: dict[str, tuple[Callable[[Any], Any], int]] = {
    "nested model called twice": (nested, 0),
    "shared layer": (shared, 0),
    "sequential": (lambda x: keras.Sequential([layers.Conv1D(6, 2, padding="causal"), layers.ReLU()])(x), 0),
    "average pool": (layers.AveragePooling1D(4, 1, padding="same"), 0),
    "strided convolution": (layers.Conv1D(6, 3, strides=2, padding="same"), 0),
    "dilated grouped": (layers.Conv1D(6, 3, dilation_rate=2, groups=2, padding="same"), 0),
    "concatenate along the sequence": (lambda x: layers.Concatenate(axis=1)([x, layers.ReLU()(x)]), 0),
    "rescaling": (layers.Rescaling([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], offset=0.5), 0),
    "weight penalty": (layers.Conv1D(6, 1, kernel_regularizer="l2", bias_regularizer="l1"), 0),
    "bounded": (layers.Conv1D(6, 1, kernel_constraint="max_norm", bias_constraint="non_neg"), 0),
    "activity penalty": (layers.Conv1D(6, 1, activity_regularizer="l2"), 1),
    "loss of its own": (Penalised(), 1),
    "unknown activation": (layers.Conv1D(6, 1, activation="mish"), 1),
    "layer normalisation": (layers.LayerNormalization(), 1),
    "recurrent": (layers.LSTM(6, return_sequences=True), 1),
    "attention": (lambda x: layers.MultiHeadAttention(2, 3)(x, x), 1),
    "plain function": (lambda x: keras.ops.sin(x) + x, 2),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MIDDLES)
def test_layers_left_to_keras_and_not(name: str) -> None:
    middle, left = MIDDLES[name]
    pair = twins(
        small_model(middle if not isinstance(middle, layers.Layer) else type(middle).from_config(middle.get_config()))
    )
    assert_alike(pair, fit_alike(pair, *small_data()))
    assert is_planned(pair[0]) and steps_of_keras(pair[0]) == left


def test_two_dimensions() -> None:
    inputs = keras.Input((8, 9, 2))
    x = layers.Conv2D(4, (4, 3), padding="same", activation="relu")(inputs)
    x = layers.Add()([layers.MaxPooling2D(2, 1, padding="same")(x), layers.AveragePooling2D(4, 1, padding="same")(x)])
    x = layers.BatchNormalization()(x)
    model = ChildModel(inputs, layers.Dense(1)(layers.GlobalAveragePooling2D()(x)))
    generator = np.random.default_rng(0)
    pair = twins(model)
    assert_alike(pair, fit_alike(pair, generator.normal(size=(24, 8, 9, 2)), generator.normal(size=(24, 1))))
    assert steps_of_keras(pair[0]) == 0


def test_several_outputs() -> None:
    base = small_model()
    model = ChildModel(base.inputs, [base.outputs[0], keras.layers.Dense(2, name="second")(base.layers[-2].output)])
    x, y = small_data()
    pair = twins(model, loss=["mse", "mae"], loss_weights=[1.0, 0.3], metrics=None)
    assert_alike(pair, fit_alike(pair, x, [y, np.repeat(y, 2, axis=1)]))


def test_masks_are_kept() -> None:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.LSTM(3)(layers.Embedding(5, 4, mask_zero=True)(inputs))
    pair = twins(ChildModel(inputs, layers.Dense(1)(x)))
    tokens = np.random.default_rng(0).integers(0, 5, (24, 6))
    assert_alike(pair, fit_alike(pair, tokens, tokens.sum(axis=1, keepdims=True).astype("float32")))
    assert not is_planned(pair[0])


@pytest.mark.parametrize("policy", ["mixed_float16", "float64"])
def test_other_precisions_are_left_to_keras(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    try:
        pair = twins(small_model())
        histories = fit_alike(pair, *small_data())
    finally:
        keras.config.set_dtype_policy("float32")
    assert_alike(pair, histories)
    assert not is_planned(pair[0])


def test_run_eagerly() -> None:
    pair = twins(small_model(), run_eagerly=True)
    assert_alike(pair, fit_alike(pair, *small_data()))


@pytest.mark.parametrize("seed", [None, 7])
def test_dropout_repeats_from_a_seed_and_knows_training(seed: int | None) -> None:
    x, y = small_data()
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        model = small_model(layers.Dropout(0.5, seed=seed))
        model.compile(optimizer="sgd", loss="mse")
        runs.append(model.fit(x, y, verbose=0, epochs=2).history["loss"])
        np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
        assert steps_of_keras(model) == (0 if seed is None else 1)
    assert runs[0] == runs[1]


def test_models_of_several_inputs_know_when_they_train() -> None:
    inputs = [keras.Input((4,), name=name) for name in "ab"]
    model = MultiInputModel(inputs, layers.Dropout(0.5)(layers.Add()(inputs)))
    x = [torch.ones(8, 4), torch.ones(8, 4)]
    assert set(np.unique(model(x, training=True).detach().numpy())) == {0.0, 4.0}
    assert set(np.unique(model({"a": x[0], "b": x[1]}).detach().numpy())) == {2.0}


def test_wrong_shapes_are_keras_errors() -> None:
    model, plain = twins(small_model())
    for each in (model, plain):
        with pytest.raises(ValueError, match="incompatible|expected shape"):
            each.predict(np.zeros((4, 12, 5)), verbose=0)
