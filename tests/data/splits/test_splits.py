"""Splits, the vault of test data, labels and scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.data import (
    Dataset,
    Split,
    SplitIndices,
    TestVault,
    accuracy,
    column_split,
    encode_labels,
    grouped_split,
    per_class_accuracy,
    random_split,
)
from amber.data.splits.parts import chromosome_split, folds
from amber.errors import DataError


def parts_of(split: SplitIndices) -> list[np.ndarray]:
    return [split.train, split.validation, split.test]


def pair(n: int = 3) -> Split:
    return Split(np.zeros((n, 2)), np.zeros(n, dtype=int))


@given(st.integers(30, 300), st.integers(0, 5), st.integers(1, 4))
def test_random_split_covers_all_and_is_stratified(n: int, seed: int, labels: int) -> None:
    y = np.random.default_rng(seed).integers(0, labels, n)
    split = random_split(n, seed=seed, stratify=y)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts_of(split))), np.arange(n))
    for part, fraction in zip(parts_of(split), (0.7, 0.1, 0.2), strict=True):
        assert abs(len(part) - fraction * n) <= 1
        for label in range(labels):
            assert abs((y[part] == label).sum() - fraction * (y == label).sum()) <= 2.5


@given(st.lists(st.integers(0, 30), min_size=60, max_size=200), st.integers(0, 5))
def test_grouped_split_keeps_groups_together(groups: list[int], seed: int) -> None:
    try:
        split = grouped_split(groups, seed=seed)
    except DataError as error:
        assert "at least three of them" in str(error) and len(set(groups)) < 3
        return
    parts = parts_of(split)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(groups)))
    found = [{groups[i] for i in part} for part in parts]
    assert not (found[0] & found[1] or found[0] & found[2] or found[1] & found[2])


def test_grouped_split_meets_fractions_with_small_groups() -> None:
    split = grouped_split(np.arange(1000) // 3)
    for part, fraction in zip(parts_of(split), (0.7, 0.1, 0.2), strict=True):
        assert abs(len(part) - fraction * 1000) <= 3


@pytest.mark.parametrize("draw", [random_split, lambda n, seed: grouped_split(range(n), seed=seed)])
def test_the_seed_decides(draw: object) -> None:
    first, again, other = (draw(100, seed=seed) for seed in (1, 1, 2))  # type: ignore[operator]
    np.testing.assert_array_equal(first.test, again.test)
    assert set(first.test) != set(other.test)


@pytest.mark.parametrize("fractions", [(0.7, 0.3), (0.7, 0.3, 0.0), (0.7, 0.2, 0.2), (0.5, -0.1, 0.6)])
def test_bad_fractions(fractions: tuple[float, ...]) -> None:
    for draw in (lambda: random_split(10, fractions), lambda: grouped_split(range(10), fractions)):
        with pytest.raises(DataError, match="three positive numbers with sum 1"):
            draw()


def test_empty_parts_are_named() -> None:
    for values in (["train", "test"], ["val", "test"]):
        with pytest.raises(DataError, match="part must have at least one example; .*`split: random`.* Received: train"):
            column_split(values)
    with pytest.raises(DataError, match="at least three of them.*`split: random`. Received: 2 groups"):
        grouped_split([0, 1] * 10)
    for n in (0, 1, 2):
        with pytest.raises(DataError, match="part must have at least one example"):
            random_split(n, stratify=[0] * n)


def test_no_part_is_empty_where_there_are_examples_and_groups_enough() -> None:
    assert [len(part) for part in parts_of(random_split(3))] == [1, 1, 1]
    sizes = {"chr1": 500, "chr2": 490, "chr3": 480, "chr4": 470, "chr5": 460}
    groups = [name for name, size in sizes.items() for _ in range(size)]
    for seed in range(5):
        for fractions in ((0.7, 0.1, 0.2), (0.98, 0.01, 0.01), (0.01, 0.01, 0.98)):
            found = [{groups[row] for row in part} for part in parts_of(grouped_split(groups, fractions, seed))]
            assert all(found) and sum(map(len, found)) == 5


def test_column_split() -> None:
    split = column_split(["test", "train", "val", "train"])
    assert [part.tolist() for part in parts_of(split)] == [[1, 3], [2], [0]]
    with pytest.raises(DataError, match="f.csv, line 9: .*'train', 'val', 'test'. Received: 'exam'"):
        column_split(["train", "exam"], where=lambda row: f"f.csv, line {(2, 9)[row]}")
    with pytest.raises(DataError, match="one label per example"):
        random_split(4, stratify=[0])


def test_words_for_parts_in_any_case() -> None:
    words = ["Train", " training ", "VALID", "validation", "dev", "Test", "testing"]
    assert [part.tolist() for part in parts_of(column_split(words))] == [[0, 1], [2, 3, 4], [5, 6]]


def test_a_missing_part_is_drawn_from_the_training_part() -> None:
    values = ["train"] * 80 + ["test"] * 20
    labels = [0, 1] * 50
    split = column_split(values, stratify=labels)
    assert split.test.tolist() == list(range(80, 100))
    assert len(split.validation) == 10 and sum(labels[row] for row in split.validation) == 5
    again, other = column_split(values, stratify=labels), column_split(values, stratify=labels, seed=1)
    assert split.validation.tolist() == again.validation.tolist() != other.validation.tolist()
    groups = [row // 8 for row in range(100)]
    grouped = column_split(values, groups=groups)
    assert not {groups[row] for row in grouped.validation} & {groups[row] for row in grouped.train}
    only = column_split(["train"] * 100)
    assert [len(part) for part in parts_of(only)] == [70, 10, 20]


def test_the_vault_opens_once() -> None:
    split = pair()
    data = Dataset("d", pair(), pair(), TestVault(split, "d"), ("a",), (2,))
    assert data.test_opened == 0
    assert len(data.test) == 3
    assert "closed" in repr(data.test)
    assert data.open_test() is split
    assert data.test_opened == 1
    with pytest.raises(DataError, match="'d' may be looked at once, after the choice is made"):
        data.open_test()
    with pytest.raises(DataError, match="looked at once"):
        data.test.open_test()
    assert data.test_opened == 1


@pytest.mark.parametrize(("x", "y"), [((2, 3), (3,)), ((0, 3), (0,)), ((), ())])
def test_a_split_needs_as_many_inputs_as_targets(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="same number of examples"):
        Split(np.zeros(x), np.zeros(y))


def test_joined_parts() -> None:
    first, second = Split(np.zeros((2, 3)), np.arange(2)), Split(np.ones((4, 3)), np.arange(4))
    both = first.joined(second)
    np.testing.assert_array_equal(both.x, [[0] * 3] * 2 + [[1] * 3] * 4)
    np.testing.assert_array_equal(both.y, [0, 1, 0, 1, 2, 3])
    assert len(first) == 2 and len(both) == 6
    blocks = [Split({"a": each.x, "b": each.x[:, :1]}, {"p": each.y, "q": each.y}) for each in (first, second)]
    joined = blocks[0].joined(blocks[1])
    assert [joined.x["a"].shape, joined.x["b"].shape] == [(6, 3), (6, 1)]
    assert joined.y["q"].shape == (6,)


def test_a_dataset_checks_shapes() -> None:
    with pytest.raises(DataError, match=r"'d', train: inputs must have shape \(3,\). Received: \(2,\)"):
        Dataset("d", pair(), pair(), TestVault(pair()), ("a",), (3,))


def test_labels() -> None:
    y, classes = encode_labels(["b", "a", "b"])
    assert (y.tolist(), classes) == ([1, 0, 1], ("a", "b"))
    y, classes = encode_labels(["b", "a"], ["b", "c", "a"])
    assert (y.tolist(), classes) == ([0, 2], ("b", "c", "a"))
    y, classes = encode_labels(["pos", "pos ", " neg"])
    assert (y.tolist(), classes) == ([1, 1, 0], ("neg", "pos"))
    y, classes = encode_labels(["10", "2", "1", "1.0", "01", "+2"])
    assert (y.tolist(), classes) == ([2, 1, 0, 0, 0, 1], ("1", "2", "10"))
    assert encode_labels(["1.0", "0"], ["0", "1"])[0].tolist() == [1, 0]
    assert encode_labels(["-1", "+1", "0.5"])[1] == ("-1", "0.5", "1")
    # "None" is a class where it is given as one.
    assert encode_labels(["None", "some"], ["None", "some"])[0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([], None, "at least one label"),
        (["a", "c"], ["a", "b"], "f.csv, line 7: a label must be one of 'a', 'b'. Received: 'c'"),
        (["a", ""], None, "line 7: a label must be a class name. Received: ''"),
        (["a", "NA"], None, "line 7: a label must be a class name. Received: 'NA'"),
        (["1", "2"], ["1", "1.0"], "`classes` must be distinct. Received: '1'"),
        (["a", "b"], ["a", "a"], "`classes` must be distinct. Received: 'a'"),
    ],
)
def test_bad_labels(labels: list[str], classes: list[str] | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        encode_labels(labels, classes, lines=[4, 7], source="f.csv")


def test_scores() -> None:
    true, predicted = [0, 0, 1, 1], [0, 1, 1, 1]
    assert accuracy(true, predicted) == 0.75
    result = per_class_accuracy(true, predicted, ["a", "b", "c"])
    assert (result["a"], result["b"]) == (0.5, 1.0)
    assert math.isnan(result["c"])


@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        ([0], [0, 1], "same length"),
        (np.zeros(0, int), np.zeros(0, int), "same length"),
        ([0.0], [0], "`y_true` must hold class numbers"),
        ([0], [[0]], "`y_pred` must hold class numbers"),
        ([0, 2], [0, 0], "`y_true`, row 1: a class number must be from 0 to 1. Received: 2"),
        ([0, 1], [0, -1], "`y_pred`, row 1: .*Received: -1"),
    ],
)
def test_bad_scores(true: object, predicted: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        per_class_accuracy(true, predicted, ["a", "b"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("n", "sizes"), [(3, (1, 1, 1)), (4, (2, 1, 1)), (10, (7, 1, 2)), (20, (14, 2, 4))])
def test_sizes_of_drawn_parts(n: int, sizes: tuple[int, ...]) -> None:
    assert tuple(map(len, parts_of(random_split(n, seed=3)))) == sizes


def test_extreme_fractions_leave_one_example_for_each_part() -> None:
    assert tuple(map(len, parts_of(random_split(5, (0.98, 0.01, 0.01))))) == (3, 1, 1)
    assert tuple(map(len, parts_of(random_split(5, (0.01, 0.98, 0.01))))) == (1, 3, 1)
    assert tuple(map(len, parts_of(random_split(5, (0.01, 0.01, 0.98))))) == (1, 1, 3)


def test_size_of_a_part_drawn_from_two_or_ten_training_examples() -> None:
    two = column_split(["train", "train", "test"], fractions=(0.1, 0.8, 0.1))
    assert tuple(map(len, parts_of(two))) == (1, 1, 1)
    ten = column_split(["train"] * 10 + ["test"], fractions=(0.6, 0.2, 0.2))
    assert tuple(map(len, parts_of(ten))) == (8, 2, 1)


def test_groups_drawn_for_a_part_are_its_share() -> None:
    groups = [row // 2 for row in range(40)] + [99]
    split = column_split(["train"] * 40 + ["test"], fractions=(0.6, 0.2, 0.2), groups=groups)
    assert (len(split.train), len(split.validation)) == (30, 10)
    assert not {groups[row] for row in split.train} & {groups[row] for row in split.validation}


def test_chromosomes_are_named_in_any_usual_way_and_the_others_train() -> None:
    found = chromosome_split(["chr1", "chr2", "chr3", "chr2", "chrX"], ["2"], ["CHR3"])
    assert [part.tolist() for part in (found.train, found.validation, found.test)] == [[0, 4], [1, 3], [2]]


def test_whole_chromosomes_are_drawn_for_a_part_that_is_not_named() -> None:
    chromosomes = [f"chr{number % 12 + 1}" for number in range(1200)]
    found = chromosome_split(chromosomes, [], ["chr4"], seed=3)
    names = [{chromosomes[row] for row in part} for part in (found.train, found.validation, found.test)]
    assert names[2] == {"chr4"} and 1 <= len(names[1]) <= 2 and not names[0] & names[1]
    assert sum(map(len, names)) == 12


@pytest.mark.parametrize(("named", "drawn"), [(20, 10), (60, 5), (0, 10)])
def test_a_part_that_is_drawn_has_its_share_of_what_is_left(named: int, drawn: int) -> None:
    chromosomes = [f"c{number % 100}" for number in range(300)]
    found = chromosome_split(chromosomes, [], [f"c{each}" for each in range(named)], fractions=(0.7, 0.1, 0.2), seed=1)
    assert abs(len(found.validation) / 3 - drawn) <= 1
    assert len(found.test) / 3 == named or (named == 0 and abs(len(found.test) / 3 - 20) <= 1)


@pytest.mark.parametrize(
    ("validation", "test", "message"),
    [
        (["chr9"], ["chr2"], "the data must have the chromosomes.*Received: 'chr9'"),
        (["chr1"], ["1"], "for validation or for test. Received: 'chr1' for both"),
        (["chr1", "chr2"], [], "at least two chromosomes that are not named.*Received: 1"),
    ],
)
def test_chromosomes_that_do_not_make_three_parts_are_refused(
    validation: list[str], test: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        chromosome_split(["chr1", "chr2", "chr3"], validation, test)


@given(st.integers(3, 8), st.integers(8, 60), st.integers(0, 100), st.booleans())
def test_each_example_is_tested_once_by_folds(number: int, count: int, seed: int, grouped: bool) -> None:
    groups = [row % max(number, 9) for row in range(count)] if grouped and count >= 9 else None
    divisions = folds(count, number, seed, groups=groups)
    assert sorted(np.concatenate([each.test for each in divisions]).tolist()) == list(range(count))
    for number, each in enumerate(divisions):
        parts = [each.train, each.validation, each.test]
        assert sorted(np.concatenate(parts).tolist()) == list(range(count))
        assert np.array_equal(each.validation, divisions[(number + 1) % len(divisions)].test)
        if groups:
            assert not {groups[row] for row in each.test} & {groups[row] for row in each.train}


def test_folds_are_of_equal_size_and_stratified() -> None:
    labels = np.repeat([0, 1], [80, 20])
    assert [(len(each.test), int(labels[each.test].sum())) for each in folds(100, 5, stratify=labels)] == [(20, 4)] * 5


def test_folds_need_enough_examples() -> None:
    with pytest.raises(DataError, match="4 folds need at least as many groups. Received: 2 groups"):
        folds(10, 4, groups=[0, 1] * 5)
    with pytest.raises(DataError, match="folds must be an integer of at least 3"):
        folds(10, 2)
