"""Scores as values, tables and files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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

    def to_dict(self) -> dict[str, Any]:
        """Returns a JSON-ready dictionary; NaN becomes None."""
        each = {name: None if math.isnan(value) else value for name, value in self.per_class.items()}
        return {"accuracy": self.accuracy, "per_class_accuracy": each, "records": self.n}


def score_table(title: str, scores: Mapping[str, Score]) -> Any:
    """Returns a rich table: one column for each scored model, one row for each class."""
    from rich.table import Table

    table = Table(title=title)
    table.add_column("accuracy")
    for name in scores:
        table.add_column(name, justify="right")
    first = next(iter(scores.values()))
    for label in first.per_class:
        table.add_row(label, *(_percent(score.per_class[label]) for score in scores.values()))
    table.add_section()
    table.add_row("all", *(_percent(score.accuracy) for score in scores.values()), style="bold")
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
