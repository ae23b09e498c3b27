"""What a target says of itself: its task, how many numbers a network gives for it, and one line of words."""

from __future__ import annotations

import numpy as np
import pytest

from amber.data.targets.target import MISSING_LABEL, Labels, Target, known_labels


@pytest.mark.parametrize(
    ("target", "units", "task", "words"),
    [
        (Target("y"), 1, "regression", ""),
        (Target("y", range=(-0.5, 12345.678)), 1, "regression", ", values -0.5 to 1.235e+04"),
        (Target("y", ("no", "yes")), 2, "binary classification", ", classes no, yes"),
        (Target("y", ("a", "b", "c")), 3, "multi-class classification", ", classes a, b, c"),
        (Target("y", labels=Labels(("bound",))), 1, "binary classification", ", 1 label bound"),
        (Target("y", labels=Labels(("a", "b"), missing=True)), 2, "multi-label classification",
         ", 2 labels a, b, some missing"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("guessed", [False, True])
def test_a_target_in_words(target: Target, units: int, task: str, words: str, guessed: bool) -> None:
    target = Target(target.name, target.classes, range=target.range, guessed=guessed, labels=target.labels)
    assert (target.units, target.task) == (units, task)
    assert target.describe() == task + words + (" (guessed)" if guessed else "")


def test_many_and_long_names_are_cut() -> None:
    names = tuple(f"c{number}" for number in range(10))
    assert Target("y", names).describe().endswith("c8, c9")
    assert Target("y", (*names, "d", "e")).describe().endswith("c9 and 2 more")
    assert Target("y", ("x" * 40, "y" * 41)).describe().endswith(f"{'x' * 40}, {'y' * 37}...")


def test_missing_labels_are_nan() -> None:
    found = known_labels(np.array([[0, 1], [MISSING_LABEL, 1]]))
    np.testing.assert_array_equal(found, [[0, 1], [np.nan, 1]])
    assert known_labels(np.array([1, 0])).shape == (2, 1)
