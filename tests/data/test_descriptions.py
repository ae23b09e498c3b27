"""Descriptions of sequence data: values by hand, what tells tasks apart, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.data import DESCRIPTION, MotifTask, Simulation, describe_sequences, encode_sequences, load_simulated
from amber.errors import DataError


def described(simulation: Simulation) -> dict[str, float]:
    train = load_simulated(simulation).train
    return dict(zip(DESCRIPTION, describe_sequences(train.x, train.y), strict=True))


def test_values_by_hand() -> None:
    x = encode_sequences(["ACGTACGTAA", "ACGTACAAAA", "TTTTTTTTTT", "TTTTTTTTTN"])
    found = dict(zip(DESCRIPTION, describe_sequences(x, [1, 1, 0, 0]), strict=True))
    assert found["log10_records"] == pytest.approx(np.log10(4)) and found["log10_length"] == pytest.approx(1.0)
    assert found["positives"] == 0.5
    assert found["best_4mer"] == found["best_6mer"] == 1.0  # TTTT is in both negatives and in no positive
    assert found["best_column"] == pytest.approx(1.0)
    gc = np.array([0.4, 0.3, 0.0, 0.05])  # of ten bases; N is a quarter of each
    assert found["gc"] == pytest.approx(gc.mean())
    assert found["gc_difference"] == pytest.approx(0.325 / gc.std(), rel=1e-5)
    assert describe_sequences(x[:, :, :], [0, 1, 0, 1])[DESCRIPTION.index("best_6mer")] == 0.5


def test_words_tell_motifs_from_distances_and_nothing_else_changes() -> None:
    one, pair = MotifTask(["gata"]), MotifTask(["ap1", "gata"], [2, 4])
    motif = described(Simulation(tasks={"a": one}, background=0.4))
    distance = described(Simulation(tasks={"a": pair}, decoys=1.0, background=0.6))
    assert motif["best_6mer"] > 0.5 > 0.2 > distance["best_6mer"]
    assert motif["gc"] == pytest.approx(0.4, abs=0.03) and distance["gc"] == pytest.approx(0.6, abs=0.06)
    assert motif["log10_records"] == distance["log10_records"]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((3, 5, 4)), [0, 1, 0], "length >= 6"),
        (np.zeros((3, 9, 3)), [0, 1, 0], "length >= 6"),
        (np.zeros((3, 9, 4)), [0, 1], "as many labels"),
        (np.zeros((3, 9, 4)), [0, 0, 0], r"classes 0 and 1. Received: \[0\]"),
        (np.zeros((3, 9, 4)), [0, 1, 2], "classes 0 and 1"),
    ],
)
def test_mistakes(x: Any, y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        describe_sequences(x, y)


def test_six_bases_are_long_enough() -> None:
    x = encode_sequences(["ACGTAC", "ACGTAC", "TTTTTT"])
    found = dict(zip(DESCRIPTION, describe_sequences(x, [1, 1, 0]), strict=True))
    assert found["best_6mer"] == 1.0 and found["positives"] == pytest.approx(2 / 3)
