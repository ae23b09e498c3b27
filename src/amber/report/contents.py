"""What a report shows, gathered before anything is laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amber.display import one_line
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
class LearningCurve:
    """How the loss of one network fell while it was trained for the last time.

    Attributes:
        name: of the network.
        train: loss after each epoch on the training data.
        validation: on data that were not trained on; empty where there were none.
    """

    name: str
    train: Sequence[float]
    validation: Sequence[float] = ()


@dataclass(frozen=True)
class DataFacts:
    """What the search learnt from, as its test recorded it.

    Attributes:
        sentences: task, split and what was noticed.
        header: names of columns of the table.
        rows: parts of the data, or classes, with their counts as text.
    """

    sentences: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class DrawnMotif:
    """A motif that the network reads.

    Attributes:
        title: the known motif that it resembles, or `no known motif`.
        detail: its consensus and where it stands, in words.
        bits: its logo as SVG text.
        contributions: its logo by mean contribution; empty where that is not known.
        matches: the known motifs that it may be called by, q as text; the best first.
    """

    title: str
    detail: str
    bits: str
    contributions: str = ""
    matches: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Reading:
    """What `amber explain` found in the network.

    Attributes:
        said: what was explained, in a sentence.
        sections: title, note and motifs of each output and class.
        stretches: heading and drawing (SVG text) of some sequences with the contribution of each base.
    """

    said: str
    sections: Sequence[tuple[str, str, Sequence[DrawnMotif]]] = ()
    stretches: Sequence[tuple[str, str]] = ()


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
        learning: of each network of the last training.
        data: what the search learnt from; None where its test did not record that.
        reading: motifs and drawn sequences; None where `amber explain` was not run.
        next_steps: command, and what it does.
        costs: what the search weighed the score against, such as `("parameters", "latency")`.
        others: scores of other simple models at the test, beside the network's.
        drawn_by: by what intervals were drawn, in words, where these are not examples.
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
    learning: tuple[LearningCurve, ...] = ()
    data: DataFacts | None = None
    reading: Reading | None = None
    next_steps: tuple[tuple[str, str], ...] = ()
    costs: tuple[str, ...] = ()
    others: tuple[TestRow, ...] = ()
    drawn_by: str = ""
    __repr__ = one_line
