"""Learning curves: the loss of each network after each epoch of the last training."""

from __future__ import annotations

import math
from collections.abc import Sequence

from amber.report.charts import Axis, Series, chart
from amber.report.contents import LearningCurve


def learning_chart(curves: Sequence[LearningCurve]) -> str:
    """Return training loss (blue) and validation loss (orange) against epochs; empty where there is nothing to draw."""
    series = [
        Series(_points(values, f"{curve.name}, {which}"), kind, line=True, marked=len(values) == 1, straight=True)
        for which, kind, each in (("training", "k0", "train"), ("validation", "k1", "validation"))
        for curve in curves
        if (values := getattr(curve, each))
    ]
    if not any(each.points for each in series):
        return ""
    return chart("loss after each epoch of the last training", Axis("epoch"), Axis("loss (lower is better)"), series)


def _points(values: Sequence[float], said: str) -> list[tuple[float, float, str]]:
    return [
        (float(epoch), value, f"{said}: {value:.4g} after epoch {epoch}")
        for epoch, value in enumerate(values, start=1)
        if math.isfinite(value)
    ]
