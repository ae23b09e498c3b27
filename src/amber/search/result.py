"""What a search found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from amber.search.trial import STATUSES, Trial


@dataclass(frozen=True)
class SearchResult:
    """The outcome of a search.

    Attributes:
        trials: every proposal: the complete ones by rank, then the others by number.
        metric: what was searched for.
        direction: `"maximize"` or `"minimize"`.
        seed: of the search.
        stopped: why it ended: "finished", "exhausted" (no new architecture left to propose), "interrupted" or
            "error".
    """

    trials: tuple[Trial, ...]
    metric: str
    direction: str
    seed: int
    stopped: str = "finished"

    @property
    def ranked(self) -> tuple[Trial, ...]:
        """The complete trials, the best first."""
        return tuple(trial for trial in self.trials if trial.status == "complete")

    @property
    def best(self) -> Trial | None:
        """The best complete trial; None where there is none."""
        return self.ranked[0] if self.ranked else None

    def pareto_front(self, cost: str = "parameters") -> tuple[Trial, ...]:
        """Return the complete trials that no other beats in both score and cost, the best score first.

        Args:
            cost: "parameters" or "flops".
        """
        front: list[Trial] = []
        for trial in sorted(self.ranked, key=lambda each: _front_key(each, cost, self.direction)):
            if not front or getattr(trial, cost) < getattr(front[-1], cost):
                front.append(trial)
        return tuple(front)

    def counts(self) -> dict[str, int]:
        """Return how many proposals have each status."""
        found = Counter(trial.status for trial in self.trials)
        return {status: found[status] for status in STATUSES}


def _front_key(trial: Trial, cost: str, direction: str) -> tuple[float, float]:
    """By score, of equal ones the cheaper first."""
    sign = -1.0 if direction == "maximize" else 1.0
    return sign * float(trial.score or 0.0), getattr(trial, cost)


def rank(trials: Iterable[Trial], direction: str) -> list[Trial]:
    """Return complete trials by score (of equal ones the smaller network first), then others by number."""
    sign = -1.0 if direction == "maximize" else 1.0

    def key(trial: Trial) -> tuple[float, float, float, int]:
        if trial.status != "complete" or trial.score is None:
            return (1, 0.0, 0.0, trial.number)
        return (0, sign * trial.score, float(trial.parameters or 0), trial.number)

    return sorted(trials, key=key)
