"""Every metric and loss of Keras on every task: it trains, or is refused before with the names that fit."""

from __future__ import annotations

import math
import re
from typing import Any

import keras
import numpy as np
import pytest

from amber.errors import ConfigError
from amber.graph.models.compiling import clone_compile_arguments
from amber.metric_names import check_loss, fitting_metrics
from amber.modeler.task_metrics import (
    OnClassNumbers,
    has_own_metrics,
    metric_for,
    metric_of_known_numbers,
    metric_of_labels,
    stock_metrics,
)

TASKS = {"a number": None, "two classes": 2, "three classes": 3, "seven classes": 7}


def keras_names(module: Any) -> list[str]:
    """Returns the public names of a Keras module, as classes and as Keras writes them in lower case."""
    classes = [
        name for name in vars(module) if re.fullmatch(r"[A-Z]\w+", name) and isinstance(vars(module)[name], type)
    ]
    snake = [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() for name in classes]
    return sorted({*classes, *snake, "mse", "mae", "MSE", "acc", "Accuracy", "AUC", "kld", "rmse"})


def data(classes: int | None) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 3)).astype("float32")
    return x, rng.random((20, 1)).astype("float32") if classes is None else np.arange(20) % classes


def trained(classes: int | None, loss: str, metrics: list[Any]) -> dict[str, list[float]]:
    x, y = data(classes)
    units, activation = (1, "linear") if classes is None else (classes, "softmax")
    if loss.casefold().startswith("binary"):
        units, activation = 1, "sigmoid"
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units, activation)])
    model.compile(**clone_compile_arguments({"optimizer": "sgd", "loss": loss, "metrics": metrics}))
    return dict(model.fit(x, y, validation_data=(x, y), epochs=1, batch_size=7, verbose=0).history)


@pytest.mark.parity
@pytest.mark.parametrize("task", TASKS)
def test_every_metric_trains_or_is_refused(task: str) -> None:
    classes, fitting, refused = TASKS[task], {}, []
    for name in keras_names(keras.metrics):
        try:
            fitting[name] = metric_for(name, classes)
        except ConfigError as error:
            assert all(each in str(error) for each in ("fits", *fitting_metrics(classes), repr(name)))
            refused.append(name)
    assert {"Mean", "IoU", "MeanMetricWrapper", "precision_at_recall", "nothing"} - set(refused) == {"nothing"}
    losses = ["mse"] if classes is None else ["sparse_categorical_crossentropy"]
    for loss in [*losses, *(["binary_crossentropy"] if classes == 2 else [])]:
        history = trained(classes, loss, list(fitting.values()))
        for name, made in fitting.items():
            (value,) = history[f"val_{made if isinstance(made, str) else made.name}"]
            assert math.isfinite(float(value)), (name, loss)


@pytest.mark.parametrize("task", TASKS)
def test_every_loss_trains_or_is_refused(task: str) -> None:
    classes = TASKS[task]
    for name in {*keras_names(keras.losses), *keras_names(keras.metrics)}:
        try:
            check_loss(name, classes)
        except ConfigError as error:
            assert "mean_squared_error" in str(error) or "sparse_categorical_crossentropy" in str(error)
            continue
        assert math.isfinite(trained(classes, name, [])["val_loss"][0]), name


@pytest.mark.parametrize("wrong", ["binary_crossentropy", "categorical_crossentropy", "mse", "CTC", "nonsense"])
def test_a_loss_of_another_task_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match=f"3 classes.*class numbers: sparse_categorical_cross.*Received: '{wrong}'"):
        check_loss(wrong, 3)


