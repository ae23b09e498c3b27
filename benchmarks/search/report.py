"""The tables and the plot of a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from benchmarks.search.speed import GOAL, TRIALS, mean_ratio, reaches

Row = list[str]


def best_so_far(events: list[dict[str, Any]], axis: str) -> tuple[list[float], list[float]]:
    """Returns times, and the best score up to each."""
    return [each[axis] for each in events], list(np.minimum.accumulate([each["score"] for each in events]))


def names(runs: list[dict[str, Any]]) -> list[str]:
    """The searches among runs, in order."""
    return list(dict.fromkeys(run["search"] for run in runs))


def as_many(runs: list[dict[str, Any]], name: str, beside: str = "random") -> list[tuple[float, float]]:
    """Return, for each seed of a search, its best score and that of as many networks of another search.

    Seeds for which the other has trained fewer networks are left out.
    """
    found = []
    for run in (each for each in runs if each["search"] == name and each["events"]):
        others = [each for each in runs if (each["search"], each["seed"]) == (beside, run["seed"])]
        count = len(run["events"])
        if others and len(others[0]["events"]) >= count:
            scores = [min(event["score"] for event in each["events"][:count]) for each in (run, others[0])]
            found.append((scores[0], scores[1]))
    return found


def beside_random(runs: list[dict[str, Any]]) -> list[Row]:
    """One row for each search of AMBER's beside as many random networks; the first row is the heading."""
    rows = [["search", "seeds", "best of it", "best of as many random networks", "better in"]]
    for name in names(runs):
        pairs = [] if name.startswith(("random", "keras-tuner")) else as_many(runs, name)
        if pairs:
            own, random = np.mean(pairs, axis=0)
            better = f"{sum(mine < other for mine, other in pairs)} of {len(pairs)}"
            rows.append([name, str(len(pairs)), f"{own:.4f}", f"{random:.4f}", better])
    return rows


def scores_table(runs: list[dict[str, Any]]) -> list[Row]:
    """One row per search of a task, means over its seeds; the first row is the heading."""
    rows = [
        ["search", "seeds", "networks", "best validation loss", "lowest - highest", "test accuracy", "wall s", "CPU s"]
    ]
    for name in names(runs):
        own = [run for run in runs if run["search"] == name]
        best = [min(each["score"] for each in run["events"]) for run in own if run["events"]]
        tests = [run["test"] for run in own if run.get("test") is not None]
        rows.append(
            [
                name,
                str(len(own)),
                f"{np.mean([len(run['events']) for run in own]):.1f}",
                f"{np.mean(best):.4f}" if best else "none",
                f"{min(best):.4f} - {max(best):.4f}" if best else "",
                f"{np.mean(tests):.4f}" if tests else "",
                f"{np.mean([run['wall'] for run in own]):.0f}",
                f"{np.mean([run['cpu'] for run in own]):.0f}",
            ]
        )
    return rows


def speed_table(runs: list[dict[str, Any]], axis: str) -> list[Row]:
    """When each search of AMBER's has the best score of KerasTuner's first 50 trials; the first row is the heading."""
    rows = [["search", "beside", "by seed: share of its time", f"all seeds (goal {GOAL})"]]
    rivals = [name for name in names(runs) if name.startswith("keras-tuner")]
    for name in names(runs):
        for rival in rivals if name not in rivals else ():
            found = reaches(runs, name, rival, axis)
            if not found:
                continue
            shares = [
                f"{'never' if each.ratio is None else f'{each.ratio:.2f}'}"
                f"{'' if each.trials == TRIALS else f' ({each.trials} trials)'}"
                for each in found
            ]
            ratio = mean_ratio(found)
            reached = sum(each.seconds is not None for each in found)
            mean = f"reached in {reached} of {len(found)}" if ratio is None else f"{ratio:.2f}"
            rows.append([name, rival, ", ".join(shares), mean])
    return rows


