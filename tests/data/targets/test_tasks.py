"""Whether labels are classes or numbers, dirty labels, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from amber.data import Dataset, TargetSpec, load_blocks, load_dataset, ridge_baseline
from amber.data.targets.tasks import Kind
from amber.errors import DataError


@pytest.fixture
def write(tmp_path: Path) -> object:
    def write(labels: list[object], **columns: list[object]) -> Path:
        rng = np.random.default_rng(0)
        names = ["seq", "label", *columns]
        rows = zip(["".join(rng.choice(list("ACGT"), 6)) for _ in labels], labels, *columns.values(), strict=True)
        path = tmp_path / "d.csv"
        path.write_text("\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]) + "\n")
        return path

    return write


def loaded(path: Path, task: Kind | None = None, classes: list[str] | None = None, standardize: bool = True) -> Dataset:
    return load_dataset(path, "random", label=TargetSpec("label", task, classes), standardize=standardize)


FRACTIONS = [round(0.01146 + k * 0.00171, 5) for k in range(160)]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (FRACTIONS, "regression, values 0.01146 to 0.2834 (guessed)"),
        ([k % 40 / 4 for k in range(400)], "regression, values 0 to 9.75 (guessed)"),  # 40 values, ten times each
        (list(range(100)), "regression, values 0 to 99 (guessed)"),
        ([k % 2 for k in range(40)], "binary classification, classes 0, 1 (guessed)"),
        ([f"{k % 2}.0" for k in range(40)], "binary classification, classes 0, 1 (guessed)"),
        (["-1", "+1"] * 20, "binary classification, classes -1, 1 (guessed)"),
        ([k % 11 for k in range(220)], "multi-class classification, classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 1 more"),
        ([1, 2, 10, "1.0"] * 10, "multi-class classification, classes 1, 2, 10 (guessed)"),
        (["b", "a"] * 20, "binary classification, classes a, b (guessed)"),
    ],
)
def test_the_task_is_found_out(write: object, labels: list[object], said: str) -> None:
    (target,) = loaded(write(labels)).targets  # type: ignore[operator]
    described = target.describe()
    if target.classes is None and target.range is not None:
        # The range is that of the training part, within what is written above.
        low, high = (float(word) for word in said.split("values ")[1].split(" (")[0].split(" to "))
        assert low <= target.range[0] < target.range[1] <= high * 1.001 and described.endswith("(guessed)")
    else:
        assert described.startswith(said)
    assert target.guessed


@pytest.mark.parametrize(
    "labels",
    [
        [k % 30 for k in range(300)],  # thirty classes, or counts
        [0.5, 1.5, 2.5] * 20,
        [k % 9 for k in range(15)],
    ],
)
def test_numbers_that_may_be_either_are_refused(write: object, labels: list[object]) -> None:
    path = write(labels)  # type: ignore[operator]
    with pytest.raises(DataError, match="'label'.*`task: classes` or `task: regression`.*Received: ") as raised:
        loaded(path)
    assert raised.value.field == ("targets", "output")
    assert loaded(path, task="number").targets[0].task == "regression"
    assert not loaded(path, task="number").targets[0].guessed
    if len(labels) > 20:
        assert loaded(path, task="classes").targets[0].task == "multi-class classification"


def test_names_are_not_classes(write: object) -> None:
    path = write([f"gene{k}" for k in range(50)])  # type: ignore[operator]
    with pytest.raises(DataError, match="several examples share.*`task: classes`.*50 different values in 50 examples"):
        loaded(path)


@pytest.mark.parametrize(
    ("form", "sign", "values"),
    [("0,{}", "comma", 60), ("{},5", "comma", 5), ("1,{:03}", "comma", 60), ("{}.5%", "percent sign", 60)],
)
def test_numbers_in_another_notation_are_not_classes(write: object, form: str, sign: str, values: int) -> None:
    path = write([f'"{form.format(k % values)}"' for k in range(60)])  # type: ignore[operator]
    with pytest.raises(DataError, match=f"with a decimal point .*Received: numbers with a {sign}, such as"):
        loaded(path)


def test_what_looks_like_another_notation_may_be_classes(write: object) -> None:
    path = write([f'"{k % 5},5"' for k in range(60)])  # type: ignore[operator]
    assert loaded(path, task="classes").targets[0].classes == ("0,5", "1,5", "2,5", "3,5", "4,5")


@pytest.mark.parametrize("odd", ["high", "inf", "1e999", "0,5"])
def test_text_among_numbers_is_named_by_line(write: object, odd: str) -> None:
    labels = [*FRACTIONS[:30], f'"{odd}"', *FRACTIONS[30:]]
    with pytest.raises(DataError, match=f"d.csv, line 32, column 'label': expected a finite number.*Received: '{odd}'"):
        loaded(write(labels))  # type: ignore[operator]


@pytest.mark.parametrize("missing", ["", "NA", "nan", "N/A", "?", "None", "null", ".", " NaN "])
def test_examples_without_a_label_are_left_out_and_counted(write: object, missing: str) -> None:
    for labels in (["a", "b"] * 20, FRACTIONS[:40]):
        data = loaded(write([*labels[:5], missing, missing, *labels[5:]]))  # type: ignore[operator]
        assert sum(data.sizes.values()) == 40
        (note,) = [note for note in data.notes if "left out" in note]
        assert note == "2 of 42 examples have no value in the column 'label' and are left out (lines 7, 8)."
    with pytest.raises(DataError, match="expected labels in the column 'label'. Received: none in 4 examples"):
        loaded(write([missing] * 4))  # type: ignore[operator]


def test_a_word_for_missing_may_be_a_class(write: object) -> None:
    data = loaded(write(["None", "some"] * 20), classes=["None", "some"])  # type: ignore[operator]
    assert sum(data.sizes.values()) == 40 and data.classes == ("None", "some")


def test_dirty_labels_are_cleaned_and_said(write: object) -> None:
    data = loaded(write(["pos", "pos ", "neg", " neg"] * 10))  # type: ignore[operator]
    assert data.classes == ("neg", "pos")
    assert "Blanks around 20 labels of the column label were taken away." in data.notes
    data = loaded(write(["1", "1.0", "0", "00"] * 10))  # type: ignore[operator]
    assert data.classes == ("0", "1")
    assert "The labels '1', '1.0' of the column label are one class, 1." in data.notes
    data = loaded(write(["Pos", "pos", "neg"] * 10))  # type: ignore[operator]
    assert len(data.classes) == 3
    assert "The classes 'Pos', 'pos' of the column label differ by case only." in data.notes


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["1", "0", "True", "False"], ["'0', 'False'", "'1', 'True'"]),
        (["pos", "neg", "positive"], ["'pos', 'positive'"]),
        (["yes", "no", "1"], ["'1', 'yes'"]),
        (["yes", "no"], []),
        (["0", "1", "2"], []),
    ],
)
def test_classes_that_mean_the_same_are_said(write: object, labels: list[str], said: list[str]) -> None:
    notes = [note for note in loaded(write(labels * 10)).notes if "one class written in several ways" in note]  # type: ignore[operator]
    assert len(notes) == len(said) and all(names in note for names, note in zip(said, notes, strict=True))


def test_one_class_and_one_value_are_refused(write: object) -> None:
    with pytest.raises(DataError, match="at least two classes.*Received: 40 examples of the class 'a'"):
        loaded(write(["a"] * 40))  # type: ignore[operator]
    with pytest.raises(DataError, match="'label': the training part must have different values.*Received: 3 in each"):
        loaded(write([3] * 40), task="number")  # type: ignore[operator]


def test_classes_outside_the_training_part(write: object) -> None:
    parts = ["train"] * 20 + ["val"] * 10 + ["test"] * 10
    labels = ["a", "b"] * 20
    path = write([*labels[:-1], "c"], gsplit=parts)  # type: ignore[operator]
    notes = load_dataset(path).notes
    assert (
        "The classes 'c' of the column label have 1 test examples but no training example: they cannot be predicted."
        in notes
    )
    assert "The classes 'c' of the column label have a single example." in notes
    path = write([*labels[:30], *["c"] * 10], gsplit=parts)  # type: ignore[operator]
    with pytest.raises(DataError, match="most test examples must be of classes that are trained on.*10 of 10 examples"):
        load_dataset(path)


def test_a_regression_on_sequences(write: object) -> None:
    data = loaded(write(FRACTIONS))  # type: ignore[operator]
    target = data.targets[0]
    assert data.classes == () and data.train.y.shape == (112, 1) and target.scaling is not None
    np.testing.assert_allclose([data.train.y.mean(), data.train.y.std()], [0, 1], atol=1e-5)
    assert ridge_baseline(data, data.open_test()).n == 32
    raw = loaded(write(FRACTIONS), standardize=False)  # type: ignore[operator]
    np.testing.assert_allclose(target.scaling.apply(raw.train.y), data.train.y, atol=1e-5)
    assert raw.fingerprint == data.fingerprint


def test_tasks_of_several_outputs(write: object) -> None:
    path = write(["a", "b"] * 20, dose=FRACTIONS[:40], grade=[1, 2] * 20)  # type: ignore[operator]
    found = load_blocks(
        path, {"dna": {"sequence": "seq"}}, {"x": "label", "y": "dose", "z": TargetSpec("grade", "number")}
    )
    assert [(target.task, target.guessed) for target in found.targets] == [
        ("binary classification", True),
        ("regression", True),
        ("regression", False),
    ]
