"""What a report shows, gathered before anything is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    """

    __test__ = False  # pytest takes every class called Test... for a test

    name: str
    model: str
    baseline: str


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
