"""Samplers: every one drives every layout, and each does what its name says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import optuna
import pytest

from amber.architect import TokenLayout
from amber.architect.controllers import (
    ControllerSettings,
    GeneralController,
    MultiIOController,
    ZeroShotController,
    ZeroShotSettings,
)
from amber.errors import ConfigError
from amber.search import Objective, SamplerSettings, Trial, make_sampler, run_search
from amber.search.data_identity import comparable
from amber.search.result import SearchResult, rank
from amber.search.run_settings import changes_between
from amber.search.samplers import SAMPLERS, recorded_options, token_distributions, tokens_of
from amber.search.samplers.controller import ControllerSampler, controller_for
from amber.search.samplers.evolution import RegularizedEvolutionSampler
from amber.search.samplers.tokens import TokenSampler

MakeObjective = Callable[..., Objective]

LAYOUTS = {
    "operations": TokenLayout([3, 1, 2], with_skips=False),
    "skips": TokenLayout([3, 2, 2]),
    "inputs": TokenLayout([2, 3], num_inputs=2, with_skips=False),
    "inputs and outputs": TokenLayout([2, 2, 3], num_inputs=2, num_outputs=2),
    "outputs without skips": TokenLayout([2, 2], with_skips=False, num_outputs=1),
    "one layer": TokenLayout([4]),
}
SMALL_OPTIONS: dict[str, dict[str, Any]] = {
    "random": {},
    "tpe": {},
    "evolution": {"population_size": 8, "sample_size": 5},
    "nsga2": {"population_size": 6, "against": None},
    "controller": {"lstm_size": 4, "episode": 5},
    "surrogate": {"startup_trials": 4, "candidates": 60},
}


def run(
    sampler: optuna.samplers.BaseSampler,
    layout: TokenLayout,
    value: Callable[[tuple[int, ...]], float | None],
    trials: int,
    direction: str = "maximize",
    study: optuna.Study | None = None,
) -> tuple[list[tuple[int, ...]], optuna.Study]:
    """Asks and tells as `run_search` does; a value of None is a failure."""
    study = study or optuna.create_study(direction=direction, sampler=sampler)
    study.sampler = sampler
    seen = []
    for _ in range(trials):
        asked = study.ask(fixed_distributions=token_distributions(layout))
        tokens = tokens_of(asked.params, layout)
        assert tokens is not None
        seen.append(layout.validate(tokens))
        found = value(tokens)
        study.tell(asked, found, state=optuna.trial.TrialState.FAIL if found is None else None)
    return seen, study


def test_every_registered_sampler_is_tested_here() -> None:
    assert set(SMALL_OPTIONS) == set(SAMPLERS.names())


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", SMALL_OPTIONS)
def test_every_sampler_drives_every_layout_and_follows_its_seed(name: str, layout: str) -> None:
    tokens = LAYOUTS[layout]

    def value(arc: tuple[int, ...]) -> float | None:
        return None if sum(arc) == 1 else float(sum(arc))

    first, second, other = (
        run(make_sampler(name, tokens, seed, **SMALL_OPTIONS[name]), tokens, value, 16)[0] for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(SMALL_OPTIONS) - {"random"}))
def test_direction_is_followed(name: str) -> None:
    # The surrogate proposes nothing twice, so that it would soon have all that is good of a small space.
    layers, trials = (6, 60) if name == "surrogate" else (3, 120)
    layout = TokenLayout([4] * layers, with_skips=False)
    options = {**SMALL_OPTIONS[name], **({"learning_rate": 0.05} if name == "controller" else {})}

    def mean(direction: str) -> float:
        sampler = make_sampler(name, layout, 0, **options)
        seen, _ = run(sampler, layout, lambda arc: float(sum(arc)), trials, direction)
        return float(np.mean(seen[-40:]))  # over tokens, too: 1.5 where nothing is learnt

    assert mean("minimize") < 1.15 < 1.85 < mean("maximize")


class TestEvolution:
    layout = LAYOUTS["inputs and outputs"]

    def test_a_child_differs_from_its_parent_in_one_token_of_any_kind(self) -> None:
        sampler = RegularizedEvolutionSampler(self.layout, 0)
        rng = np.random.default_rng(0)
        parent = self.layout.sample(rng)
        kinds: dict[str, int] = {}
        for _ in range(400):
            child = self.layout.validate(sampler.mutate(parent, rng))
            changed = [name for name, a, b in zip(self.layout.names, parent, child, strict=True) if a != b]
            assert len(changed) == 1
            kind = "output" if changed[0].startswith("out") else changed[0].split(".")[1]
            kinds[kind] = kinds.get(kind, 0) + 1
        assert set(kinds) == {"op", "input", "skip", "output"}
        assert min(kinds.values()) > 70  # kinds are equally likely, however many tokens they have

    def test_nothing_to_mutate(self) -> None:
        sampler = RegularizedEvolutionSampler(TokenLayout([1, 1], with_skips=False), 0)
        assert sampler.mutate((0, 0), np.random.default_rng(0)) == (0, 0)

    def test_parents_are_the_best_of_the_living_and_the_oldest_die(self) -> None:
        layout = TokenLayout([50] * 3, with_skips=False)
        sampler = RegularizedEvolutionSampler(layout, 0, population_size=5, sample_size=200)
        scores = iter([1.0, 9.0, 3.0, 2.0, 4.0] + [0.0] * 5 + [5.0])
        seen, study = run(sampler, layout, lambda arc: next(scores), 11)

        def differing(a: tuple[int, ...], b: tuple[int, ...]) -> int:
            return sum(x != y for x, y in zip(a, b, strict=True))

        # Trial 1 is the best while it is among the last five: of the children 5 and 6 it is the parent.
        assert [differing(seen[1], seen[i]) for i in (5, 6)] == [1, 1]
        # Then it is dead, and trial 4 is the best that lives.
        assert [differing(seen[4], seen[i]) for i in (7, 8, 9)] == [1, 1, 1]
        assert differing(seen[1], seen[9]) > 1
        next_tokens = run(sampler, layout, lambda arc: 0.0, 1, study=study)[0][0]
        assert differing(seen[10], next_tokens) == 1

    def test_a_study_taken_up_again_goes_on_as_it_would_have(self) -> None:
        def value(arc: tuple[int, ...]) -> float:
            return float(sum(arc))

        def fresh() -> RegularizedEvolutionSampler:
            return RegularizedEvolutionSampler(self.layout, 7, population_size=6)

        whole, _ = run(fresh(), self.layout, value, 20)
        first, study = run(fresh(), self.layout, value, 9)
        second, _ = run(fresh(), self.layout, value, 11, study=study)
        assert first + second == whole

    @pytest.mark.parametrize("setting", [{"population_size": 0}, {"sample_size": 0}])
    def test_sizes_below_one(self, setting: dict[str, int]) -> None:
        with pytest.raises(ConfigError, match="must be positive"):
            RegularizedEvolutionSampler(self.layout, 0, **setting)


class TestController:
    layout = LAYOUTS["skips"]

    def steps(self, sampler: ControllerSampler) -> int:
        return int(keras.ops.convert_to_numpy(sampler.controller.model.optimizer.iterations))

    def test_it_trains_after_every_episode(self) -> None:
        sampler = ControllerSampler(controller_for(self.layout, 0, lstm_size=4, train_pi_iter=1), episode=4)
        steps = []
        study = None
        for _ in range(9):
            _, study = run(sampler, self.layout, lambda arc: float(arc[0]), 1, study=study)
            steps.append(self.steps(sampler))
        assert steps == [0, 0, 0, 1, 1, 1, 1, 2, 2]

    def test_it_proposes_what_its_controller_samples(self) -> None:
        sampler = ControllerSampler(controller_for(self.layout, 3, lstm_size=4), episode=6)
        seen, _ = run(sampler, self.layout, lambda arc: 1.0, 6)
        assert seen == [tuple(arc) for arc in controller_for(self.layout, 3, lstm_size=4).sample(6).tolist()]

    def test_a_failure_counts_as_the_worst_so_far(self) -> None:
        values = iter([None, 3.0, 2.0, None, 5.0])
        sampler = ControllerSampler(controller_for(self.layout, 0, lstm_size=4), episode=4)
        run(sampler, self.layout, lambda arc: next(values), 5)  # the first failure is passed over
        assert sampler.controller.buffer is not None
        assert sampler.controller.buffer.paths[0].rewards.tolist() == [3.0, 2.0, 2.0, 5.0]

    def test_minimising_negates(self) -> None:
        sampler = ControllerSampler(controller_for(self.layout, 0, lstm_size=4), episode=2)
        values = iter([1.0, 4.0])
        run(sampler, self.layout, lambda arc: next(values), 2, "minimize")
        assert sampler.controller.buffer is not None
        assert sampler.controller.buffer.paths[0].rewards.tolist() == [-1.0, -4.0]

    def test_it_learns_from_trials_that_others_proposed(self) -> None:
        sampler = ControllerSampler(controller_for(self.layout, 0, lstm_size=4), episode=2)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        arcs = [(2, 1, 1, 1, 0, 1), (0, 0, 0, 1, 1, 1)]
        for arc in arcs:
            study.enqueue_trial(dict(zip(self.layout.names, arc, strict=True)))
        seen, _ = run(sampler, self.layout, lambda arc: float(arc[0]), 2, study=study)
        assert seen == arcs
        buffer = sampler.controller.buffer
        assert buffer is not None and buffer.paths[0].actions.tolist() == [list(arc) for arc in arcs]
        assert [each.shape[0] for each in buffer.paths[0].probabilities] == [2] * 5

    def test_several_trials_may_be_open_at_once(self) -> None:
        sampler = ControllerSampler(controller_for(self.layout, 0, lstm_size=4), episode=4)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        distributions = token_distributions(self.layout)
        open_trials = [study.ask(fixed_distributions=distributions) for _ in range(8)]
        for trial in reversed(open_trials):
            study.tell(trial, float(trial.params["L0.op"]))
        assert sampler.controller.buffer is not None
        kept = sampler.controller.buffer.paths[-1]
        assert kept.actions.tolist() == [list(tokens_of(t.params, self.layout) or ()) for t in open_trials[3::-1]]

    def test_it_conditions_on_a_description(self) -> None:
        settings = ZeroShotSettings(lstm_size=4)
        controller = ZeroShotController([3, 2, 2], {"length": 2}, settings, seed=0)
        sampler = ControllerSampler(controller, episode=3, description=np.array([[1.0, 2.0]]), manager_index=4)
        run(sampler, self.layout, lambda arc: float(arc[0]), 3)
        assert controller.buffer is not None
        path = controller.buffer.paths[0]
        assert path.descriptions is not None and path.managers is not None
        assert path.descriptions.tolist() == [[1.0, 2.0]] * 3 and path.managers.tolist() == [4, 4, 4]
        plain = ControllerSampler(
            ZeroShotController([3, 2, 2], {"length": 2}, ZeroShotSettings(lstm_size=4), seed=0), episode=2
        )
        run(plain, self.layout, lambda arc: float(arc[0]), 2)
        assert plain.controller.buffer is not None
        assert plain.controller.buffer.paths[0].descriptions.tolist() == [[0.0, 0.0]] * 2  # type: ignore[union-attr]

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_its_controller_can_sample_every_architecture(self, layout: str) -> None:
        tokens = LAYOUTS[layout]
        controller = controller_for(tokens, 0, lstm_size=4)
        assert controller.layout == tokens
        rng = np.random.default_rng(0)
        assert (controller.log_probabilities([tokens.sample(rng) for _ in range(200)]) > -50).all()
        assert isinstance(controller, MultiIOController) == bool(tokens.num_outputs)

    def test_mistakes(self) -> None:
        with pytest.raises(ConfigError, match="buffer"):
            ControllerSampler(GeneralController([2], ControllerSettings(buffer_type=None)))
        with pytest.raises(ConfigError, match="episode"):
            ControllerSampler(GeneralController([2]), episode=0)
        with pytest.raises(ConfigError, match="lstm_sise"):
            make_sampler("controller", self.layout, 0, lstm_sise=3)


def test_a_sampler_of_one_score_refuses_a_study_of_two() -> None:
    layout = LAYOUTS["skips"]
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=make_sampler("evolution", layout, 0))
    with pytest.raises(ConfigError, match="2 objectives"):
        study.ask(fixed_distributions=token_distributions(layout))


def test_parameters_that_are_no_tokens_are_drawn_at_random() -> None:
    layout = LAYOUTS["skips"]
    drawn = []
    for _ in range(2):
        study = optuna.create_study(sampler=make_sampler("evolution", layout, 0))
        drawn.append([study.ask().suggest_float("rate", 0, 1) for _ in range(3)])
    assert drawn[0] == drawn[1] and len(set(drawn[0])) == 3
    with pytest.raises(NotImplementedError, match="propose"):
        TokenSampler(layout, 0).propose(study, 0)


def test_pareto_front_holds_what_nothing_beats_in_both() -> None:
    def trial(number: int, score: float, parameters: int) -> Trial:
        return Trial(number, (number,), str(number), "complete", score, parameters=parameters)

    trials = [trial(0, 0.9, 100), trial(1, 0.8, 100), trial(2, 0.8, 50), trial(3, 0.7, 60), trial(4, 0.1, 10)]
    lost = Trial(5, (5,), "5", "failed", parameters=1)
    for direction, expected in [("maximize", [0, 2, 4]), ("minimize", [4])]:
        result = SearchResult(tuple(rank([*trials, lost], direction)), "val_accuracy", direction, 0)
        assert [each.number for each in result.pareto_front()] == expected


@pytest.mark.parametrize("against", ["parameters", "flops"])
def test_nsga2_weighs_the_score_against_a_cost(make_objective: MakeObjective, against: str) -> None:
    """The score is the share of convolutions of many parameters: good and cheap pull apart."""
    objective = make_objective()
    costs = {}

    def evaluate(arc: Any, seed: int, *, number: int, candidate: Any) -> Trial:
        score = float(arc[0] == 0) + float(arc[1] == 0)
        costs[tuple(arc)] = (candidate.parameters, candidate.flops)
        return Trial(
            number,
            tuple(arc),
            candidate.fingerprint,
            "complete",
            score,
            parameters=candidate.parameters,
            flops=candidate.flops,
        )

    objective.evaluate = evaluate  # type: ignore[method-assign]
    told: list[list[float]] = []

    class Listening(SAMPLERS.get("nsga2")(objective.layout, 0, against=against, population_size=6).__class__):  # type: ignore[misc]
        def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
            assert [each.name for each in study.directions] == ["MAXIMIZE", "MINIMIZE"]
            told.append(list(values))
            super().after_trial(study, trial, state, values)

    result = run_search(objective, trials=12, seed=0, sampler=Listening(against=against, seed=0, population_size=6))
    index = ("parameters", "flops").index(against)
    by_number = sorted(result.trials, key=lambda trial: trial.number)
    assert told == [[trial.score, costs[trial.tokens][index]] for trial in by_number]
    front = result.pareto_front(against)
    assert len(front) > 1 and front[0].score == result.best.score  # type: ignore[union-attr]
    with pytest.raises(ConfigError, match="against"):
        make_sampler("nsga2", objective.layout, 0, against="seconds")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SMALL_OPTIONS))
def test_every_sampler_runs_a_search(name: str, make_objective: MakeObjective, tmp_path: Path) -> None:
    result = run_search(make_objective(), trials=3, seed=0, sampler=SamplerSettings(name, SMALL_OPTIONS[name]))
    assert result.counts()["complete"] == 3 and result.best is not None


def test_tpe_models_tokens_jointly_as_optuna_does() -> None:
    layout = LAYOUTS["skips"]

    def proposed(sampler: optuna.samplers.BaseSampler) -> list[Any]:
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for _ in range(30):
            trial = study.ask(dict(token_distributions(layout)))
            study.tell(trial, sum(trial.params.values()))
        return [trial.params for trial in study.trials]

    ours = proposed(make_sampler("tpe", layout, 3))
    assert ours == proposed(optuna.samplers.TPESampler(seed=3, multivariate=True))
    assert ours != proposed(make_sampler("tpe", layout, 3, multivariate=False))


def test_a_record_says_how_tpe_models_tokens() -> None:
    assert recorded_options("tpe", {}) == {"multivariate": True} and recorded_options("random", {}) == {}
    assert recorded_options("TPE", {"multivariate": False, "candidates": 3}) == {"multivariate": False, "candidates": 3}
    # A search from before the default changed had it otherwise, and that is said when it is taken up.
    old = {"search": {"sampler": "tpe", "sampler_options": {}}}
    now = {"search": {"sampler": "tpe", "sampler_options": recorded_options("tpe", {})}}
    (change,) = changes_between(*comparable(old, now))
    assert (change.key, change.before, change.now) == ("search.sampler_options.multivariate", False, True)
    kept = {"search": {"sampler": "tpe", "sampler_options": {"multivariate": False}}}
    assert not changes_between(*comparable(old, kept)) and not changes_between(*comparable(now, now))
