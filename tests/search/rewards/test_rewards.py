"""Rewards: their values on data where they are known, columns of one class, shapes, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.errors import ConfigError, DataError
from amber.search.rewards import REWARDS, Reward, get_reward, per_column, register_reward

ids = [0, 1, 2, 0, 1, 2]
ONE_HOT = np.eye(3)[ids]
GOOD = 0.8 * ONE_HOT + 0.1

CLASSIFYING = ("auroc", "auprc", "accuracy", "mcc")
CORRELATING = ("pearson", "spearman")


@pytest.mark.parametrize("name", CLASSIFYING)
@pytest.mark.parametrize("targets", [ids, np.array(ids)[:, None], np.array(ids, "float32"), ONE_HOT], ids=str)
def test_a_perfect_prediction_is_one(name: str, targets: Any) -> None:
    assert get_reward(name)(np.asarray(targets), GOOD) == pytest.approx(1)


@pytest.mark.parametrize("name", CLASSIFYING)
def test_one_column_of_two_classes(name: str) -> None:
    targets = np.array([0, 0, 1, 1])
    assert get_reward(name)(targets, [[0.1], [0.2], [0.8], [0.9]]) == pytest.approx(1)
    turned = {"auroc": 0.0, "auprc": (1 / 3 + 2 / 4) / 2, "accuracy": 0.0, "mcc": -1.0}
    assert get_reward(name)(targets, [[0.9], [0.8], [0.2], [0.1]]) == pytest.approx(turned[name])


def test_values_by_hand() -> None:
    targets, scores = np.array([[0], [1], [0], [1]]), np.array([[0.1], [0.3], [0.4], [0.9]])
    assert get_reward("auroc")(targets, scores) == pytest.approx(3 / 4)  # of four pairs one is in the wrong order
    assert get_reward("auprc")(targets, scores) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert get_reward("accuracy")(targets, scores) == pytest.approx(3 / 4)
    assert get_reward("mcc")(targets, scores) == pytest.approx((1 * 2 - 0 * 1) / np.sqrt(1 * 2 * 2 * 3))
    assert get_reward("spearman")([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 4.0, 3.0]) == pytest.approx(0.8)
    assert get_reward("pearson")([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]) == pytest.approx(1)


@pytest.mark.parametrize("name", sorted(set(REWARDS) - {"loss", "accuracy"}))
def test_columns_of_one_class_are_left_out(name: str) -> None:
    """The mean is over the others; where there are none, the data are at fault, not the network."""
    rng = np.random.default_rng(0)
    targets = np.stack([rng.integers(0, 2, 20), rng.integers(0, 2, 20)], axis=1).astype("float64")
    predictions = rng.random((20, 2))
    wider, more = np.insert(targets, 1, 1.0, axis=1), np.insert(predictions, 1, rng.random(20), axis=1)
    reward = get_reward(name)
    assert reward(wider, more) == pytest.approx(reward(targets, predictions))
    with pytest.raises(DataError, match=f"'{name}' needs an output whose targets differ"):
        reward(np.ones((20, 2)), predictions)


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_every_reward_agrees_with_scipy_and_keeps_to_its_range(seed: int, columns: int) -> None:
    from scipy import stats

    rng = np.random.default_rng(seed)
    values, predictions = rng.integers(0, 6, (30, columns)).astype("float64"), rng.integers(0, 6, (30, columns))
    labels = (values > 2).astype("float64")
    labels[:2] = [[0.0] * columns, [1.0] * columns]  # both classes in every column, and no row of classes
    for name, expected in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        wanted = np.mean([expected(values[:, each], predictions[:, each])[0] for each in range(columns)])
        assert get_reward(name)(values, predictions) == pytest.approx(wanted)
    for name in sorted(set(REWARDS) - {"loss"}):
        reward = get_reward(name)
        assert reward.worst is not None and reward.worst <= reward(labels, predictions / 5) <= 1 + 1e-12


@pytest.mark.parametrize("name", CORRELATING)
def test_equal_predictions_correlate_with_nothing(name: str) -> None:
    assert get_reward(name)([1.0, 2.0, 3.0], [[5.0]] * 3) == 0.0


def test_several_outputs_are_matched_by_name_or_order() -> None:
    reward = get_reward("auroc")
    good, bad, targets = np.array([0.1, 0.9]), np.array([0.9, 0.1]), np.array([0, 1])
    assert reward([targets, targets], [good, bad]) == 0.5
    assert reward({"a": targets, "b": 1 - targets}, {"b": bad, "a": good}) == 1.0
    assert reward({"a": targets, "b": 1 - targets}, [bad, good], names=("b", "a")) == 1.0
    # Means are over columns, not over outputs.
    assert reward([targets, np.stack([targets] * 3, 1)], [bad, np.stack([good] * 3, 1)]) == 0.75


MISMATCHES: dict[str, tuple[Any, Any, str]] = {
    "records": ([0, 1], [[0.5]], "2 records. Received: 1"),
    "columns": (np.eye(2), np.ones((2, 3)), r"shape \(2, 2\). Received: \(2, 3\)"),
    "outputs": ([np.ones(2), np.ones(2)], [np.ones(2)], "as many predictions as targets, 2. Received: 1"),
    "names": ({"a": np.ones(2)}, {"b": np.ones(2)}, "predictions of a. Received: b"),
    "classes": ([0, 3], np.ones((2, 3)), "from 0 to 2. Received: 3"),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_data_that_do_not_belong_together(case: str) -> None:
    targets, predictions, message = MISMATCHES[case]
    with pytest.raises(DataError, match=message):
        get_reward("auroc")(targets, predictions)


def test_predictions_that_are_not_finite() -> None:
    with pytest.raises(FloatingPointError, match="output 0"):
        get_reward("auroc")(np.array([0, 1]), [[0.5], [np.nan]])


@pytest.fixture
def registered() -> Iterator[str]:
    yield "of-a-user"
    REWARDS._entries.pop("of-a-user", None)


def test_a_user_registers_a_reward(registered: str) -> None:
    register_reward(registered, per_column(lambda y, p: float(-np.abs(y - p).mean())), worst=-1.0)
    assert get_reward("Of-A-User")([0.0, 1.0], [0.5, 1.0]) == -0.25
    with pytest.raises(ConfigError, match="registered already"):
        register_reward(registered, lambda y, p: 0.0)


def test_mistakes() -> None:
    with pytest.raises(ConfigError, match="accuracy, auprc, auroc, loss, mcc, pearson, spearman.* 'auroc'?"):
        get_reward("aurok")
    for wrong in ({"name": ""}, {"worst": float("nan")}, {"direction": "up"}):
        with pytest.raises(ConfigError):
            Reward(**{"name": "a", "function": None, **wrong})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="training reports"):
        get_reward("loss")([0, 1], [0, 1])


def _broken(targets: object, predictions: object) -> float:
    return 1 / 0


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        (_broken, RuntimeError, "The reward 'mine' failed: ZeroDivisionError: division by zero"),
        (lambda true, predicted: {}["x"], RuntimeError, "The reward 'mine' failed: KeyError"),
        (lambda: 0.0, RuntimeError, "The reward 'mine' failed: TypeError: .* takes 0 positional arguments"),
        (lambda true, predicted: "good", TypeError, "'mine' must return a number, or one for each column.*'good'"),
        (lambda true, predicted: {"auc": 1}, TypeError, "Received: {'auc': 1}"),
    ],
)
def test_an_error_of_a_user_s_reward_names_it(function: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        Reward("mine", function)(np.asarray(ids), GOOD)


LABELS = np.array([[1, 0], [0, -1], [1, 1], [-1, 0], [0, 1], [1, -1]], "float32")


def _without_unknown(targets: np.ndarray) -> np.ndarray:
    return np.where(targets < -0.5, np.nan, targets)


@pytest.mark.parametrize("name", CLASSIFYING)
def test_targets_that_are_not_known_count_nowhere(name: str) -> None:
    """Whatever is predicted of them, the value is that of the known ones alone."""
    rng = np.random.default_rng(0)
    predictions = rng.random(LABELS.shape)
    reward = replace(get_reward(name), known=(("output", _without_unknown),))
    other = np.where(LABELS < 0, 1 - predictions, predictions)
    assert reward(LABELS, predictions) == reward(LABELS, other)
    known = [LABELS[:, place] >= 0 for place in (0, 1)]
    each = [get_reward(name)(LABELS[of, place], predictions[of, place]) for place, of in enumerate(known)]
    counts = [int(of.sum()) for of in known]
    expected = np.average(each, weights=counts) if name == "accuracy" else np.mean(each)
    assert reward(LABELS, predictions) == pytest.approx(expected)


@pytest.mark.parametrize("name", CORRELATING)
def test_numbers_that_are_not_known_count_nowhere(name: str) -> None:
    rng = np.random.default_rng(1)
    targets, predictions = rng.normal(size=(2, 20, 2))
    holes = rng.random(targets.shape) < 0.3
    each = [get_reward(name)(targets[~holes[:, k], k], predictions[~holes[:, k], k]) for k in (0, 1)]
    reward = replace(get_reward(name), known=(("output", lambda values: np.where(holes, np.nan, values)),))
    assert reward(np.where(holes, -1e30, targets), predictions) == pytest.approx(np.mean(each))


def test_only_outputs_that_have_unknown_targets_are_looked_at() -> None:
    """Of several outputs, -1 is a number in one and not known in another."""
    numbers = np.array([-1.0, 2.0, -3.0, 0.5, 1.0, -1.0])
    targets = {"labels": LABELS, "numbers": numbers}
    predictions = {"labels": np.where(LABELS < 0, 0.9, LABELS), "numbers": numbers}
    reward = replace(get_reward("pearson"), known=(("labels", _without_unknown),))
    assert reward(targets, predictions) == pytest.approx(1)
    assert reward(list(targets.values()), list(predictions.values()), ("labels", "numbers")) == pytest.approx(1)
    assert get_reward("pearson")(targets, predictions) < 0.9


def test_a_column_of_which_nothing_is_known_is_left_out() -> None:
    targets = np.array([[1, -1], [0, -1]])
    reward = replace(get_reward("auroc"), known=(("output", _without_unknown),))
    assert reward(targets, np.array([[0.9, 0.1], [0.2, 0.3]])) == 1
    with pytest.raises(DataError, match="needs an output whose targets differ"):
        reward(targets[:, 1:], np.array([[0.1], [0.3]]))
