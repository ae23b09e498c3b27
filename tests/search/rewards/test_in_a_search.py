"""Rewards and budgets in a search: what is compared, what is trained, what samplers are told."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from tests.modeler.builders.dag.networks import make_builder

from amber.errors import DataError, InvalidArchitectureError
from amber.search import JournalStore, Objective, RunDirectory, SamplerSettings, ranking_table, run_search
from amber.search.one_shot import OneShotSettings, run_one_shot
from amber.search.ranking import ranking_text
from amber.search.rewards import REWARDS, Budget, Reward, get_reward
from amber.training.train import train_model

MakeObjective = Callable[..., Objective]
CONVOLUTIONS, POOLS = (0, 0, 0), (1, 1, 0)


class Listening(optuna.samplers.RandomSampler):
    """Proposes given arcs and hears what became of them."""

    def __init__(self, *arcs: tuple[int, ...]) -> None:
        super().__init__(seed=0)
        self.arcs, self.told = list(arcs), []  # type: ignore[var-annotated]

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        position = ("L0.op", "L1.op", "L1.skip.0").index(param_name)
        return self.arcs[trial.number % len(self.arcs)][position]

    def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
        self.told.append(None if values is None else values[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.parity if name == "auroc" else ())
        for name in sorted(set(REWARDS) - {"loss"})
    ],
)
def test_the_score_is_the_reward_of_the_trained_network(name: str, make_objective: MakeObjective) -> None:
    objective = make_objective(reward=name, metric="val_loss", direction="minimize", patience=1)
    trial = objective.evaluate(CONVOLUTIONS, 5)
    assert trial.status == "complete", trial.error
    trained = train_model(
        lambda: objective.builder(CONVOLUTIONS), objective.train, objective.validation, objective.settings, 5
    )
    x, y = objective.validation
    expected = get_reward(name)(y, trained.model.predict(x, verbose=0))
    assert trial.score == trial.metrics[f"val_{name}"] == pytest.approx(expected, abs=1e-5)
    assert (objective.metric, objective.direction) == (f"val_{name}", "maximize")
    assert "val_loss" in trial.metrics


@pytest.mark.slow
def test_accuracy_is_what_keras_reports_and_loss_is_the_loss(make_objective: MakeObjective) -> None:
    keras_accuracy = make_objective().evaluate(CONVOLUTIONS, 5)
    assert make_objective(reward="accuracy").evaluate(CONVOLUTIONS, 5).score == pytest.approx(keras_accuracy.score)
    objective = make_objective(reward="loss")
    loss = objective.evaluate(CONVOLUTIONS, 5)
    assert loss.score == loss.metrics["val_loss"] == keras_accuracy.metrics["val_loss"]
    assert (objective.metric, objective.direction, objective.infeasible_value) == ("val_loss", "minimize", None)


def test_one_class_in_the_validation_data_is_the_datas_mistake(make_objective: MakeObjective) -> None:
    objective = make_objective(reward="auroc")
    objective.validation = (objective.validation[0], np.zeros_like(objective.validation[1]))
    with pytest.raises(DataError, match="differ between records"):
        run_search(objective, trials=1, seed=0)


def test_the_final_output_is_scored_where_there_are_intermediate_ones() -> None:
    rng = np.random.default_rng(0)
    data = [rng.normal(size=(40, 1)).astype("float32") for _ in range(2)], rng.normal(size=(40, 1)).astype("float32")
    builder = make_builder([1, 1], 2, dag_func="InputBlockDAG")
    objective = Objective(builder, data, data, metric="val_loss", direction="minimize", epochs=1, reward="pearson")
    trial = objective.evaluate([0, 1, 0, 0, 0, 1, 1], 0)
    assert trial.status == "complete" and -1 <= (trial.score or 0) <= 1, trial.error


@pytest.mark.slow
@pytest.mark.parametrize(("reward", "worst"), [("auroc", 0.0), ("mcc", -1.0), (None, "worst so far")])
def test_over_budget_is_recorded_and_told_but_not_trained(
    reward: str | None, worst: Any, make_objective: MakeObjective, builder: Any, tmp_path: Path
) -> None:
    limit = make_objective().prepare(POOLS).parameters
    objective = make_objective(reward=reward, budget=Budget(parameters=limit))
    sampler = Listening(CONVOLUTIONS, POOLS, CONVOLUTIONS, (1, 2, 0))
    directory = RunDirectory.create(tmp_path / "run")
    result = run_search(objective, trials=2, seed=0, sampler=sampler, store=directory)
    trials = sorted(result.trials, key=lambda trial: trial.number)
    assert [trial.status for trial in trials] == ["over budget", "complete", "duplicate", "complete"]
    assert builder.built == [POOLS, (1, 2, 0)]
    over = trials[0]
    assert over.score is None and over.parameters is not None and over.parameters > limit
    assert over.error == f"{over.parameters:,} parameters of {limit:,} allowed"
    assert "over budget" in (trials[2].error or "")
    # Before there is a score, what has no worst value of its own is told as a failure.
    expected = trials[1].score if reward is None else worst
    assert sampler.told == [None if reward is None else worst, trials[1].score, expected, trials[3].score]
    assert directory.trials() == trials
    assert result.counts()["over budget"] == 1
    assert "Also proposed: 1 over budget, 1 duplicate" in ranking_text(result.trials)
    assert ranking_table(result.ranked).caption is None


def test_what_is_no_network_is_told_as_the_worst(
    make_objective: MakeObjective, builder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = builder.plan

    def refuse(arc: Any) -> Any:
        if tuple(arc) == POOLS:
            raise InvalidArchitectureError("no network")
        return plan(arc)

    monkeypatch.setattr(builder, "plan", refuse)
    sampler = Listening(POOLS, CONVOLUTIONS)
    run_search(make_objective(reward="pearson"), trials=1, seed=0, sampler=sampler)
    assert sampler.told[0] == -1.0


def test_a_budget_of_flops_and_two_objectives(make_objective: MakeObjective) -> None:
    limit = make_objective().prepare(POOLS).flops
    objective = make_objective(reward="accuracy", budget=Budget(flops=limit))
    result = run_search(objective, trials=4, seed=0, sampler=SamplerSettings("nsga2", {"population_size": 4}))
    assert result.counts()["over budget"] > 0
    assert all(trial.flops is not None and trial.flops <= limit for trial in result.ranked)
    assert not objective.evaluate(CONVOLUTIONS, 0).epochs


@pytest.mark.slow
def test_a_search_taken_up_again_keeps_reward_and_budget(make_objective: MakeObjective, tmp_path: Path) -> None:
    limit = make_objective().prepare(POOLS).parameters

    def run(path: Path, trials: int) -> Any:
        objective = make_objective(reward="auroc", budget=Budget(parameters=limit))
        directory = RunDirectory.resume(path)
        return run_search(
            objective,
            trials=trials,
            seed=1,
            sampler=SamplerSettings("evolution", {"population_size": 3, "sample_size": 2}),
            store=JournalStore(directory, resume=True),
        )

    run(tmp_path / "a", 2)
    taken_up, whole = run(tmp_path / "a", 5), run(tmp_path / "b", 5)
    assert [trial.tokens for trial in taken_up.trials] == [trial.tokens for trial in whole.trials]
    assert whole.counts()["over budget"] > 0


@pytest.mark.slow
def test_one_shot_compares_the_reward_within_the_budget(make_objective: MakeObjective, builder: Any) -> None:
    settings = OneShotSettings(
        warm_up_steps=1, steps_per_episode=1, episodes=2, architectures=4, sample=6, top_k=2, calibration_steps=1
    )
    limit = make_objective().prepare((1, 0, 0)).parameters
    objective = make_objective(reward="auroc", budget=Budget(parameters=limit))
    found = run_one_shot(objective, seed=3, settings=settings)
    assert found.search.metric == "val_auroc" and found.search.counts()["complete"] == len(found.candidates) > 0
    assert all((trial.parameters or math.inf) <= limit for trial in found.search.trials)
    assert all(0 <= each["best"] <= 1 for each in found.history)
    nothing = run_one_shot(make_objective(budget=Budget(parameters=1)), seed=3, settings=settings)
    assert nothing.search.stopped == "exhausted" and not nothing.search.trials


def test_a_reward_that_fails_is_named_and_ends_no_search(make_objective: MakeObjective) -> None:
    calls: list[object] = []

    def fails_once(targets: object, predictions: object) -> float:
        calls.append(targets)
        if len(calls) == 1:
            raise KeyError("x")
        return 0.5

    found = run_search(make_objective(reward=Reward("mine", fails_once)), trials=2, seed=0)
    failed, complete = sorted(found.trials, key=lambda each: each.number)
    assert failed.status == "failed" and "The reward 'mine' failed: KeyError: 'x'" in (failed.error or "")
    assert complete.status == "complete" and complete.score == 0.5
