"""The tables of the comparison, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.search.contestants import CONTESTANTS, RANDOM, REFERENCE, SEARCHED
from benchmarks.search.record import Record
from benchmarks.search.speed import GOAL, GOAL_OF_EACH, TRIALS, Reach, reaches
from benchmarks.search.tested import UNIT, measure_of

LINEAR = "linear model of k-mers"
Row = list[str]
Run = dict[str, Any]
Interval = tuple[float, float, float]


def page(record: Record) -> str:
    """Return all tables of what was measured so far."""
    tasks = list(dict.fromkeys(run["task"] for run in record.runs))
    parts = [markdown_table(retest_rows(record))]
    if tasks:
        parts += [
            "Searched network (surrogate) beside the better of reference networks and linear model, on the test:\n",
            markdown_table(beside_rows(record.runs, tasks, (REFERENCE, LINEAR))),
            "Searched network beside the best of as many random ones:\n",
            markdown_table(beside_rows(record.runs, tasks, (RANDOM,))),
            f"Share of the time that KerasTuner's first {TRIALS} trials took until the search is as good:\n",
            markdown_table(speed_rows(record.runs, tasks)),
        ]
    for task in tasks:
        parts += [f"### {task}\n", markdown_table(scores_rows([run for run in record.runs if run["task"] == task]))]
    return "\n".join(parts)


def retest_rows(record: Record) -> list[Row]:
    """Return how far two trainings agree, by task; the first row is the heading."""
    rows = [["task", "architectures", "test-retest tau", "seconds a training", "seconds a search"]]
    for task, retest in record.retests.items():
        if sum(len(each) > 1 for each in retest["scores"].values()) > 2:
            tau, low, high, count = record.tau(task)
            mean = f"{np.mean(retest['cpu']):.1f}"
            rows.append([task, str(count), f"{tau:.2f} ({low:.2f} to {high:.2f})", mean, f"{record.seconds(task):.0f}"])
    return rows


def difference(runs: Sequence[Run], name: str, other: str) -> Interval | None:
    """Return how much better one is than another on the test of a task, and the 95 % interval.

    Examples and seeds are drawn with replacement, for both the same. A linear model is the same for all seeds.

    Args:
        runs: of one task.
        name: the search.
        other: what it is set beside.
    """
    draws = _difference_draws(runs, name, other)
    if draws is None:
        return None
    values, drawn = draws
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)


def _difference_draws(runs: Sequence[Run], name: str, other: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return differences by seed, and those of the draws, averaged over drawn seeds."""
    by_seed = {key: {run["seed"]: run for run in runs if run["search"] == key} for key in (name, other)}
    pairs = []
    for seed, run in sorted(by_seed[name].items()):
        rival = by_seed[other].get(seed) or (next(iter(by_seed[other].values()), None) if other == LINEAR else None)
        if rival is not None:
            pairs.append((run["test"], rival["test"]))
    if not pairs:
        return None
    measure = measure_of(runs[0]["task"])
    values = np.array([one[measure] - two[measure] for one, two in pairs])
    drawn = UNIT * np.array([np.subtract(one["draws"], two["draws"]) for one, two in pairs])
    generator = np.random.default_rng(0)
    seeds = generator.integers(0, len(pairs), (drawn.shape[1], len(pairs)))
    return values, drawn[seeds, np.arange(drawn.shape[1])[:, None]].mean(axis=1)


