"""Scores as values, tables and files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amber.modeler.block_use import BlockUse


@dataclass(frozen=True)
class Score:
    """Accuracy on one part of the data.

    Attributes:
        accuracy: overall, from 0 to 1.
        per_class: of each class; NaN for a class without records.
        n: number of records.
    """

    accuracy: float
    per_class: Mapping[str, float]
    n: int

    def rows(self) -> dict[str, str]:
        """Returns name and text of each line of a table; the last is the most important."""
        return {**{name: _percent(value) for name, value in self.per_class.items()}, "all": _percent(self.accuracy)}

    def to_dict(self) -> dict[str, Any]:
        """Returns a JSON-ready dictionary; NaN becomes None."""
        each = {name: None if math.isnan(value) else value for name, value in self.per_class.items()}
        return {"accuracy": self.accuracy, "per_class_accuracy": each, "records": self.n}


@dataclass(frozen=True)
class NumberScore:
    """How well a number was predicted on one part of the data.

    Attributes:
        r2: coefficient of determination.
        mae: mean absolute error, in the unit of the data.
        n: number of records.
    """

    r2: float
    mae: float
    n: int

    def rows(self) -> dict[str, str]:
        """Returns name and text of each line of a table; the last is the most important."""
        return {"mean absolute error": f"{self.mae:.4g}", "R2": "-" if math.isnan(self.r2) else f"{self.r2:.4f}"}

    def to_dict(self) -> dict[str, Any]:
        """Returns a JSON-ready dictionary; NaN becomes None."""
        return {"r2": None if math.isnan(self.r2) else self.r2, "mae": self.mae, "records": self.n}


AnyScore = Score | NumberScore


def score_table(title: str, scores: Mapping[str, AnyScore]) -> Any:
    """Returns a rich table: one column for each scored model, one row for each class or measure."""
    from rich.table import Table

    # As wide as its title, which would be broken over lines otherwise.
    table = Table(title=title, min_width=len(title))
    rows = {name: score.rows() for name, score in scores.items()}
    first = next(iter(scores.values()))
    table.add_column("accuracy" if isinstance(first, Score) else "measure")
    for name in scores:
        table.add_column(name, justify="right")
    *classes, last = first.rows()
    for label in classes:
        table.add_row(label, *(row[label] for row in rows.values()))
    table.add_section()
    table.add_row(last, *(row[last] for row in rows.values()), style="bold")
    return table


def scores_to_dict(scores: Mapping[str, AnyScore]) -> dict[str, Any]:
    """Returns the score of the only output, or those of several by name, JSON-ready."""
    if len(scores) == 1:
        return next(iter(scores.values())).to_dict()
    return {name: score.to_dict() for name, score in scores.items()}


def block_table(uses: Sequence[tuple[str, Mapping[str, BlockUse]]], sizes: Mapping[str, Iterable[int]]) -> Any:
    """Returns a rich table of which layers of the best networks read which block.

    Args:
        uses: heading and block use of each network, the best first.
        sizes: shape of each block.
    """
    from rich.table import Table

    table = Table(title="Blocks that the best networks use (layers that read them)")
    table.add_column("block", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for heading, _ in uses:
        table.add_column(heading)
    table.add_column("used by", justify="right", no_wrap=True)
    for name, shape in sizes.items():
        each = [use[name] for _, use in uses]
        count = sum(use.used for use in each)
        size = " x ".join(map(str, shape))
        table.add_row(name, size, *(use.describe() for use in each), f"{count} of {len(each)}")
    return table


def as_text(*parts: Any, width: int = 100) -> str:
    """Returns tables and text as plain text, for files."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, no_color=True, force_terminal=False)
    for part in parts:
        console.print(part)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in written.splitlines()) + "\n"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f} %"
