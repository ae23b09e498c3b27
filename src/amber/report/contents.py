"""What a report shows, gathered before anything is laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amber.report.usage import ArchitectureUse
from amber.search.result import SearchResult


@dataclass(frozen=True)
class Drawing:
    """One of the best networks as a picture.

    Attributes:
        heading: what is said above it.
        light: SVG text in light colours, as `amber.drawing.draw_svg` returns it.
        dark: the same in dark colours.
    """

    heading: str
    light: str
    dark: str


@dataclass(frozen=True)
class TestRow:
    """One line of the test result.

    Attributes:
        name: what was measured, such as a class.
        model: of the best network, as text.
        baseline: of the linear model, as text.
        difference: model minus baseline with its interval, as text; empty where it is not known.
    """

    __test__ = False  # pytest takes every class called Test... for a test

    name: str
    model: str
    baseline: str
    difference: str = ""


@dataclass(frozen=True)
class OutputCurves:
    """What the plots of one output at the test are drawn from; see `amber.evaluation.curves`.

    Attributes:
        name: of the output.
        curves: class or label -> `roc`, `precision_recall`, `calibration` and `positives`.
        confusion: rows of true classes, columns of predicted ones; empty where there are no classes.
        classes: names of rows and columns.
        points: (true, predicted) numbers.
    """

    name: str
    curves: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    confusion: Sequence[Sequence[int]] = ()
    classes: Sequence[str] = ()
    points: Sequence[Sequence[float]] = ()


@dataclass(frozen=True)
class ReportContents:
    """Everything a report shows.

    Attributes:
        name: of the search.
        result: its trials.
        reproduce: the command that runs it again.
        settings: how it searched, in a sentence or two.
        use: what the architectures are made of; None where no network could be planned.
        drawings: of the best networks, the best first.
        tests: headed tables of the test result, empty where the test data was not opened.
        baseline: name of the linear model in `tests`.
        versions: of the software, by name.
        warnings: what was found wrong with the best network at the test.
        model: what the best model is, such as `mean of 8 networks + linear term`.
        curves: of each output at the test.
        looks: how often the test data were used; 0 where that is not known.
    """

    name: str
    result: SearchResult
    reproduce: str
    settings: str = ""
    use: ArchitectureUse | None = None
    drawings: tuple[Drawing, ...] = ()
    tests: Mapping[str, tuple[TestRow, ...]] = field(default_factory=dict)
    baseline: str = "baseline"
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    model: str = "best network"
    curves: tuple[OutputCurves, ...] = ()
    looks: int = 0