def beside_rows(runs: Sequence[Run], tasks: Sequence[str], others: Sequence[str]) -> list[Row]:
    """Return the search of this comparison beside the best of others, by task, and the mean of all tasks."""
    rows = [["task", "measure", "seeds", "searched", *others, "difference from the best of them (95 %)"]]
    means, all_draws = [], []
    for task in tasks:
        own = [run for run in runs if run["task"] == task]
        scores = {name: _test_scores(own, name) for name in (SEARCHED, *others)}
        if not all(scores.values()):
            continue
        best = max(others, key=lambda name: np.mean(scores[name]))
        found, draws = difference(own, SEARCHED, best), _difference_draws(own, SEARCHED, best)
        if found is None or draws is None:
            continue
        means.append(found[0])
        all_draws.append(draws[1])
        cells = [f"{np.mean(each):.3f}" for each in scores.values()]
        rows.append([task, measure_of(task), str(len(draws[0])), *cells, _interval(found)])
    if len(means) > 1:
        low, high = np.nanquantile(np.mean(all_draws, axis=0), [0.025, 0.975])
        blank = [""] * (len(rows[0]) - 2)
        rows.append(["mean of tasks", *blank, _interval((float(np.mean(means)), low, high))])
    return rows


def _test_scores(runs: Sequence[Run], name: str) -> list[float]:
    measure = measure_of(runs[0]["task"])
    return [run["test"][measure] for run in runs if run["search"] == name]


def _interval(found: Interval) -> str:
    value, low, high = found
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"


def speed_rows(runs: Sequence[Run], tasks: Sequence[str]) -> list[Row]:
    """Return when each search of AMBER's has the best score of KerasTuner's first 50 trials, by task and seed."""
    heading = f"median over tasks and seeds (goal {GOAL}; each at most {GOAL_OF_EACH})"
    rows = [["search", "beside", *tasks, heading]]
    rivals = [name for name in CONTESTANTS if name.startswith("keras-tuner")]
    for name in (each for each in CONTESTANTS if each not in (*rivals, RANDOM, REFERENCE)):
        for rival in rivals:
            by_task = [reaches([run for run in runs if run["task"] == task], name, rival) for task in tasks]
            shares = [np.inf if each.ratio is None else each.ratio for found in by_task for each in found]
            if shares:
                middle = float(np.median(shares))
                shown = "never" if np.isinf(middle) else f"{middle:.2f}"
                held = sum(each <= GOAL_OF_EACH for each in shares)
                rows.append([name, rival, *map(_shares, by_task), f"{shown}; {held} of {len(shares)} within"])
    return rows


def _shares(found: Sequence[Reach]) -> str:
    """Return a share for every seed, with the number of the rival's trials where there were fewer."""
    return ", ".join(
        f"{'never' if each.ratio is None else f'{each.ratio:.2f}'}"
        f"{'' if each.trials == TRIALS else f' ({each.trials} trials)'}"
        for each in found
    )


def scores_rows(runs: Sequence[Run]) -> list[Row]:
    """Return one row for each contestant of a task, means over its seeds; the first row is the heading."""
    measure = measure_of(runs[0]["task"])
    more = [each for each in ("auroc", "auprc", "accuracy") if each in runs[0]["test"] and each != measure]
    head = ["contestant", "seeds", "networks", "validation loss", f"test {measure}", "lowest to highest"]
    rows = [[*head, *more, "parameters", "processor s"]]
    for name in (LINEAR, *CONTESTANTS):
        own = [run for run in runs if run["search"] == name]
        if not own:
            continue
        tests = _test_scores(own, name)
        events = [len(run["events"]) for run in own if "events" in run]
        sizes = [run["parameters"] for run in own if "parameters" in run]
        rows.append(
            [
                name,
                str(len(own)),
                f"{np.mean(events):.0f}" if events else "",
                f"{np.mean([run['validation'] for run in own]):.4f}",
                f"{np.mean(tests):.3f}",
                f"{min(tests):.3f} to {max(tests):.3f}" if len(tests) > 1 else "",
                *(f"{np.mean([run['test'][each] for run in own]):.3f}" for each in more),
                f"{np.mean(sizes):,.0f}" if sizes else "",
                f"{np.mean([run['cpu'] for run in own]):.0f}",
            ]
        )
    return rows


def markdown_table(rows: Sequence[Row]) -> str:
    """Return rows as a table of Markdown; the first is the heading."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"