@pytest.mark.parametrize(("metric", "hint"), [("auroc", "search.reward: auroc"), ("mcc", "search.reward: mcc")])
def test_a_measure_that_keras_lacks_is_a_reward(metric: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        metric_for(metric, 2)


@pytest.mark.parity
def test_values_are_those_of_the_second_of_two_classes() -> None:
    from sklearn import metrics as known

    true = np.array([0, 0, 0, 1, 1, 0, 1, 0])
    second = np.array([0.1, 0.6, 0.3, 0.7, 0.4, 0.2, 0.9, 0.55], "float32")
    predicted = second > 0.5
    for name, expected in (
        ("precision", known.precision_score(true, predicted)),
        ("recall", known.recall_score(true, predicted)),
        ("f1_score", known.f1_score(true, predicted)),
        ("AUC", known.roc_auc_score(true, second)),
        ("true_positives", 2),
    ):
        metric = metric_for(name, 2)
        metric.update_state(true[:5], np.stack([1 - second, second], 1)[:5])
        metric.update_state(true[5:, None], np.stack([1 - second, second], 1)[5:])
        assert float(metric.result()) == pytest.approx(expected, abs=0.02), name
        metric.reset_state()
        assert float(metric.result()) == 0, name


@pytest.mark.parity
@pytest.mark.parametrize("name", [each for each in fitting_metrics(2) if each != "accuracy"])
def test_values_by_one_unit_are_those_by_a_softmax_over_both(name: str) -> None:
    true, second = np.array([0, 1, 1, 0, 1, 0, 0]), np.array([0.1, 0.8, 0.3, 0.6, 0.9, 0.2, 0.45], "float32")
    found = []
    for predicted in (second[:, None], np.stack([1 - second, second], axis=1)):
        metric = metric_for(name, 2)
        assert not isinstance(metric, str)
        metric.update_state(true, predicted)
        found.append(float(metric.result()))
    assert found[0] == pytest.approx(found[1], abs=1e-6)


def test_values_of_several_classes_are_means_over_them() -> None:
    from sklearn import metrics as known

    rng = np.random.default_rng(0)
    true, columns = rng.integers(0, 3, 60), rng.dirichlet(np.ones(3), 60).astype("float32")
    for name, expected in (
        ("f1_score", known.f1_score(true, columns.argmax(1), average="macro")),
        ("auc", known.roc_auc_score(true, columns, multi_class="ovr")),
    ):
        metric = metric_for(name, 3)
        metric.update_state(true, columns)
        assert float(metric.result()) == pytest.approx(expected, abs=0.02), name


def test_what_is_saved_holds_no_metric_of_ours() -> None:
    metrics = ["accuracy", metric_for("auc", 3)]
    assert has_own_metrics(metrics) and has_own_metrics({"a": metrics}) and not has_own_metrics(["accuracy"])
    assert stock_metrics({"a": metrics, "b": ["mae"]}) == {"a": ["accuracy"], "b": ["mae"]}
    again = OnClassNumbers.from_config(metric_for("auc", 3).get_config())
    assert (again.kind, again.classes, again.name) == ("auc", 3, "auc")


LABELS = np.array([[1, 0], [0, -1], [1, 1], [-1, 0], [0, 1], [1, -1]], "float32")


@pytest.mark.parity
@pytest.mark.parametrize("name", ["auc", "binary_accuracy"])
def test_metrics_of_labels_leave_missing_ones_out(name: str) -> None:
    predictions = np.random.default_rng(0).random(LABELS.shape).astype("float32")
    metric = metric_of_labels(name, 2, missing=True)
    for some in (slice(0, 4), slice(4, None)):
        metric.update_state(LABELS[some], predictions[some])
    each, counts = [], []
    for place in (0, 1):
        of = LABELS[:, place] >= 0
        alone = metric_of_labels(name, 1)
        alone.update_state(LABELS[of, place, None], predictions[of, place, None])
        each.append(float(alone.result()))
        counts.append(of.sum())
    expected = np.mean(each) if name == "auc" else np.average(each, weights=counts)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    again.update_state(LABELS, predictions)
    assert float(again.result()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parity
@pytest.mark.parametrize(("name", "expected"), [("mae", 1.0), ("mse", 5 / 3), ("rmse", (5 / 3) ** 0.5)])
def test_metrics_of_numbers_leave_missing_ones_out(name: str, expected: float) -> None:
    metric = metric_of_known_numbers(name)
    metric.update_state(np.array([[1, -1e30], [-1, 4]], "float32"), np.array([[2, 7], [1, 4]], "float32"))
    assert float(metric.result()) == pytest.approx(expected)
    assert stock_metrics([metric, "mae"]) == ["mae"] and has_own_metrics([metric])
