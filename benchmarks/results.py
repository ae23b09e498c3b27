"""What a measurement yields, and the table and JSON file of a run."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

_PACKAGES = ("amber-nas", "keras", "torch", "jax", "tensorflow", "tensorflow-cpu", "numpy")


@dataclass(frozen=True)
class Row:
    """One number.

    Attributes:
        what: what was measured.
        backend: torch, jax, tensorflow, or "" where there is none.
        value: the median.
        unit: what the value counts.
        goal: the number to reach; None where there is none.
        at_least: whether more is better.
        details: the measurements behind the median, and what it was compared with.
    """

    what: str
    backend: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = True
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """`reached`, `missed`, or nothing without a goal."""
        if self.goal is None:
            return ""
        reached = self.value >= self.goal if self.at_least else self.value <= self.goal
        return "reached" if reached else "missed"


def machine() -> dict[str, Any]:
    """Returns what the numbers depend on: processor, cores, load, versions."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": list(os.getloadavg()),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": versions,
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def show(rows: Sequence[Row], console: Console, title: str = "AMBER beside hand-written networks, in one run") -> None:
    """Prints the table."""
    table = Table(title=title)
    for name in ("what", "backend"):
        table.add_column(name)
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("goal", justify="right")
    table.add_column("")
    for row in rows:
        goal = "" if row.goal is None else f"{'>=' if row.at_least else '<='} {row.goal:g}"
        table.add_row(row.what, row.backend, f"{row.value:,.3g}" if row.value < 1000 else f"{row.value:,.0f}",
                      row.unit, goal, row.verdict)  # fmt: skip
    console.print(table)


def write(rows: Sequence[Row], path: Path, before: dict[str, Any], **others: Any) -> None:
    """Writes everything as JSON, with the machine as it was before the run, the load after it, and whatever else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    described = [{**asdict(row), "verdict": row.verdict} for row in rows]
    result = {"machine": before, "load_after": list(os.getloadavg()), "rows": described, **others}
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
