"""The loss of labels of which some are not known."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from amber.modeler.masked_loss import MaskedBinaryCrossentropy
from amber.modeler.task_metrics import metric_of_labels

PREDICTED = np.array([[0.2, 0.7, 0.4], [0.9, 0.1, 0.5]], dtype="float32")


def _value(true: list[list[float]], predicted: np.ndarray = PREDICTED) -> float:
    return float(keras.ops.convert_to_numpy(MaskedBinaryCrossentropy()(np.array(true, "float32"), predicted)))


def test_without_missing_labels_it_is_the_usual_one() -> None:
    true = [[0, 1, 1], [1, 0, 0]]
    expected = keras.losses.BinaryCrossentropy()(np.array(true, "float32"), PREDICTED)
    assert _value(true) == pytest.approx(float(keras.ops.convert_to_numpy(expected)), rel=1e-5)


def test_what_is_not_known_changes_nothing() -> None:
    other = PREDICTED.copy()
    other[0, 2], other[1, 1] = 0.99, 0.01
    true = [[0, 1, -1], [1, -1, 0]]
    expected = -np.mean(np.log([0.8, 0.7, 0.9, 0.5]))
    assert _value(true) == _value(true, other) == pytest.approx(expected, rel=1e-5)
    assert _value([[-1, -1, -1], [-1, -1, -1]]) == 0


def test_it_is_saved_with_a_model() -> None:
    loss = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(MaskedBinaryCrossentropy()))
    assert isinstance(loss, MaskedBinaryCrossentropy)


@pytest.mark.parametrize(("name", "expected"), [("auc", 0.75), ("binary_accuracy", 5 / 6)])
def test_metrics_of_labels(name: str, expected: float) -> None:
    true = np.array([[0, 1], [1, 0], [1, 1]], "float32")
    found = metric_of_labels(name, 2)
    found.update_state(true, np.array([[0.1, 0.8], [0.9, 0.3], [0.8, 0.2]], "float32"))
    value = float(keras.ops.convert_to_numpy(found.result()))
    assert value == pytest.approx(expected, abs=0.01) and found.name == name
