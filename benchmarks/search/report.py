"""The table and the plot of a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table


def best_so_far(events: list[dict[str, Any]], axis: str = "wall") -> tuple[list[float], list[float]]:
    """Returns times, and the best score up to each."""
    return [each[axis] for each in events], list(np.maximum.accumulate([each["score"] for each in events]))


def table(runs: list[dict[str, Any]]) -> Table:
    """One row per contestant: means over its seeds."""
    shown = Table("search", "seeds", "trained", "best validation", "min - max", "test", "CPU s", title="Search")
    for name in dict.fromkeys(run["search"] for run in runs):
        own = [run for run in runs if run["search"] == name]
        best = [max(each["score"] for each in run["events"]) for run in own if run["events"]]
        tests = [run["test"] for run in own if run.get("test") is not None]
        shown.add_row(
            name,
            str(len(own)),
            f"{np.mean([len(run['events']) for run in own]):.1f}",
            f"{np.mean(best):.4f}" if best else "none",
            f"{min(best):.4f} - {max(best):.4f}" if best else "",
            f"{np.mean(tests):.4f}" if tests else "",
            f"{np.mean([run['cpu'] for run in own]):.1f}",
        )
    return shown


def plot(runs: list[dict[str, Any]], path: Path, seconds: float) -> None:
    """Draws the best validation score against wall-clock time: a thick line for the mean, thin ones for seeds."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.add_subplot()
    grid = np.linspace(0, seconds, 200)
    for position, name in enumerate(dict.fromkeys(run["search"] for run in runs)):
        curves = []
        for run in (each for each in runs if each["search"] == name and each["events"]):
            times, scores = best_so_far(run["events"])
            steps = np.searchsorted(times, grid, side="right")
            curves.append([scores[step - 1] if step else np.nan for step in steps])
            axes.plot(grid, curves[-1], color=f"C{position}", linewidth=0.6, alpha=0.4)
        if curves:
            # Only where every seed has a score.
            axes.plot(grid, np.mean(curves, axis=0), color=f"C{position}", linewidth=2, label=name)
    axes.set(xlabel="wall-clock seconds", ylabel="best validation accuracy", xlim=(0, seconds))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=130)
