"""Predictions as CSV text: no column is lost where names meet, and examples are checked before a model is loaded."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.errors import ConfigError, DataError
from amber.experiment.predicting import SavedModel, predict_sequences
from amber.experiment.trained.preprocessing import SequenceReading


def _unloaded() -> Any:
    raise AssertionError("the model must not be loaded")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records.csv"
    path.write_text("seq\nACGT\nTTTT\n")
    return path


def test_class_with_the_name_of_a_column_keeps_a_column(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SavedModel, "predictions", lambda *_: [np.array([[0.25, 0.75], [0.5, 0.5]])])
    text, count = predict_sequences(SavedModel(_unloaded), records, "seq", ["seq", "predicted"], 4)
    table = list(csv.DictReader(io.StringIO(text)))
    assert count == 2 and list(table[0]) == ["seq", "class seq", "class predicted", "predicted"]
    assert table[0] == {"seq": "ACGT", "class seq": "0.250000", "class predicted": "0.750000", "predicted": "predicted"}


def test_what_the_model_does_not_take_is_refused_before_it_is_loaded(records: Path) -> None:
    model = SavedModel(_unloaded, {"input": (40, 4)}, 2)
    with pytest.raises(DataError, match=r"examples of shape \(40, 4\).*cut or pad.*\(4, 4\)"):
        predict_sequences(model, records, "seq", ["a", "b"], 4)
    with pytest.raises(ConfigError, match="expected 2 different names"):
        predict_sequences(model, records, "seq", ["a", "b", "c"], 4)


@pytest.mark.parametrize(
    ("reading", "sequence", "expected"),
    [
        (SequenceReading("TGCA", 4, None, "mean"), "ACGT", [3, 2, 1, 0]),
        (SequenceReading("ACDEFGHIKLMNPQRSTVWY", 3, None, "mean"), "MKV", [10, 8, 17]),
        (SequenceReading("ACGT", 2, "left", "mean"), "TCGA", [3, 1]),
        (SequenceReading("ACGT", 2, "right", "zeros"), "TCGA", [2, 0]),
    ],
)
def test_sequences_are_read_as_in_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reading: SequenceReading, sequence: str, expected: list[int]
) -> None:
    (tmp_path / "new.csv").write_text(f"seq\n{sequence}\n")
    given: list[np.ndarray] = []
    monkeypatch.setattr(SavedModel, "predictions", lambda _, x, *__: given.append(x) or [np.array([[0.25, 0.75]])])
    predict_sequences(SavedModel(_unloaded), tmp_path / "new.csv", "seq", ["a", "b"], 4, reading=reading)
    assert given[0].shape == (1, len(expected), len(reading.alphabet))
    assert given[0][0].argmax(axis=-1).tolist() == expected


def test_unknown_letters_of_a_table_are_those_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new.csv").write_text("seq\nANGT\n")
    given: list[np.ndarray] = []
    monkeypatch.setattr(SavedModel, "predictions", lambda _, x, *__: given.append(x) or [np.array([[0.25, 0.75]])])
    for unknown in ("mean", "zeros"):
        reading = SequenceReading("ACGT", 4, None, unknown)
        predict_sequences(SavedModel(_unloaded), tmp_path / "new.csv", "seq", ["a", "b"], 4, reading=reading)
    assert [each[0, 1].tolist() for each in given] == [[0.25] * 4, [0.0] * 4]
