"""What a program holds is read as it is meant: text of every kind, letters on either axis, a label for each example."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.data.encoding.given import letters_last, texts_of
from amber.data.from_arrays import dataset_from_arrays
from amber.errors import DataError
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.preprocessing import Preprocessing, SequenceReading

RNG = np.random.default_rng(0)
CODES = RNG.integers(0, 4, (40, 12))
TEXTS = ["".join("ACGT"[code] for code in row) for row in CODES]
ONE_HOT = np.eye(4, dtype=np.float32)[CODES]
LABELS = ["a", "b"] * 20


def known() -> Preprocessing:
    task = TaskSpec({"input": (12, 4)}, {"output": ("a", "b")})
    return Preprocessing(task, {"input": SequenceReading("ACGT", 12, None, "mean")}, {}, {})


def kinds_of_text() -> list[Any]:
    pandas = pytest.importorskip("pandas")
    as_bytes = [text.encode() for text in TEXTS]
    column = pandas.Series(TEXTS, index=range(7, 47))
    return [
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        as_bytes,
        np.array(as_bytes),
        column,
        column.astype("string"),
        pandas.DataFrame({"seq": TEXTS}),
    ]


def test_text_of_every_kind_is_the_same_for_training_and_prediction() -> None:
    expected = dataset_from_arrays(TEXTS, LABELS)
    for given in kinds_of_text():
        data = dataset_from_arrays(given, LABELS)
        assert data.fingerprint == expected.fingerprint
        np.testing.assert_array_equal(known().inputs(given)["input"], ONE_HOT)


def test_letters_before_positions_are_turned_and_said() -> None:
    turned = ONE_HOT.transpose(0, 2, 1).copy()
    turned[:, :, 3] = 0.25
    data = dataset_from_arrays(turned, LABELS)
    assert data.input_shape == (12, 4)
    assert "The letters of input stand before its positions: they are turned around." in data.notes
    np.testing.assert_array_equal(known().inputs(ONE_HOT.transpose(0, 2, 1))["input"], ONE_HOT)


@pytest.mark.parametrize(
    "array",
    [
        ONE_HOT,
        RNG.normal(size=(40, 4, 12)),
        np.ones((40, 4, 12)),
        RNG.integers(0, 2, (40, 4, 12)),
        np.eye(4)[RNG.permuted(np.tile(np.arange(4), (40, 1)), axis=1)],
    ],
)
def test_what_is_not_turned(array: np.ndarray) -> None:
    assert letters_last(array) is array


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([*TEXTS[:5], None, *TEXTS[6:]], "'input', example 5: expected a sequence as text. Received: None"),
        ([*TEXTS[:5], float("nan"), *TEXTS[6:]], "example 5: expected a sequence as text. Received: nan"),
        (b"ACGT", "expected a list of sequences, not one"),
        (RNG.normal(size=(40, 2)) + 1j, "must hold numbers. Received: type complex"),
        (np.full((40, 2), 1e300), "row 0, column 0: expected a finite number. Received: inf"),
        (np.where(np.arange(80).reshape(40, 2) == 7, np.nan, 1.0), "row 3, column 1: expected a finite number"),
        (None, "expected sequences as text, or numbers"),
        ((text for text in TEXTS), "expected sequences as text, or numbers"),
    ],
)
def test_inputs_that_cannot_be_used(x: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        dataset_from_arrays(x, LABELS)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.eye(2)[[0, 1] * 20], r"of one-hot labels y.argmax\(axis=1\). Received: shape \(40, 2\)"),
        (RNG.integers(0, 2, (40, 3)), "columns of a table, named by `data.labels`"),
        (RNG.normal(size=(40, 2)), "columns of a table"),
        (np.zeros((20, 2)), r"each of the 40 examples. Received: shape \(20, 2\)"),
        (np.zeros((1, 40)), r"Received: shape \(1, 40\)"),
        (LABELS[:39], r"Received: shape \(39,\)"),
        ({"a": LABELS}, "Received: {'a'"),
        (None, "Received: None"),
    ],
)
def test_labels_that_are_not_one_for_each_example(y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        dataset_from_arrays(TEXTS, y)


def test_labels_of_every_kind() -> None:
    for y in (
        np.array(LABELS),
        np.array(LABELS, dtype="S"),
        np.array(LABELS)[:, None],
        [each.encode() for each in LABELS],
    ):
        assert dataset_from_arrays(TEXTS, y).classes == ("a", "b")
    one = dataset_from_arrays({"dna": TEXTS, "age": RNG.normal(size=40)}, LABELS)
    assert one.input_shape == {"dna": (12, 4), "age": (1,)}


@pytest.mark.parametrize("given", [None, [], object(), np.full((2, 12, 4), np.nan), ["ACGT"], np.zeros((2, 5, 4))])
def test_what_a_network_does_not_read_is_named(given: Any) -> None:
    with pytest.raises(DataError, match=r"(?i)input 'input'.*Received: "):
        known().inputs(given)


def test_no_text_is_none() -> None:
    for values in ([], [1, 2], np.zeros(3), {"a": "ACGT"}, np.array([["ACGT"]]), None):
        assert texts_of(values, "x") is None
