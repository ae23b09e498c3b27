"""Targets of several columns: what is left out is said, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from amber.data.encoding.alphabets import Alphabet
from amber.data.examples import ArrayExamples, SequenceInput
from amber.data.targets.target import MISSING_LABEL
from amber.data.targets.tasks import TargetSpec, read_wide


def examples(**columns: list[str]) -> ArrayExamples:
    count = len(next(iter(columns.values())))
    return ArrayExamples(
        {"dna": np.zeros((count, 4), np.uint8)},
        {"dna": SequenceInput(Alphabet.of("dna"), 4)},
        {name: np.array(each, object) for name, each in columns.items()},
    )


@pytest.mark.parametrize("missing", [0, 1, 3])
def test_numbers_of_which_none_is_known_are_left_out_and_counted(missing: int) -> None:
    a = [""] * missing + ["1", "", "3.5", "4"][missing and 1 :]
    b = [""] * missing + ["5", "6", "", "-8"][missing and 1 :]
    given = examples(a=a, b=b)
    rows = np.arange(len(a))
    read, known = read_wide(given, "y", TargetSpec(columns=["a", "b"]), rows, "t.csv")
    assert known.tolist() == rows[missing:].tolist() and read.y.shape == (len(a), 2)
    counted = [note for note in read.notes if "have no known number" in note]
    assert counted == ([f"{missing} of {len(a)} examples have no known number: left out."] if missing else [])
    np.testing.assert_array_equal(np.isnan(read.y), [[not x, not y] for x, y in zip(a, b, strict=True)])


def test_rows_that_are_not_asked_for_do_not_count() -> None:
    given = examples(a=["1", "", "3"], b=["4", "", "6"])
    read, known = read_wide(given, "y", TargetSpec(columns=["a", "b"]), np.array([0, 2]), "t.csv")
    assert known.tolist() == [0, 2] and not any("left out" in note for note in read.notes)


def test_labels_that_are_missing_are_marked() -> None:
    given = examples(a=["1", "0", "", "1"], b=["0", "", "", "1"])
    read, known = read_wide(given, "y", TargetSpec(columns=["a", "b"], wide="labels"), np.array([0, 1, 2]), "t.csv")
    assert known.tolist() == [0, 1]
    m = MISSING_LABEL
    np.testing.assert_array_equal(read.y, [[1, 0], [0, m], [m, m], [1, 1]])
    assert read.y.dtype == np.float32
