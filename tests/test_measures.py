"""Measures: values known by hand, what is undefined, agreement with scikit-learn and SciPy, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from amber import measures
from amber.data import ClassScore, NumberScore
from amber.errors import DataError

UNDEFINED_OF_ONE_VALUE = ("mcc", "auroc", "auprc", "r2", "pearson", "spearman")


@pytest.mark.parametrize("name", UNDEFINED_OF_ONE_VALUE)
def test_of_equal_true_values_it_is_undefined(name: str) -> None:
    assert math.isnan(getattr(measures, name)(np.ones(4, int), np.array([0, 1, 1, 0])))


def test_numbers_by_hand() -> None:
    true, predicted = [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 4.0, 3.0]
    assert measures.r2(true, predicted) == pytest.approx(1 - 2 / 5)
    assert measures.mean_absolute_error(true, predicted) == 0.5
    assert measures.pearson(true, predicted) == measures.spearman(true, predicted) == pytest.approx(0.8)
    # The ranks of 1, 10, 100 and 1000 are those of 1, 2, 3 and 4.
    assert measures.spearman([1, 10, 100, 1000], true) == pytest.approx(1)
    assert measures.r2(true, [2.5] * 4) == 0 == measures.pearson(true, [2.5] * 4)


@pytest.mark.parametrize("measure", [measures.r2, measures.mean_absolute_error, measures.pearson, measures.spearman])
@pytest.mark.parametrize("pair", [([], []), ([1.0], [1.0, 2.0]), ([[1.0, 2.0]], [[1.0, 2.0]])])
def test_other_shapes_are_refused(measure: object, pair: tuple[list[float], list[float]]) -> None:
    with pytest.raises(DataError, match="one number for each of the same examples"):
        measure(*pair)  # type: ignore[operator]


def test_two_classes_are_scored_by_the_second() -> None:
    true, second = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9])
    score = ClassScore.of(true, np.stack([1 - second, second], axis=1), ["no", "yes"])
    assert score.auroc == pytest.approx(3 / 4)
    assert score.auprc == score.per_class_auprc["yes"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    rare = ClassScore.of([0, 0, 0, 1], np.stack([1 - second, second], axis=1), ["no", "yes"])
    assert rare.auprc == 1 and rare.auprc == rare.per_class_auprc["yes"]
    turned = ClassScore.of([1, 0, 0, 0], np.stack([1 - second, second], axis=1), ["no", "yes"])
    assert turned.auprc == turned.per_class_auprc["yes"] == 0.25 != turned.per_class_auprc["no"]
    assert score.accuracy == 0.75 and score.per_class_accuracy == {"no": 1.0, "yes": 0.5}
    assert score.mcc == pytest.approx((2 * 1 - 0 * 1) / np.sqrt(1 * 2 * 2 * 3))
    assert (score.per_class_records, score.per_class_predictions) == ({"no": 2, "yes": 2}, {"no": 3, "yes": 1})


def test_several_classes_are_averaged_one_against_the_rest() -> None:
    from sklearn import metrics

    rng = np.random.default_rng(0)
    true, columns = rng.integers(0, 3, 50), rng.dirichlet(np.ones(3), 50)
    score = ClassScore.of(true[:, None], columns, ["a", "b", "c"])
    assert score.auroc == pytest.approx(metrics.roc_auc_score(true, columns, multi_class="ovr", average="macro"))
    assert score.auprc == pytest.approx(metrics.average_precision_score(np.eye(3)[true], columns, average="macro"))
    assert score.mcc == pytest.approx(metrics.matthews_corrcoef(true, columns.argmax(1)))
    for number, name in enumerate(score.per_class_mcc):
        one = metrics.matthews_corrcoef(true == number, columns.argmax(1) == number)
        assert score.per_class_mcc[name] == pytest.approx(one)
    assert score.per_class_auroc["b"] == pytest.approx(metrics.roc_auc_score(true == 1, columns[:, 1]))
    assert score.n == 50


def test_a_class_that_is_absent_is_left_out_and_null_in_json() -> None:
    columns = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    score = ClassScore.of([0, 1, 0], columns, ["a", "b", "c"])
    assert score.auroc == score.auprc == 1.0
    record = score.to_dict()
    for key in ("accuracy", "auroc", "auprc", "mcc"):
        assert record[f"per_class_{key}"]["c"] is None
    assert record["records"] == 3 and "n" not in record
    only = ClassScore.of([0, 0], columns[:2], ["a", "b", "c"]).to_dict()
    assert only["auroc"] is only["auprc"] is only["mcc"] is None and only["accuracy"] == 0.5


def test_scores_of_numbers() -> None:
    score = NumberScore.of([[1.0], [2.0], [3.0]], [1.0, 2.0, 4.0], unit=10.0)
    assert (score.mae, score.n, score.r2) == (pytest.approx(10 / 3), 3, pytest.approx(0.5))
    assert NumberScore.of([1.0, 1.0], [1.0, 2.0]).to_dict()["r2"] is None


@pytest.mark.parametrize(
    ("true", "columns"), [([0, 1], np.ones((2, 2))), ([0], np.ones((2, 3))), ([[0, 1]], np.ones((1, 3)))]
)
def test_class_scores_of_other_shapes_are_refused(true: object, columns: np.ndarray) -> None:
    with pytest.raises(DataError, match="one class number and 3 probabilities for each example"):
        ClassScore.of(true, columns, ["a", "b", "c"])  # type: ignore[arg-type]


@pytest.mark.parametrize("ties", [3, 20, 10**6])
@pytest.mark.parametrize("count", [2, 7, 400])
def test_curves_and_correlation_are_those_of_scikit_learn(count: int, ties: int) -> None:
    from sklearn import metrics

    rng = np.random.default_rng([count, ties])
    true = rng.permutation(np.arange(count) % 3 == 1).astype(int)
    scores = rng.integers(0, ties, count) / ties
    assert measures.auroc(true, scores) == pytest.approx(metrics.roc_auc_score(true, scores), abs=1e-12)
    assert measures.auprc(true, scores) == pytest.approx(metrics.average_precision_score(true, scores), abs=1e-12)
    classes, said = np.r_[0, 1, rng.integers(0, 5, count)], np.r_[7, 1, rng.integers(0, 4, count)]
    assert measures.mcc(classes, said) == pytest.approx(metrics.matthews_corrcoef(classes, said), abs=1e-12)


@pytest.mark.parametrize("measure", [measures.auroc, measures.auprc])
@pytest.mark.parametrize(
    ("true", "scores"),
    [([0, 1], [math.nan, 1.0]), ([0, 1], [math.inf, 1.0]), ([0, 1, 2], [1.0, 2.0, 3.0]), ([0, 1], [1.0])],
)
def test_curve_of_what_has_none_is_refused(measure: object, true: list[int], scores: list[float]) -> None:
    with pytest.raises(DataError):
        measure(true, scores)  # type: ignore[operator]
