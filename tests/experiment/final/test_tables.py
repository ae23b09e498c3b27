"""Tables of scores, as a terminal of 80 columns shows them."""

from __future__ import annotations

import io

import numpy as np
from rich.console import Console

from amber.data.baselines.scores import ClassScore, LabelScore
from amber.evaluation import evaluate_labels
from amber.experiment.final.tables import class_table, measure_text, own_scores, part_table


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


def test_each_label_has_its_own_measures_with_intervals() -> None:
    rng = np.random.default_rng(0)
    true = (rng.random((200, 32)) > 0.5).astype(float)
    probabilities = np.clip(true * 0.3 + 0.7 * rng.random(true.shape), 0, 1)
    names = tuple(f"factor_{number}" for number in range(32))
    score, evaluation = LabelScore.of(true, probabilities, names), evaluate_labels(true, probabilities, names)
    shown = io.StringIO()
    Console(file=shown, width=80).print(part_table(", output y", {"best network": score}, evaluation))
    text = shown.getvalue()
    own = evaluation.per_class["factor_3"]["auroc"]
    assert "By label, output y" in text and "2 more are in test.json" in text
    assert (
        f"{own.value:.4f} ({own.low:.4f} to {own.high:.4f})" in text and "factor_29" in text and "factor_30" not in text
    )
    only = evaluate_labels(true[:, :1], probabilities[:, :1], names[:1])
    assert part_table("", {"best network": score}, only) is None


def test_a_measure_that_is_undefined_is_a_dash() -> None:
    undefined = {"value": None, "low": None, "high": None}
    known = {"value": 0.5, "low": 0.25, "high": 0.75}
    found = own_scores({"per_class": {"a": {"auroc": undefined}, "b": {"auroc": known, "log_loss": known}}})
    assert found is not None and found.keys == ["auroc"] and found.note == ""
    assert found.rows == {"a": ["-"], "b": ["0.5000 (0.2500 to 0.7500)"]}


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert [measure_text("pearson", value) for value in (-1e-9, -0.00006, 0.0)] == ["0.0000", "-0.0001", "0.0000"]
    assert [measure_text("accuracy", value) for value in (-1e-9, -0.001, 0.5)] == ["0.0 %", "-0.1 %", "50.0 %"]
