"""What a search found."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from amber.display import html_table
from amber.errors import ConfigError
from amber.search.costs import checked_costs, pareto_front
from amber.search.trial import STATUSES, Trial

_SHOWN = 20


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        best = "none" if self.best is None else f"{self.metric} {self.best.score:.4f}, {self.best.title}"
        return f"SearchResult({len(self.trials)} proposals, {self.stopped}; best: {best})"

    def _repr_html_(self) -> str:
        """Return the best trials as a table for notebooks."""
        rows = [
            (rank, trial.number, trial.title, trial.score, trial.parameters, f"{trial.seconds:.1f}")
            for rank, trial in enumerate(self.ranked[:_SHOWN], start=1)
        ]
        counts = ", ".join(f"{count} {status}" for status, count in self.counts().items() if count)
        return html_table(
            f"Search: {counts}", ("rank", "trial", "architecture", self.metric, "parameters", "seconds"), rows
        )

    def to_pandas(self) -> Any:
        """Return all proposals as a pandas DataFrame, one row each, metrics as columns.

        Raises:
            ConfigError: the package pandas is not installed.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError as error:
            raise ConfigError(f"A table needs the package pandas: pip install pandas. Received: {error}") from error
        rows = []
        for trial in self.trials:
            row = trial.to_dict()
            rows.append({**{key: value for key, value in row.items() if key != "metrics"}, **trial.metrics})
        return pandas.DataFrame(rows)

    @property
    def ranked(self) -> tuple[Trial, ...]:
        """The complete trials, the best first."""
        return tuple(trial for trial in self.trials if trial.status == "complete")

    @property
    def best(self) -> Trial | None:
        """The best complete trial; None where there is none."""
        return self.ranked[0] if self.ranked else None

    def pareto_front(self, cost: str | Sequence[str] = "parameters") -> tuple[Trial, ...]:
        """Return the complete trials that no other beats in both score and cost, the best score first.

        Args:
            cost: "parameters", "flops" or "latency", or several: then none beats them in the score and all of these.

        Raises:
            ConfigError: an unknown cost.
        """
        return tuple(pareto_front(self.ranked, checked_costs(cost), self.direction))

    def counts(self) -> dict[str, int]:
        """Return how many proposals have each status."""
        found = Counter(trial.status for trial in self.trials)
        return {status: found[status] for status in STATUSES}


def rank(trials: Iterable[Trial], direction: str) -> list[Trial]:
    """Return complete trials by score (of equal ones the smaller network first), then others by number."""
    sign = -1.0 if direction == "maximize" else 1.0

    def key(trial: Trial) -> tuple[float, float, float, int]:
        if trial.status != "complete" or trial.score is None:
            return (1, 0.0, 0.0, trial.number)
        return (0, sign * trial.score, float(trial.parameters or 0), trial.number)

    return sorted(trials, key=key)
