"""Evaluations: values, intervals that hold what they should, differences from baselines, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from amber.errors import ConfigError, DataError
from amber.evaluation import (
    Resampling,
    evaluate_classes,
    evaluate_labels,
    evaluate_numbers,
    evaluate_several_numbers,
)
from amber.weighted_measures import mean_of


def two_models(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True classes, and the probabilities of a good model and of a somewhat worse one that errs likewise."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 2, n)
    signal = true + rng.normal(size=n)
    good, worse = (1 / (1 + np.exp(-3 * (score - 0.5))) for score in (signal, signal + 0.7 * rng.normal(size=n)))
    return true, np.stack([1 - good, good], axis=1), np.stack([1 - worse, worse], axis=1)


def test_a_better_model_is_seen_to_be_better() -> None:
    true, good, worse = two_models()
    found = evaluate_classes(true, good, ["no", "yes"], baselines={"linear": worse})
    difference = found.differences["linear"]["auroc"]
    assert difference.value == pytest.approx(found.scores["auroc"].value - found.baselines["linear"]["auroc"].value)
    assert difference.low > 0
    # Paired: the models err on the same examples, so the difference is known better than either score.
    ours, theirs = found.scores["auroc"], found.baselines["linear"]["auroc"]
    assert difference.high - difference.low < (ours.high - ours.low + theirs.high - theirs.low) / 2
    assert found.differences["linear"]["log_loss"].high < 0
    assert (found.examples, found.units, found.level) == (400, 400, 0.95)


def test_intervals_hold_the_true_value_as_often_as_they_say() -> None:
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        resampling = Resampling(80, draws=200, level=0.9)
        estimate = resampling.intervals(resampling.draw({"mae": mean_of(np.abs(rng.normal(size=80)))}))["mae"]
        held += estimate.low <= np.sqrt(2 / np.pi) <= estimate.high
    assert 165 <= held <= 195


def test_groups_are_drawn_whole() -> None:
    rng = np.random.default_rng(1)
    each = rng.normal(size=20)
    true, predicted = np.repeat(each, 20), np.repeat(each + rng.normal(size=20), 20)
    alone = evaluate_numbers(true, predicted, resampling=Resampling(400))
    grouped = evaluate_numbers(true, predicted, resampling=Resampling(400, np.repeat(np.arange(20), 20)))
    narrow, wide = (found.scores["mae"] for found in (alone, grouped))
    assert grouped.units == 20 and narrow.value == wide.value
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


def test_the_seed_decides() -> None:
    true, good, _ = two_models()
    first, again, other = (
        evaluate_classes(true, good, ["no", "yes"], resampling=Resampling(400, draws=50, seed=seed)).scores
        for seed in (0, 0, 1)
    )
    assert first == again and first["auroc"].low != other["auroc"].low


def test_each_class_is_scored_against_the_rest() -> None:
    rng = np.random.default_rng(2)
    true, probabilities = rng.integers(0, 3, 90), rng.dirichlet(np.ones(3), 90)
    found = evaluate_classes(true, probabilities, ["a", "b", "c"], resampling=Resampling(90, draws=50))
    assert list(found.per_class) == ["a", "b", "c"]
    mean = np.mean([found.per_class[name]["auroc"].value for name in "abc"])
    assert found.scores["auroc"].value == pytest.approx(mean)


def test_missing_labels_count_nowhere() -> None:
    rng = np.random.default_rng(3)
    true, probabilities = rng.integers(0, 2, (100, 3)).astype(float), rng.random((100, 3))
    holes = true.copy()
    holes[:40, 0] = np.nan
    holes[:, 2] = np.nan
    found = evaluate_labels(holes, probabilities, ["a", "b", "none"], resampling=Resampling(100, draws=50))
    alone = evaluate_labels(true[40:, :1], probabilities[40:, :1], ["a"], resampling=Resampling(60, draws=50))
    assert found.per_class["a"]["auprc"].value == alone.per_class["a"]["auprc"].value
    assert np.isnan(found.per_class["none"]["auroc"].value)
    both = [found.per_class[name]["auroc"].value for name in "ab"]
    assert found.scores["auroc"].value == pytest.approx(np.mean(both))


def test_missing_numbers_count_nowhere() -> None:
    true, predicted = np.array([1.0, np.nan, 2.0, 4.0]), np.array([1.5, 100.0, 2.0, 3.0])
    found = evaluate_numbers(true, predicted, resampling=Resampling(4, draws=20))
    assert found.scores["mae"].value == pytest.approx(0.5)


def test_an_evaluation_is_json() -> None:
    found = evaluate_numbers([1.0, 1.0], [1.0, 2.0], resampling=Resampling(2, draws=10))
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(text)["scores"]["r2"] == {"value": None, "low": None, "high": None}
    assert str(found.scores["mae"]).startswith("0.5000 (")


HALVES = np.ones((2, 2)) / 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: evaluate_classes([0, 1], np.ones((2, 3)) / 3, ["a", "b"]),
            r"shape \(2, 2\). Received: shape \(2, 3\)",
        ),
        (
            lambda: evaluate_classes([0, 2], np.ones((2, 2)) / 2, ["a", "b"]),
            "from 0 to 1.*Received: int64 values from 0",
        ),
        (lambda: evaluate_classes([0.5, 1], np.ones((2, 2)) / 2, ["a", "b"]), "Expected class numbers"),
        (lambda: evaluate_classes([], np.ones((0, 2)), ["a", "b"]), "Expected class numbers"),
        (lambda: evaluate_classes([0, 1], [[1, 0], [np.nan, 0]], ["a", "b"]), "finite probabilities. Received: nan"),
        (lambda: evaluate_labels([[0, 3]], [[0.5, 0.5]], ["a", "b"]), "with other values"),
        (lambda: evaluate_labels([0, 1], [0.5, 0.5], ["a"]), r"Received: shape \(2,\)"),
        (lambda: evaluate_numbers([np.nan], [1.0]), "Received: 1 missing"),
        (lambda: evaluate_numbers([1.0, 2.0], [1.0]), r"Expected predictions of shape \(2,\)"),
        (lambda: Resampling(3, ["a"]), "a group for each of 3 examples. Received: 1"),
        (lambda: Resampling(3, level=1.0), "between 0 and 1"),
        (lambda: Resampling(0), "at least one example"),
        (lambda: Resampling(2.5), "number of examples must be a positive integer. Received: 2.5"),  # type: ignore[arg-type]
        (lambda: Resampling(2, level="95%"), "a number between 0 and 1. Received: '95%'"),  # type: ignore[arg-type]
        (lambda: Resampling(2, 3), "a group for each of 2 examples. Received: 3"),  # type: ignore[arg-type]
        (lambda: Resampling(2, [[1], [2]]), r"name or number of a group.*Received: \[1\]"),  # type: ignore[list-item]
        (lambda: evaluate_classes(["a", "b"], HALVES, ["a", "b"]), "not names. Received: 'a'"),
        (lambda: evaluate_classes([0, 1], HALVES, "ab"), "names of classes as a list. Received: 'ab'"),
        (lambda: evaluate_classes([0, 1], HALVES, ["a", "a"]), "each once, of classes"),
        (
            lambda: evaluate_classes([0, 1], [[2.5, -1], [0, 1]], ["a", "b"]),
            "apply a softmax or sigmoid.*Received: 2.5",
        ),
        (lambda: evaluate_classes([0, 1], [["x", 1], [0, 1]], ["a", "b"]), "probabilities as an array of numbers"),
        (
            lambda: evaluate_classes([0, 1], HALVES, ["a", "b"], resampling=Resampling(9)),
            r"Expected Resampling\(2\), for as many examples as are evaluated. Received: Resampling\(9\)",
        ),
        (
            lambda: evaluate_classes([0, 1], HALVES, ["a", "b"], resampling=9),
            "amber.evaluation.Resampling.*Received: 9",
        ),  # type: ignore[arg-type]
        (lambda: evaluate_classes([0, 1], HALVES, ["a", "b"], baselines=[HALVES]), "baselines by name.*Received: list"),  # type: ignore[arg-type]
        (
            lambda: evaluate_classes([0, 1], HALVES, ["a", "b"], baselines={"linear": [[1, 0]]}),
            r"predictions of the baseline 'linear' of shape \(2, 2\). Received: shape \(1, 2\)",
        ),
        (lambda: evaluate_labels(np.zeros((2, 0)), np.zeros((2, 0)), []), "at least one name"),
        (lambda: evaluate_labels([[0, 1]], [[0.5, 7]], ["a", "b"]), "from 0 to 1.*Received: 7"),
        (lambda: evaluate_numbers(["a"], [1.0]), r"numbers as an array of numbers. Received: \['a'\]"),
        (lambda: evaluate_numbers([1.0, np.inf], [1.0, 2.0]), "Expected finite numbers.*Received: inf"),
        (lambda: evaluate_several_numbers([[1.0]], [[1.0]], {}), "Expected names with slices of the 1 units"),
        (lambda: evaluate_several_numbers([[1.0]], [[1.0]], {"a": slice(3, 5)}), r"Received: \{'a': slice\(3, 5"),
        (lambda: evaluate_several_numbers([1.0], [1.0], {"a": slice(0, 1)}), r"Received: shape \(1,\)"),
    ],
)
def test_what_cannot_be_evaluated_is_named(call: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()  # type: ignore[operator]


def test_draws_must_be_a_positive_integer() -> None:
    with pytest.raises(ConfigError, match="draws must be a positive integer"):
        Resampling(3, draws=0)
    with pytest.raises(ConfigError, match="seed must be an integer of at least 0. Received: -1"):
        Resampling(3, seed=-1)


DRAWS = [[1, 2, 0, 2, 0, 1], [2, 1, 0, 1, 1, 1]]
GROUPED = [[0, 0, 2, 1, 1, 2], [3, 3, 0, 0, 0, 0]]


def test_draws_stay_what_they_were() -> None:
    # Intervals of one version are compared with those of another.
    assert [list(weights) for weights in Resampling(6, draws=2).weights()] == DRAWS
    grouped = Resampling(6, ["b", "b", "a", "c", "c", "a"], draws=2)
    assert [list(weights) for weights in grouped.weights()] == GROUPED


def test_a_label_is_scored_as_two_classes_are() -> None:
    true, good, _ = two_models(60)
    drawn = Resampling(60, draws=20)
    classes = evaluate_classes(true, good, ["no", "yes"], resampling=drawn).scores
    labels = evaluate_labels(true[:, None], good[:, 1:], ["yes"], resampling=drawn)
    for name in ("auroc", "auprc", "mcc", "log_loss"):
        assert labels.scores[name].value == pytest.approx(classes[name].value)
        assert labels.per_class["yes"][name].low == pytest.approx(classes[name].low)
