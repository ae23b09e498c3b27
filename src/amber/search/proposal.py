"""A proposal between being asked for and being settled, and the trials of those that no training settles."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from amber.search.candidate import Candidate
from amber.search.executors import Outcome
from amber.search.trial import TrialResult


@dataclass(frozen=True)
class Known:
    """A proposal that this process has not made itself, or not since it was started.

    Attributes:
        number: position among all proposals of the search, from 0.
        tokens: the architecture; None where the sampler is to say it once more.
        candidate: the planned network, where it is known.
        trial: what became of it; None where it is not settled.
        mine: whether this process is to settle it.
    """

    number: int
    tokens: tuple[int, ...] | None = None
    candidate: Candidate | None = None
    trial: TrialResult | None = None
    mine: bool = True


@dataclass(frozen=True)
class Proposal:
    """What the sampler proposed.

    Attributes:
        number: position among all proposals of the search, from 0.
        tokens: the architecture.
        asked: Optuna's trial.
        candidate: the planned network; None until it is planned.
        seed: of its training; None until it is planned.
    """

    number: int
    tokens: tuple[int, ...]
    asked: Any
    candidate: Candidate | None = None
    seed: int | None = None

    @property
    def fingerprint(self) -> str:
        """Of the planned network; empty until it is planned."""
        return self.candidate.fingerprint if self.candidate else ""

    def as_duplicate(self, first: TrialResult) -> TrialResult:
        """Returns the trial of a network that `first` has settled."""
        return replace(
            first,
            number=self.number,
            tokens=self.tokens,
            status="duplicate",
            seconds=0.0,
            epochs=0,
            curve=(),
            error=f"the same network as trial {first.number} ({first.status})",
        )

    def as_trial(self, outcome: Outcome) -> TrialResult:
        """Returns the trial that an executor brought back, or that of a worker which did not come back.

        Raises:
            Exception: what the objective raised, which no other trial would be spared.
        """
        if outcome.error is not None:
            raise outcome.error
        if outcome.failure is None:
            trial: TrialResult = outcome.value
            if trial.status == "complete" and (trial.score is None or not math.isfinite(trial.score)):
                error = f"FloatingPointError: the score is {trial.score}"
                return replace(trial, status="failed", score=None, error=error)
            return trial
        return TrialResult(
            self.number,
            self.tokens,
            self.fingerprint,
            "failed",
            parameters=self.candidate.parameters if self.candidate else None,
            flops=self.candidate.flops if self.candidate else None,
            seconds=outcome.seconds,
            seed=self.seed,
            error=str(outcome.failure),
        )
