"""A proposal between being asked for and being settled, and the trials of those that no training settles."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from amber.search.candidate import Candidate, token_fingerprint
from amber.search.executors import Outcome
from amber.search.pruning import TrialMonitor
from amber.search.trial import Trial


@dataclass(frozen=True)
class Proposal:
    """What the sampler proposed.

    Attributes:
        number: position among all proposals of the search, from 0.
        tokens: the architecture.
        asked: Optuna's trial.
        candidate: the planned network; None until it is planned.
        seed: of its training; None until it is planned.
        deaths: how many other processes ended, without a word, while it was trained in them.
        monitor: hears of its epochs while it is trained; None where nobody wants to.
    """

    number: int
    tokens: tuple[int, ...]
    asked: Any
    candidate: Candidate | None = None
    seed: int | None = None
    deaths: int = 0
    monitor: TrialMonitor | None = None

    @property
    def fingerprint(self) -> str:
        """Of the planned network; empty until it is planned."""
        return self.candidate.fingerprint if self.candidate else ""

    def as_duplicate(self, first: Trial) -> Trial:
        """Return the trial of a network that `first` has settled."""
        return replace(
            first,
            number=self.number,
            tokens=self.tokens,
            status="duplicate",
            seconds=0.0,
            epochs=0,
            curve=(),
            retries=0,
            error=f"the same network as trial {first.number} ({first.status})",
        )

    def as_failed(self, reason: str, seconds: float = 0.0, *, fingerprint: str = "") -> Trial:
        """Return the trial of a training that brought nothing back.

        Args:
            reason: what happened.
            seconds: that it took.
            fingerprint: of the network, where the proposal itself is not planned.
        """
        return Trial(
            self.number,
            self.tokens,
            self.fingerprint or fingerprint or token_fingerprint(self.tokens),
            "failed",
            parameters=self.candidate.parameters if self.candidate else None,
            flops=self.candidate.flops if self.candidate else None,
            seconds=seconds,
            seed=self.seed,
            error=reason,
            curve=tuple(self.monitor.values) if self.monitor else (),
        )

    def as_trial(self, outcome: Outcome) -> Trial:
        """Return the trial that an executor brought back, or that of a worker which did not come back.

        Raises:
            Exception: what the objective raised, which no other trial would be spared.
        """
        if outcome.error is not None:
            raise outcome.error
        trial: Trial
        if outcome.failure is None:
            trial = outcome.value
            if trial.status == "complete" and (trial.score is None or not math.isfinite(trial.score)):
                error = f"FloatingPointError: the score is {trial.score}"
                trial = replace(trial, status="failed", score=None, error=error)
        else:
            trial = self.as_failed(str(outcome.failure), outcome.seconds)
        return replace(trial, retries=outcome.retries) if outcome.retries else trial
