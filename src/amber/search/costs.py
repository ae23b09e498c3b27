"""What a network costs beside its score, and which networks nothing beats in all of that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from amber.errors import ConfigError
from amber.search.trial import Trial

COSTS = {"parameters": "parameters", "flops": "FLOPs", "latency": "ms per batch"}
"""What a network may cost: names of fields of a trial, and what tables call them."""


def checked_costs(against: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the costs that a score is weighed against.

    Args:
        against: a name, or several; None: none.

    Raises:
        ConfigError: an unknown name, or one given twice.
    """
    costs = (against,) if isinstance(against, str) else tuple(against or ())
    if len(set(costs)) != len(costs) or not all(isinstance(cost, str) and cost in COSTS for cost in costs):
        raise ConfigError(f"against must be of {', '.join(COSTS)}, each once, or None. Received: {against!r}")
    return costs


def pareto_front(trials: Iterable[Trial], costs: Sequence[str], direction: str) -> list[Trial]:
    """Return the trials that no other beats in the score and all costs, the best score first.

    Of several with the same score and costs there is the first; those with an unknown cost are left out.

    Args:
        trials: complete ones.
        costs: names of fields of a trial; the less the better.
        direction: of the score: `"maximize"` or `"minimize"`.
    """
    sign = -1.0 if direction == "maximize" else 1.0

    def goals(trial: Trial) -> tuple[float, ...]:
        return (sign * float(trial.score or 0.0), *(float(getattr(trial, cost)) for cost in costs))

    known = [trial for trial in trials if all(getattr(trial, cost) is not None for cost in costs)]
    front: list[Trial] = []
    for trial in sorted(known, key=goals):  # nothing that comes later beats an earlier one
        own = goals(trial)
        if not any(all(one <= other for one, other in zip(goals(each), own, strict=True)) for each in front):
            front.append(trial)
    return front
