"""Draw the plots of docs/benchmarks.md.

    python docs/benchmark_plots.py

Numbers come from benchmarks/results and, for the default settings, from the table of that page, so
that plots and tables say the same. What may be changed here: which plots there are, and how they look.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures" / "benchmarks"
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
# Read well on light and on dark pages, and by those who see colours otherwise.
GREY = "#808890"
COLOURS = ("#d98c00", "#3a86d4", "#109648", "#d62839", "#8a63c9", "#808890")
STYLE = {
    "svg.hashsalt": "amber",
    "font.size": 10,
    **{f"{part}.color": GREY for part in ("text", "xtick", "ytick")},
    **{f"axes.{part}color": GREY for part in ("edge", "label", "title")},
}


def read(name: str) -> Any:
    """Return the results of a benchmark."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def defaults_table() -> list[list[str]]:
    """Return the rows of the table of default settings, as text."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("| problem | what | examples"))
    rows = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def plot_samplers(axes: Axes) -> None:
    """Draw the regret of each sampler after 25, 50 and 100 trials."""
    runs = [run for run in read("nas")["runs"] if run["table"] == "cifar100"]
    for colour, sampler in zip(
        COLOURS, ("surrogate", "tpe", "evolution", "controller", "nsga2", "random"), strict=True
    ):
        regret = np.mean([run["regret"] for run in runs if run["sampler"] == sampler], axis=0)
        axes.plot((25, 50, 100), regret, "o-", color=colour, label=sampler)
    axes.set(xlabel="trials", ylabel="points below the best network", xticks=(25, 50, 100), ylim=(0, None))
    axes.legend(frameon=False, labelcolor=GREY, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)


def plot_defaults(axes: Axes) -> None:
    """Draw the score of search, networks alone and linear model on each problem."""
    rows = defaults_table()[::-1]
    places = range(len(rows))
    for colour, marker, column, label in (
        (COLOURS[5], "s", 6, "linear model"),
        (COLOURS[1], "o", 5, "networks alone"),
        (COLOURS[0], "D", 4, "search (default settings)"),
    ):
        axes.plot([float(row[column]) for row in rows], places, marker, color=colour, label=label, markersize=5)
    axes.set(
        yticks=places, yticklabels=[f"{row[0]} ({row[3]})" for row in rows], xlabel="score at the test", xlim=(0, 1.02)
    )
    axes.grid(axis="y", color=GREY, alpha=0.2)
    axes.legend(frameon=False, labelcolor=GREY, loc="lower center", bbox_to_anchor=(0.25, 1), ncols=2)


def plot_workers(axes: Axes) -> None:
    """Draw how much of the workers' time goes to trainings."""
    results = read("scale")
    for colour, executor in zip(COLOURS[:2], ("processes", "dask"), strict=True):
        measured = results[executor].values()
        axes.plot(
            [each["workers"] for each in measured],
            [100 * each["utilisation"] for each in measured],
            "o-",
            color=colour,
            label=executor,
        )
    axes.set(xscale="log", xlabel="workers", ylabel="% of the time in trainings", ylim=(90, 100.5))
    axes.set_xticks((2, 8, 32), ("2", "8", "32"))
    axes.minorticks_off()
    axes.legend(frameon=False, labelcolor=GREY, loc="lower right")


def save(name: str, plot: Any, size: tuple[float, float]) -> None:
    """Draw one plot into a file."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    plot(axes)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(PICTURES / f"{name}.svg", transparent=True, metadata={"Date": None})


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        # Narrow, so that letters are large enough on a phone.
        save("samplers", plot_samplers, (4.6, 3.6))
        save("defaults", plot_defaults, (4.8, 4.6))
        save("workers", plot_workers, (4.6, 2.8))


if __name__ == "__main__":
    main()
