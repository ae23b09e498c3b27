"""Points of plots, beside scikit-learn's measures of the same predictions."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score

from amber.evaluation.curves import class_curves, label_curves, number_points


@pytest.fixture(scope="module")
def predicted() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 800)
    scores = rng.normal(0, 1, (800, 3)) + 1.5 * np.eye(3)[true]
    return true, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def area(points: list[list[float]]) -> float:
    x, y = np.array(points).T
    assert len(x) <= 100 and (np.diff(x) >= 0).all()
    return float(np.diff(x) @ (y[1:] + y[:-1]) / 2)


def test_curves_have_the_area_of_the_measures(predicted: tuple[np.ndarray, np.ndarray]) -> None:
    true, probabilities = predicted
    found = json.loads(json.dumps(class_curves(true, probabilities, ["a", "b", "c"])))
    assert list(found["curves"]) == ["a", "b", "c"]
    for number, curves in enumerate(found["curves"].values()):
        truth, scores = true == number, probabilities[:, number]
        assert area(curves["roc"]) == pytest.approx(roc_auc_score(truth, scores), abs=0.01)
        assert area(curves["precision_recall"]) == pytest.approx(average_precision_score(truth, scores), abs=0.02)
        assert curves["roc"][0] == [0, 0] and curves["roc"][-1] == [1, 1]
        assert curves["precision_recall"][0] == [0, 1] and curves["precision_recall"][-1][0] == 1
        assert curves["positives"] == pytest.approx(truth.mean(), abs=1e-4)
        counts = np.array([count for _, _, count in curves["calibration"]])
        shares = np.array([share for _, share, _ in curves["calibration"]])
        assert counts.sum() == 800 and counts @ shares == pytest.approx(truth.sum(), rel=1e-3)
    np.testing.assert_array_equal(found["confusion"], confusion_matrix(true, probabilities.argmax(axis=1)))


def test_of_two_classes_the_second_is_drawn_and_of_many_the_most_frequent() -> None:
    two = class_curves([0, 1, 1], [[0.6, 0.4], [0.3, 0.7], [0.8, 0.2]], ["off", "on"])
    assert list(two["curves"]) == ["on"] and two["confusion"] == [[1, 0], [1, 1]]
    true = np.concatenate([np.arange(12), np.arange(4, 12)])
    many = class_curves(true, np.full((20, 12), 1 / 12), [f"c{k}" for k in range(12)])
    assert list(many["curves"]) == [f"c{k}" for k in range(4, 12)]


def test_missing_labels_do_not_count() -> None:
    nan = np.nan
    true = [[1, nan, 1], [0, nan, 1], [nan, 1, 1], [1, 0, 1]]
    found = label_curves(true, [[0.9, 0.1, 0.5], [0.1, 0.1, 0.5], [0.4, 0.9, 0.5], [0.8, 0.3, 0.5]], ["a", "b", "c"])
    assert list(found["curves"]) == ["a", "b"]
    assert area(found["curves"]["a"]["roc"]) == 1 and found["curves"]["a"]["positives"] == pytest.approx(
        2 / 3, abs=1e-4
    )
    assert sum(count for _, _, count in found["curves"]["b"]["calibration"]) == 2


def test_numbers_are_drawn_where_they_are_many() -> None:
    values = np.arange(2000.0)
    values[7] = np.nan
    points = number_points(values, values * 2)["points"]
    assert len(points) == 500 and points == number_points(values, values * 2)["points"]
    assert all(predicted == pytest.approx(2 * true, rel=1e-3) for true, predicted in points)
    assert number_points([1.0, np.nan], [3.0, 4.0]) == {"points": [[1.0, 3.0]]}
