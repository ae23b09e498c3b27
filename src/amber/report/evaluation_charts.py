"""Plots of how good the best model is at the test: ROC, precision and recall, calibration, numbers against numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amber.report.charts import Axis, Series, chart
from amber.report.contents import OutputCurves


@dataclass(frozen=True)
class Plot:
    """One plot with what a reader needs.

    Attributes:
        heading: what it shows.
        explanation: how it is read, in a sentence.
        svg: its text, every string in it escaped.
        key: classes in the order of their colours; empty where there is one thing to see.
    """

    heading: str
    explanation: str
    svg: str
    key: Sequence[str] = ()


def evaluation_plots(output: OutputCurves) -> list[Plot]:
    """Return the plots of an output; none where its run kept no curves."""
    if output.points:
        return [_numbers(output)]
    return [_roc(output), _precision_recall(output), _calibration(output)] if output.curves else []


def _roc(output: OutputCurves) -> Plot:
    words = (
        "For every threshold the share of positives that are found (up), and of negatives that are taken for positives "
        "(right). Dashed: chance."
    )
    series = [_diagonal(0.0, 1.0), *_each(output, "roc")]
    svg = chart(f"ROC curve of {output.name}", Axis("false positive rate"), Axis("true positive rate"), series)
    return Plot("ROC curve", words, svg, list(output.curves))


def _precision_recall(output: OutputCurves) -> Plot:
    shares = [each["positives"] for each in output.curves.values()]
    chance = f", {shares[0]:.1%}" if len(shares) == 1 else ""
    words = (
        "For every threshold the share of positives that are found (right), and how many of those found are positives "
        f"(up). By chance precision is the share of positives{chance}."
    )
    # Both ends of the axes are shown, however good the model is.
    ends = Series([(0.0, 0.0, ""), (1.0, 1.0, "")], "none", marked=False)
    series = [ends, *_each(output, "precision_recall")]
    svg = chart(f"Precision against recall of {output.name}", Axis("recall"), Axis("precision"), series)
    return Plot("Precision and recall", words, svg, list(output.curves))


def _calibration(output: OutputCurves) -> Plot:
    words = (
        "Examples by predicted probability (right), and the share of them that are positive (up). Probabilities are "
        "right on the dashed line."
    )
    series = [_diagonal(0.0, 1.0)]
    for number, (name, each) in enumerate(output.curves.items()):
        points = [
            (x, y, f"{name}: {count} examples, predicted {x:.3g}, {y:.3g} positive")
            for x, y, count in each["calibration"]
        ]
        series.append(Series(points, f"k{number}", line=True, straight=True))
    svg = chart(f"Calibration of {output.name}", Axis("predicted probability"), Axis("share of positives"), series)
    return Plot("Calibration", words, svg, list(output.curves))


def _numbers(output: OutputCurves) -> Plot:
    points = [(true, found, f"true {true:.4g}, predicted {found:.4g}") for true, found in output.points]
    low, high = min(point[0] for point in points), max(point[0] for point in points)
    return Plot(
        "Predicted against true",
        "Each point is an example of the test part; on the dashed line predictions are right.",
        chart(
            f"Predicted against true {output.name}",
            Axis("true"),
            Axis("predicted"),
            [_diagonal(low, high), Series(points, "trial")],
        ),
    )


def _each(output: OutputCurves, curve: str) -> list[Series]:
    return [
        _line([(x, y) for x, y in curves[curve]], f"k{number}") for number, curves in enumerate(output.curves.values())
    ]


def _diagonal(low: float, high: float) -> Series:
    return _line([(low, low), (high, high)], "chance")


def _line(points: Sequence[tuple[float, float]], kind: str) -> Series:
    return Series([(x, y, "") for x, y in points], kind, line=True, marked=False, straight=True)
