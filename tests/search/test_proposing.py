"""What becomes of a proposal: a score that is not a finite number is a failure, and a failure says why."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import optuna
import pytest

from amber.errors import ConfigError
from amber.search import Objective
from amber.search.candidate import Candidate, token_fingerprint
from amber.search.executors import Outcome
from amber.search.executors.base import Failure
from amber.search.proposing import Proposal, Proposer
from amber.search.samplers import SAMPLERS
from amber.search.trial import Trial

PROPOSAL = Proposal(4, (1, 0), asked=None)


@pytest.mark.parametrize("score", [None, math.nan, math.inf, -math.inf])
def test_a_score_that_is_not_a_finite_number_is_a_failure(score: Any) -> None:
    trial = PROPOSAL.as_trial(Outcome(4, Trial(4, (1, 0), "aa", "complete", score, parameters=7, seconds=2.0)))
    assert (trial.status, trial.score, trial.parameters, trial.seconds) == ("failed", None, 7, 2.0)
    assert trial.error == f"FloatingPointError: the score is {score}"


@pytest.mark.parametrize(("status", "score"), [("complete", 0.0), ("complete", -1.5), ("pruned", None)])
def test_other_trials_stay_what_they_are(status: str, score: float | None) -> None:
    trial = Trial(4, (1, 0), "aa", status, score)
    assert PROPOSAL.as_trial(Outcome(4, trial)) is trial
    assert replace(PROPOSAL, retries=2).as_trial(Outcome(4, trial)).retries == 2


def test_a_worker_that_did_not_come_back() -> None:
    lost = Outcome(4, failure=Failure("memory", "killed"), seconds=3.0)
    trial = replace(PROPOSAL, retries=1).as_trial(lost)
    assert (trial.status, trial.error, trial.seconds, trial.retries) == ("failed", "MemoryError: killed", 3.0, 1)
    assert trial.fingerprint == token_fingerprint((1, 0)) and trial.parameters is None
    with pytest.raises(ZeroDivisionError):
        PROPOSAL.as_trial(Outcome(4, error=ZeroDivisionError()))


def test_what_a_failure_and_a_duplicate_keep() -> None:
    planned = Proposal(4, (1, 0), None, Candidate((1, 0), "ff", 70, 80), seed=9)
    failed = planned.as_failed("it broke", 1.5)
    assert (failed.fingerprint, failed.parameters, failed.flops, failed.seed) == ("ff", 70, 80, 9)
    assert (failed.status, failed.error, failed.seconds, failed.curve) == ("failed", "it broke", 1.5, ())
    assert PROPOSAL.as_failed("it broke", fingerprint="gg").fingerprint == "gg"
    first = Trial(1, (0, 0), "ff", "complete", 0.5, seconds=9.0, epochs=3, curve=(0.5,), retries=1, parameters=70)
    again = planned.as_duplicate(first)
    assert (again.number, again.tokens, again.status, again.score, again.parameters) == (
        4,
        (1, 0),
        "duplicate",
        0.5,
        70,
    )
    assert (again.seconds, again.epochs, again.curve, again.retries) == (0.0, 0, (), 0)
    assert again.error == "the same network as trial 1 (complete)"


def test_two_objectives_and_a_pruner_are_refused(make_objective: Callable[..., Objective]) -> None:
    objective = make_objective()
    sampler = SAMPLERS.get("nsga2")(objective.layout, 0, against="parameters", population_size=6)
    assert Proposer(objective, sampler, None).against == ("parameters",)
    with pytest.raises(ConfigError, match="A pruner needs one objective, the score. Received: also parameters"):
        Proposer(objective, sampler, optuna.pruners.NopPruner())
