"""Evaluate predictions: measures by task, with confidence intervals, beside those of baselines."""

from __future__ import annotations

from amber.evaluation.bootstrap import Estimate, Resampling
from amber.evaluation.evaluate import (
    Evaluation,
    evaluate_classes,
    evaluate_labels,
    evaluate_numbers,
    evaluate_several_numbers,
)

__all__ = [
    "Estimate",
    "Evaluation",
    "Resampling",
    "evaluate_classes",
    "evaluate_labels",
    "evaluate_numbers",
    "evaluate_several_numbers",
]
