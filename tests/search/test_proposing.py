"""What becomes of a proposal: a score that is not a finite number is a failure, and a failure says why."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import optuna
import pytest

from amber.architect import TokenLayout
from amber.errors import ConfigError
from amber.experiment.configuration.sections import SearchSection
from amber.known_names import DEFAULT_SAMPLER
from amber.search import Objective, Study, run_search
from amber.search.candidate import Candidate, token_fingerprint
from amber.search.executors import Outcome
from amber.search.executors.base import Failure
from amber.search.halving import run_halving
from amber.search.proposing import Proposal, Proposer
from amber.search.samplers import SAMPLERS, make_sampler, token_distributions, tokens_of
from amber.search.token_study import TokenStudy
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


@pytest.mark.parametrize("name", ["surrogate", "evolution", "random", "tpe"])
@pytest.mark.parametrize("pruner", [None, optuna.pruners.HyperbandPruner(1, 9, 3)])
def test_tokens_that_are_set_at_once_are_those_that_optuna_would_set(
    name: str, pruner: optuna.pruners.BasePruner | None
) -> None:
    layout = TokenLayout([3, 4, 2])
    study = TokenStudy(layout, make_sampler(name, layout, 7), pruner, ["maximize"])
    plain = optuna.create_study(
        sampler=make_sampler(name, layout, 7), pruner=pruner, direction="maximize", study_name="amber"
    )
    for _ in range(15):
        asked, tokens = study.ask()
        other = plain.ask(fixed_distributions=token_distributions(layout))
        assert tokens == tokens_of(other.params, layout) == tokens_of(asked.params, layout)
        for trial, owner in ((asked, study.optuna), (other, plain)):
            trial.report(float(sum(tokens)), 1)
            owner.tell(trial, float(sum(tokens)))
    kept = study.optuna.get_trials()
    assert [(each.number, each.params, each.values) for each in kept] == [
        (each.number, each.params, each.values) for each in plain.get_trials()
    ]


def test_given_tokens_begin_a_trial_that_the_sampler_learns_from() -> None:
    layout = TokenLayout([3, 4, 2])
    study = TokenStudy(layout, make_sampler("evolution", layout, 0, population_size=1), None, ["maximize"])
    given = layout.sample(5)
    study.optuna.tell(study.begin(given), 1.0)
    _, child = study.ask()
    assert sum(one != other for one, other in zip(given, child, strict=True)) == 1
    with pytest.raises(ValueError, match="not in"):
        study.begin((9, *given[1:]))


def test_searches_from_python_and_from_a_configuration_have_one_default() -> None:
    defaults = {inspect.signature(each).parameters["sampler"].default for each in (run_search, Study, run_halving)}
    assert defaults == {SearchSection.model_fields["sampler"].default} == {DEFAULT_SAMPLER}
