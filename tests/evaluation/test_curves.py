"""Points of plots, beside scikit-learn's measures of the same predictions."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

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


@pytest.mark.parametrize("count", [1, 499, 500, 501, 3000])
def test_each_example_is_drawn_once_and_in_its_order(count: int) -> None:
    values = np.arange(count) / 4096
    points = [true for true, _ in number_points(values, values)["points"]]
    assert len(points) == min(count, 500) and (np.diff(points) > 0).all()
    other = [true for true, _ in number_points(values, values, seed=1)["points"]]
    assert (other == points) == (count <= 500)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 400), st.integers(1, 400))
def test_points_of_a_curve_are_on_it_and_evenly_far_apart(seed: int, count: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    true, scores = rng.integers(0, 2, count), rng.integers(0, levels + 1, count) / levels
    true[:2] = 0, 1
    found = class_curves(true, np.stack([1 - scores, scores], axis=1), ["a", "b"])["curves"]["b"]
    false_rate, true_rate, _ = roc_curve(true, scores)
    precision, recall, _ = precision_recall_curve(true, scores)
    for points, x, y in ((found["roc"], false_rate, true_rate), (found["precision_recall"], recall, precision)):
        every = {(float(f"{a:.4g}"), float(f"{b:.4g}")) for a, b in zip(x, y, strict=True)}
        assert set(map(tuple, points)) <= every and len(points) <= 100
        # A hundredth of the way, and the longest step of the curve itself.
        steps = np.abs(np.diff(x)) + np.abs(np.diff(y))
        apart = np.abs(np.diff(np.array(points), axis=0)).sum(axis=1)
        assert apart.max() <= steps.sum() / 99 + steps.max() + 0.01


@pytest.mark.parametrize("number", range(10))
def test_each_tenth_of_the_probabilities_has_its_point(number: int) -> None:
    scores = np.array([number / 10 + 0.01, number / 10 + 0.09, 1.0, 0.95 if number < 9 else 0.05])
    found = class_curves([1, 0, 1, 0], np.stack([1 - scores, scores], axis=1), ["a", "b"])["curves"]["b"]
    own = [round(number / 10 + 0.05, 2), 0.5, 2]
    # A probability of 1 is in the last bin.
    other = {9: [0.05, 0.0, 1]}.get(number, [0.975, 0.5, 2])
    last = [round((0.91 + 0.99 + 1) / 3, 4), 0.6667, 3]
    assert found["calibration"] == ([other, last] if number == 9 else [own, other])


def test_of_equally_frequent_classes_the_first_are_drawn() -> None:
    found = class_curves(np.arange(12), np.full((12, 12), 1 / 12), [f"c{k}" for k in range(12)])
    assert list(found["curves"]) == [f"c{k}" for k in range(8)]
    labels = label_curves(np.eye(12), np.full((12, 12), 0.5), [f"c{k}" for k in range(12)])
    assert list(labels["curves"]) == [f"c{k}" for k in range(8)]
