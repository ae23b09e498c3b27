"""At each limit of what can be evaluated: what is just within it is taken, what is just beyond it refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from amber.errors import DataError
from amber.evaluation import Resampling, evaluate_classes, evaluate_labels, evaluate_numbers, evaluate_several_numbers
from amber.evaluation.bootstrap import Drawn, Estimate
from amber.evaluation.evaluate import Evaluation

NAMES = ["a", "b"]


@pytest.mark.parametrize(("beyond", "taken"), [(0.0, True), (0.9e-5, True), (1.1e-5, False), (0.5, False)])
@pytest.mark.parametrize("side", [0, 1])
def test_rounding_of_probabilities(side: int, beyond: float, taken: bool) -> None:
    outside = 1 + beyond if side else -beyond
    probabilities = [[outside, 0.5], [0.5, 0.5]]
    if taken:
        assert evaluate_classes([0, 1], probabilities, NAMES, resampling=Resampling(2, draws=2)).examples == 2
    else:
        with pytest.raises(DataError, match="from 0 to 1; apply a softmax"):
            evaluate_classes([0, 1], probabilities, NAMES)


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64])
def test_whole_numbers_of_any_kind_are_classes(kind: type) -> None:
    numbers = np.array([0, 1, 1], kind)
    found = evaluate_classes(numbers, np.eye(2)[[0, 1, 0]], NAMES, resampling=Resampling(3, draws=2))
    assert found.scores["accuracy"].value == pytest.approx(2 / 3)


@pytest.mark.parametrize("numbers", [[-1, 0], [0, 2], [0.0, 1.0]])
def test_class_numbers_go_from_0_to_the_last(numbers: list[float]) -> None:
    with pytest.raises(DataError, match="Expected class numbers from 0 to 1"):
        evaluate_classes(numbers, np.full((2, 2), 0.5), NAMES)


def test_at_least_two_classes() -> None:
    with pytest.raises(DataError, match="at least two classes"):
        evaluate_classes([0, 0], np.ones((2, 1)), ["a"])


@pytest.mark.parametrize("names", [("a", "b"), np.array(["a", "b"])])
def test_names_come_in_any_sequence(names: object) -> None:
    found = evaluate_classes([0, 1], np.eye(2), names, resampling=Resampling(2, draws=2))  # type: ignore[arg-type]
    assert list(found.per_class) == ["a", "b"]


@pytest.mark.parametrize("names", ["ab", {"a", "b"}, 2, None])
def test_names_that_are_no_sequence_are_refused(names: object) -> None:
    with pytest.raises(DataError, match="names of classes as a list"):
        evaluate_classes([0, 1], np.eye(2), names)  # type: ignore[arg-type]


def test_columns_are_slices_of_at_least_one_unit_each() -> None:
    values = np.arange(8.0).reshape(4, 2)
    drawn = Resampling(4, draws=2)
    found = evaluate_several_numbers(values, values, {"a": slice(0, 1), "b": slice(-1, None)}, resampling=drawn)
    assert list(found.per_class) == ["a", "b"] and found.scores["mae"].value == 0
    for columns in ({"a": slice(0, 1), "b": slice(1, 1)}, {"a": slice(0, 1), "b": 1}, [slice(0, 1)], None, {}):
        with pytest.raises(DataError, match="slices of the 2 units"):
            evaluate_several_numbers(values, values, columns)  # type: ignore[arg-type]


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5, float("nan"), None, "a"])
def test_levels_that_are_no_share(level: object) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        Resampling(2, level=level)  # type: ignore[arg-type]


@pytest.mark.parametrize("level", [1e-9, 0.5, 1 - 1e-9])
def test_intervals_are_quantiles_of_the_draws_that_are_defined(level: float) -> None:
    draws = np.array([*np.arange(101.0), np.nan])
    found = Resampling(3, level=level).intervals(Drawn({"m": 7.0, "n": np.nan}, {"m": draws, "n": draws}))
    low = (1 - level) / 2 * 100
    assert (found["m"].value, found["m"].low, found["m"].high) == (7.0, pytest.approx(low), pytest.approx(100 - low))
    assert np.isnan([found["n"].value, found["n"].low, found["n"].high]).all()


def test_a_measure_without_a_defined_draw_has_no_interval() -> None:
    found = Resampling(3).intervals(Drawn({"m": 7.0}, {"m": np.full(5, np.nan)}))["m"]
    assert found.value == 7.0 and np.isnan([found.low, found.high]).all()


def test_differences_are_of_the_measures_that_both_have() -> None:
    ours = Drawn({"m": 3.0, "only": 1.0}, {"m": np.array([1.0, 2.0, 5.0]), "only": np.ones(3)})
    theirs = Drawn({"m": 1.0, "else": 1.0}, {"m": np.array([0.0, 2.0, 1.0]), "else": np.ones(3)})
    found = Resampling(3, level=0.5).differences(ours, theirs)
    # Of the draws: 1, 0 and 4.
    assert found == {"m": Estimate(2.0, 0.5, 2.5)}


def test_defaults_of_a_resampling() -> None:
    drawn = Resampling(5)
    assert (drawn.draws, drawn.level, drawn.units) == (1000, 0.95, 5)
    first = next(drawn.weights())
    assert first.tolist() == next(Resampling(5, seed=0).weights()).tolist()
    assert any(first.tolist() != each.tolist() for each in itertools.islice(Resampling(5, seed=1).weights(), 3))
    assert Resampling(3, ["a", "a", "a"]).units == 1 and Resampling(1).units == 1


def test_an_empty_evaluation() -> None:
    empty = Evaluation({})
    assert empty.to_dict() == {
        **{"scores": {}, "per_class": {}, "differences": {}, "baselines": {}},
        **{"examples": 0, "level": 0.95, "units": 0},
    }


@pytest.mark.parametrize("share", [0.4999, 0.5, 0.5001])
def test_a_label_is_predicted_from_one_half_on(share: float) -> None:
    true = np.array([[1.0], [0.0], [1.0], [0.0]])
    found = evaluate_labels(true, [[share], [0.1], [0.9], [0.2]], ["a"], resampling=Resampling(4, draws=2))
    assert found.scores["mcc"].value == pytest.approx(1.0 if share >= 0.5 else 1 / np.sqrt(3))


@pytest.mark.parametrize("shape", [(3,), (3, 1), (1, 3)])
def test_numbers_of_one_column_may_have_any_shape(shape: tuple[int, ...]) -> None:
    true = np.arange(3.0)
    found = evaluate_numbers(true.reshape(shape), true[::-1], resampling=Resampling(3, draws=2))
    assert found.scores["pearson"].value == pytest.approx(-1) and found.scores["mae"].value == pytest.approx(4 / 3)


def test_a_number_that_is_missing_in_every_example_has_no_measures() -> None:
    true = np.array([[1.0, np.nan], [2.0, np.nan], [4.0, np.nan]])
    columns = {"a": slice(0, 1), "none": slice(1, 2)}
    found = evaluate_several_numbers(true, np.zeros((3, 2)), columns, resampling=Resampling(3, draws=5))
    assert list(found.per_class["none"]) == list(found.per_class["a"]) == ["r2", "pearson", "spearman", "mae"]
    assert all(np.isnan(each.value) for each in found.per_class["none"].values())
    assert found.scores["mae"].value == found.per_class["a"]["mae"].value == pytest.approx(7 / 3)
    labels = evaluate_labels(true * 0, np.zeros((3, 2)), ["a", "none"], resampling=Resampling(3, draws=2))
    assert list(labels.per_class["none"]) == list(labels.per_class["a"]) == ["auroc", "auprc", "mcc", "log_loss"]
