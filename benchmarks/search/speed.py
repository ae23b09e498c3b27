"""How soon a search reaches the best score that KerasTuner finds in 50 trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TRIALS = 50
GOAL, GOAL_OF_EACH = 0.2, 0.5
"""Of the share, in the median, and in each task and seed."""


@dataclass(frozen=True)
class Reach:
    """One search beside one of KerasTuner's, of the same task and seed.

    Attributes:
        search, rival, seed: who, beside whom.
        trials: of the rival, 50 where it came that far.
        target: the best score of these trials.
        rival_seconds: until the last of them ended.
        seconds: until the search had a score at least as good; None: it never had.
    """

    search: str
    rival: str
    seed: int
    trials: int
    target: float
    rival_seconds: float
    seconds: float | None

    @property
    def ratio(self) -> float | None:
        """Share of the rival's time that the search needed; None where it never came so far."""
        return None if self.seconds is None else self.seconds / self.rival_seconds


def reaches(runs: Sequence[dict[str, Any]], search: str, rival: str) -> list[Reach]:
    """Compares two searches of one task, seed by seed.

    Args:
        runs: of one task.
        search, rival: names.
    """
    by_seed = {name: {run["seed"]: run for run in runs if run["search"] == name} for name in (search, rival)}
    found = []
    for seed in sorted(by_seed[search].keys() & by_seed[rival].keys()):
        trials = by_seed[rival][seed]["events"][:TRIALS]
        if not trials:
            continue
        target = min(each["score"] for each in trials)
        events = by_seed[search][seed]["events"]
        reached = next((each["spent"] for each in events if each["score"] <= target), None)
        found.append(Reach(search, rival, seed, len(trials), target, trials[-1]["spent"], reached))
    return found
