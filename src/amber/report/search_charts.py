"""The charts of a search: score against time, and against what networks cost."""

from __future__ import annotations

import math
from itertools import accumulate

from amber.report.charts import Axis, Series, chart
from amber.search.result import SearchResult
from amber.search.trial import Trial

# Unit of an axis of time: how many seconds it has, from how many seconds on it is used, and its name.
_UNITS = ((3600.0, 3 * 3600.0, "hours"), (60.0, 180.0, "minutes"), (1.0, 0.0, "seconds"))

# Of each cost: the words of the title and the name of the axis.
_COSTS = {
    "parameters": ("its number of parameters", "parameters (number of weights"),
    "flops": ("its FLOPs", "FLOPs (of one example"),
    "latency": ("the time of a prediction", "time of a batch (milliseconds"),
}


def score_over_time(result: SearchResult) -> str:
    """Return the score of each trained network against the training time spent until then, and the best so far.

    Failed trainings are crosses at the foot. Empty where nothing was scored.
    """
    in_order = sorted(
        (trial for trial in result.trials if trial.status in ("complete", "failed")), key=lambda each: each.number
    )
    spent = list(accumulate(max(0.0, trial.seconds) for trial in in_order))
    scored = [(at, trial) for at, trial in zip(spent, in_order, strict=True) if _scored(trial)]
    if not scored:
        return ""
    size, name = next((size, name) for size, least, name in _UNITS if spent[-1] >= least)
    better = max if result.direction == "maximize" else min
    best = list(accumulate((float(trial.score or 0.0) for _, trial in scored), better))
    foot = min(float(trial.score or 0.0) for _, trial in scored)
    points = [(at / size, float(trial.score or 0.0), _said(trial, result.metric)) for at, trial in scored]
    so_far = [(at / size, value, "") for (at, _), value in zip(scored, best, strict=True)]
    so_far.append((spent[-1] / size, best[-1], ""))
    failed = [
        (at / size, foot, f"trial {trial.number} failed")
        for at, trial in zip(spent, in_order, strict=True)
        if trial.status == "failed"
    ]
    return chart(
        f"{result.metric} of each trained network against training time",
        Axis(f"training time so far ({name})"),
        Axis(_axis_title(result)),
        [Series(so_far, "best", line=True, marked=False), Series(points, "trial"), Series(failed, "failed")],
    )


def score_by_cost(result: SearchResult, cost: str) -> str:
    """Return the score of each trained network against a cost, with the Pareto front. Empty without any.

    Args:
        result: of the search.
        cost: "parameters", "flops" or "latency".
    """
    usable = [trial for trial in result.ranked if _scored(trial) and getattr(trial, cost) is not None]
    if not usable:
        return ""
    known = SearchResult(tuple(usable), result.metric, result.direction, result.seed)
    front = known.pareto_front(cost)
    numbers = {trial.number for trial in front}

    def points(chosen: list[Trial]) -> list[tuple[float, float, str]]:
        return [(float(getattr(each, cost)), float(each.score or 0), _said(each, result.metric)) for each in chosen]

    title, axis = _COSTS[cost]
    return chart(
        f"{result.metric} of each trained network against {title}",
        Axis(f"{axis}, log scale)", logarithmic=True),
        Axis(_axis_title(result)),
        [
            Series(points([trial for trial in usable if trial.number not in numbers]), "trial"),
            Series(points(sorted(front, key=lambda each: getattr(each, cost))), "front", line=True),
        ],
    )


def _scored(trial: Trial) -> bool:
    return trial.status == "complete" and trial.score is not None and math.isfinite(trial.score)


def _axis_title(result: SearchResult) -> str:
    return f"{result.metric} ({'higher' if result.direction == 'maximize' else 'lower'} is better)"


def _said(trial: Trial, metric: str) -> str:
    size = "?" if trial.parameters is None else f"{trial.parameters:,}"
    words = f", {trial.architecture}" if trial.architecture else ""
    return f"trial {trial.number}{words}: {metric} {trial.score:.4f}, {size} parameters, {trial.seconds:.1f} s"