def plot(runs: list[dict[str, Any]], path: Path, axis: str) -> None:
    """Draws the best validation score against time, a panel for each task: thick lines for means, thin for seeds."""
    tasks = list(dict.fromkeys(run["task"] for run in runs))
    figure = Figure(figsize=(7 * len(tasks), 5), layout="constrained")
    panels = figure.subplots(1, len(tasks), squeeze=False)[0]
    searches = names(runs)
    for axes, task in zip(panels, tasks, strict=True):
        own = [run for run in runs if run["task"] == task]
        end = max(run["seconds"] for run in own)
        grid = np.linspace(0, end, 300)
        for position, name in enumerate(searches):
            curves = []
            for run in (each for each in own if each["search"] == name and each["events"]):
                times, scores = best_so_far(run["events"], axis)
                steps = np.searchsorted(times, grid, side="right")
                curves.append([scores[step - 1] if step else np.nan for step in steps])
                axes.plot(grid, curves[-1], color=f"C{position}", linewidth=0.5, alpha=0.35)
            if curves:
                # Only where every seed has a score.
                axes.plot(grid, np.mean(curves, axis=0), color=f"C{position}", linewidth=2, label=name)
        axes.set(title=task, xlabel=f"{axis} seconds", ylabel="best validation loss", yscale="log", xlim=(0, end))
        for formatted in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            formatted(FuncFormatter(lambda value, _: f"{value:.2g}"))
        axes.grid(alpha=0.3, which="both")
    panels[-1].legend(loc="upper right")
    figure.savefig(path, dpi=110)


def markdown(record: dict[str, Any], plot_name: str) -> str:
    """The whole comparison as a page."""
    runs, axis = record["runs"], record["clock"]
    parts = [_HEAD.format(plot=plot_name, clock=_CLOCKS[axis], **record["machine"])]
    for task in dict.fromkeys(run["task"] for run in runs):
        own = [run for run in runs if run["task"] == task]
        parts += [
            f"## {task}: {own[0]['epochs']} epochs each network, {own[0]['seconds']:.0f} s each search\n",
            *([retest_line(task, record["retests"][task])] if task in record.get("retests", {}) else []),
            _markdown_table(scores_table(own)),
            *([_markdown_table(beside)] if len(beside := beside_random(own)) > 1 else []),
            f"Time to the best score that KerasTuner finds in {TRIALS} trials, as a share of what they took:\n",
            _markdown_table(speed_table(own, axis)),
        ]
    parts += [agreement_line(each) + "\n" for each in record.get("agreement", {}).values()]
    return "\n".join(parts)


def agreement_line(found: dict[str, Any]) -> str:
    """Kendall's tau in one sentence."""
    return (
        f"Kendall's tau of scores with shared weights against training alone, {found['task']}, "
        f"{found['architectures']} architectures: {found['kendall_tau']:.3f} (p = {found['p_value']:.3g})."
    )


def retest_line(task: str, found: list[float]) -> str:
    """How far two trainings of the same architectures agree, in one sentence."""
    tau, low, high = found
    return f"Test-retest tau of {task}: {tau:.2f} ({low:.2f} to {high:.2f}).\n"


def _markdown_table(rows: list[Row]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"


_CLOCKS = {
    "wall": "Time is wall-clock time.",
    "cpu": (
        "The machine was shared while this was measured, so time is that which each search's process computed: "
        "with one thread, wall-clock time on a core of its own. Wall-clock seconds are in the table."
    ),
}
_HEAD = """# Searches, side by side

Written by `make bench-search`; do not edit. Every search has the same time, trains the same networks in the same
way on one thread, and is scored by the loss of the best epoch on validation data: the lower the better. Test data are
opened once, after all searches, for the best network of each, as it was found. Samplers alone, with 30 seeds
and on tables of trained networks, are compared in sampler_benchmark.md.

One-shot search counts from the first batch of its shared weights, trains these for the steps of five networks, half a
network as one large architecture, the last three as the six best only, and then trains these six alone; while time is
left, it begins anew with another seed. "One-shot" trains them from scratch, as every other search does. In "one-shot,
inherited" they begin with the shared weights: its networks have seen more batches than those of other searches, within
the same time.
KerasTuner saves checkpoints, as it always does. {clock}

Processor: {processor}; cores: {cores}.

![Best validation score against time]({plot})
"""
