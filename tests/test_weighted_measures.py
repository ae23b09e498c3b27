"""Weighted measures: those of scikit-learn, and those of examples repeated as often as their weight says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amber import measures, weighted_measures as weighted
from sklearn import metrics


def drawn(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True classes, scores with ties, and whole weights of which some are 0."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, n), rng.integers(0, 12, n) / 12, rng.integers(0, 3, n).astype(float)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_curves_are_those_of_scikit_learn(seed: int) -> None:
    true, scores, weights = drawn(seed)
    if len(set(true[weights > 0])) < 2:
        return
    wanted = metrics.roc_auc_score(true, scores, sample_weight=weights)
    assert weighted.auroc(true, scores)(weights) == pytest.approx(wanted)
    kept = weights > 0
    wanted = metrics.average_precision_score(true[kept], scores[kept], sample_weight=weights[kept])
    assert weighted.auprc(true, scores)(weights) == pytest.approx(wanted)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_classes_are_scored_as_by_scikit_learn(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    true, probabilities = rng.integers(0, classes, 80), rng.dirichlet(np.ones(classes), 80)
    weights, predicted = rng.integers(0, 3, 80).astype(float), probabilities.argmax(axis=1)
    kept = weights > 0
    given_weights: dict[str, Any] = {"sample_weight": weights[kept]}
    found = weighted.confusion(true, predicted, classes)
    assert found["mcc"](weights) == pytest.approx(
        metrics.matthews_corrcoef(true[kept], predicted[kept], **given_weights)
    )
    if set(predicted[kept]) <= set(true[kept]):
        assert found["balanced_accuracy"](weights) == pytest.approx(
            metrics.balanced_accuracy_score(true[kept], predicted[kept], **given_weights)
        )
        average = "binary" if classes == 2 else "macro"
        wanted = metrics.f1_score(true[kept], predicted[kept], average=average, zero_division=0, **given_weights)
        assert found["f1"](weights) == pytest.approx(wanted)
    assert weighted.accuracy(true, predicted)(weights) == pytest.approx(
        metrics.accuracy_score(true[kept], predicted[kept], **given_weights)
    )
    assert weighted.log_loss(true, probabilities)(weights) == pytest.approx(
        metrics.log_loss(true[kept], probabilities[kept], labels=range(classes), **given_weights), rel=1e-5
    )


@pytest.mark.parametrize("name", ["r2", "pearson", "spearman"])
@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_scored_as_if_examples_were_repeated(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 15, 50) / 3  # with ties
    predicted, weights = true + rng.normal(size=50), rng.integers(0, 3, 50)
    measure: Callable[..., Any] = getattr(weighted, name)
    plain: Callable[..., float] = getattr(measures, name)
    repeated = plain(np.repeat(true, weights), np.repeat(predicted, weights))
    assert measure(true, predicted)(weights.astype(float)) == pytest.approx(repeated)
    assert measure(true, predicted)(np.ones(50)) == pytest.approx(plain(true, predicted))


def test_what_is_undefined_is_nan() -> None:
    true, scores = np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3])
    only_negatives = np.array([1.0, 1.0, 0.0])
    assert np.isnan(weighted.auroc(true, scores)(only_negatives))
    assert np.isnan(weighted.auprc(true, scores)(only_negatives))
    assert np.isnan(weighted.confusion(true, true, 2)["mcc"](only_negatives))
    assert np.isnan(weighted.pearson(np.ones(3), scores)(np.ones(3)))
    assert weighted.pearson(scores, np.ones(3))(np.ones(3)) == 0.0
    assert np.isnan(weighted.r2(np.ones(3), scores)(np.ones(3)))


def test_calibration_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    true = np.array([0, 1, 1, 1])  # of 0.9 half is right, of 0.6 all
    assert weighted.calibration_error(true, probabilities)(np.ones(4)) == pytest.approx((2 * 0.4 + 2 * 0.4) / 4)
    perfect = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert weighted.calibration_error(np.array([0, 1]), perfect)(np.ones(2)) == 0.0


def test_a_certain_and_wrong_prediction_has_a_finite_loss() -> None:
    loss = weighted.log_loss(np.array([1]), np.array([[1.0, 0.0]]))(np.ones(1))
    assert loss == pytest.approx(-np.log(1e-7))


def every_measure(seed: int, n: int, classes: int) -> dict[str, Callable[..., Any]]:
    """All measures, of the same random predictions."""
    rng = np.random.default_rng(seed)
    true, probabilities = rng.integers(0, classes, n), rng.dirichlet(np.ones(classes), n)
    numbers, guesses = rng.normal(size=(2, n)) / 100
    return {
        "auroc": weighted.auroc(true == 1, probabilities[:, 1]),
        "auprc": weighted.auprc(true == 1, probabilities[:, 1]),
        "accuracy": weighted.accuracy(true, probabilities.argmax(axis=1)),
        **weighted.confusion(true, probabilities.argmax(axis=1), classes),
        "log_loss": weighted.log_loss(true, probabilities),
        "calibration_error": weighted.calibration_error(true, probabilities),
        **{name: getattr(weighted, name)(numbers, guesses) for name in ("r2", "pearson", "spearman")},
    }


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_only_the_proportions_of_the_weights_count(classes: int) -> None:
    for seed in range(10):
        weights = np.random.default_rng(seed + 50).integers(0, 3, 8).astype(float)
        for name, measure in every_measure(seed, 8, classes).items():
            for factor in (0.01, 100.0):
                assert measure(factor * weights) == pytest.approx(measure(weights), nan_ok=True), name


def test_no_weight_at_all_is_undefined() -> None:
    assert all(np.isnan(measure(np.zeros(8))) for measure in every_measure(0, 8, 3).values())


@pytest.mark.parametrize("name", ["r2", "pearson", "spearman"])
def test_the_unit_of_numbers_does_not_count(name: str) -> None:
    true, predicted = np.random.default_rng(7).normal(size=(2, 20))
    measure: Callable[..., Any] = getattr(weighted, name)
    wanted = measure(true, predicted)(np.ones(20))
    for unit in (0.001, 1000.0):
        assert measure(unit * true, unit * predicted)(np.ones(20)) == pytest.approx(wanted)


def test_classes_that_do_not_occur_are_left_out_of_means() -> None:
    # One example of the first class, none of the third, none predicted as either.
    true, predicted = np.array([0, 1, 1, 1]), np.array([1, 1, 1, 1])
    for classes in (3, 4):
        found = weighted.confusion(true, predicted, classes)
        assert found["f1"](np.ones(4)) == pytest.approx(metrics.f1_score(true, predicted, average="macro"))
        assert found["balanced_accuracy"](np.ones(4)) == pytest.approx(0.5)


@pytest.mark.parametrize("lower", range(2, 14))
def test_each_bin_of_the_calibration_is_its_own(lower: int) -> None:
    # An overconfident example and an underconfident one, in neighbouring bins of 15.
    confidence = (np.array([lower, lower + 1]) + 0.5) / 15
    others = (1 - confidence) / 19
    probabilities = np.concatenate([confidence[:, None], np.repeat(others[:, None], 19, axis=1)], axis=1)
    error = weighted.calibration_error(np.array([1, 0]), probabilities)(np.ones(2))
    assert error == pytest.approx((confidence[0] + 1 - confidence[1]) / 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_draws_at_once_give_what_each_gives_alone(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    true, probabilities = rng.integers(0, classes, 12), rng.dirichlet(np.ones(classes), 12).round(1)
    numbers, found = rng.integers(0, 4, 12).astype(float), rng.integers(0, 4, 12).astype(float)
    every = {
        "auroc": weighted.auroc(true == 1, probabilities[:, 1]),
        "auprc": weighted.auprc(true == 1, probabilities[:, 1]),
        "accuracy": weighted.accuracy(true, probabilities.argmax(axis=1)),
        **weighted.confusion(true, probabilities.argmax(axis=1), classes),
        "log_loss": weighted.log_loss(true, probabilities),
        "calibration_error": weighted.calibration_error(true, probabilities),
        "r2": weighted.r2(numbers, found),
        "pearson": weighted.pearson(numbers, found),
        "spearman": weighted.spearman(numbers, found),
    }
    # Few draws of few examples: of some draws a measure is not defined.
    weights = rng.multinomial(3, np.full(12, 1 / 12), (2, 5)).astype(float)
    weights[0, 0] = 0
    for name, measure in every.items():
        alone = [[float(measure(each)) for each in row] for row in weights]
        np.testing.assert_allclose(measure(weights), alone, rtol=1e-9, atol=1e-12, err_msg=name)
        assert np.isnan(alone[0][0]), name
