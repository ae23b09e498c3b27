"""Tables of scores, as a terminal of 80 columns shows them."""

from __future__ import annotations

import io

import numpy as np
from rich.console import Console

from amber.data.baselines.scores import ClassScore
from amber.experiment.final.tables import class_table


def test_classes_and_counts_are_read_beside_long_names_of_models() -> None:
    true = np.array([0, 1, 1, 0, 1])
    probabilities = np.eye(2)[[0, 1, 0, 0, 1]] * 0.8 + 0.1
    score = ClassScore.of(true, probabilities, ("Abf1", "Rap1"))
    shown = io.StringIO()
    table = class_table("By class", {"mean of 3 networks + linear term": score, "logistic regression": score})
    Console(file=shown, width=80).print(table)
    lines = shown.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    for text in ("class", "examples", "Abf1", "Rap1", "logistic", "MCC"):
        assert any(f" {text} " in line for line in lines), shown.getvalue()
