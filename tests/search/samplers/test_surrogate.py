"""The surrogate sampler: it learns in spite of noise and of what is infeasible, and never asks for the same twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import pytest
from scipy.integrate import quad

from amber.architect import TokenLayout
from amber.errors import ConfigError
from amber.search import Objective, SamplerSettings, Trial, make_sampler, run_search
from amber.search.samplers import token_distributions, tokens_of
from amber.search.samplers.surrogate import SurrogateSampler, log_improvement
from amber.search.samplers.tokens import INFEASIBLE, WITHDRAWN
from amber.search.samplers.told import StudyReader
from amber.search.settings import chosen_sampler

MakeObjective = Callable[..., Objective]
Tokens = tuple[int, ...]

LAYOUT = TokenLayout([4, 4, 4])


def planted(tokens: Tokens) -> float:
    """From 0 to 6: tokens that are those of one architecture."""
    return float(sum(a == b for a, b in zip(tokens, (2, 1, 1, 3, 0, 1), strict=True)))


def run(
    sampler: optuna.samplers.BaseSampler,
    value: Callable[[Tokens], float | None],
    trials: int,
    study: optuna.Study | None = None,
    layout: TokenLayout = LAYOUT,
) -> tuple[list[Tokens], optuna.Study]:
    """Ask and tell; a value of None is a failure."""
    study = study or optuna.create_study(direction="maximize", sampler=sampler)
    study.sampler = sampler
    seen = []
    for _ in range(trials):
        asked = study.ask(fixed_distributions=token_distributions(layout))
        tokens = tokens_of(asked.params, layout)
        assert tokens is not None
        seen.append(tokens)
        found = value(tokens)
        study.tell(asked, found, state=optuna.trial.TrialState.FAIL if found is None else None)
    return seen, study


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_it_finds_a_planted_architecture_in_noise(seed: int) -> None:
    noise = np.random.default_rng(seed)
    seen, _ = run(make_sampler("surrogate", LAYOUT, seed), lambda tokens: planted(tokens) + noise.normal() / 2, 60)
    assert max(map(planted, seen)) == 6.0  # one of 512; 60 random ones hold it once in nine times
    assert np.mean([planted(each) for each in seen[30:]]) > 2.25 + 1  # random ones have 2.25 in the mean


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_it_learns_what_is_infeasible(seed: int) -> None:
    layout = TokenLayout([4] * 4)
    target, noise = np.array(layout.sample(3)), np.random.default_rng(seed)

    def infeasible(tokens: Tokens) -> bool:
        """Seven of sixteen: some by a token of their own, some by two together."""
        return (tokens[0] - target[0]) % 4 == 1 or (tokens[1] + tokens[3] - target[1] - target[3]) % 4 == 2

    def same(tokens: Tokens) -> int:
        return int((np.array(tokens) == target).sum())

    sampler = make_sampler("surrogate", layout, seed)
    seen, _ = run(
        sampler, lambda each: None if infeasible(each) else same(each) + 0.3 * noise.normal(), 60, layout=layout
    )
    assert max(same(each) for each in seen if not infeasible(each)) == 10  # one of 16,384
    assert np.mean([infeasible(each) for each in seen[30:]]) < 0.3


def test_no_two_proposals_are_alike_whatever_is_still_being_trained() -> None:
    study = optuna.create_study(direction="maximize", sampler=make_sampler("surrogate", LAYOUT, 0))
    waiting: list[optuna.Trial] = []
    seen = []
    for number in range(60):
        waiting.append(study.ask(fixed_distributions=token_distributions(LAYOUT)))
        seen.append(tokens_of(waiting[-1].params, LAYOUT))
        if number >= 7:
            done = waiting.pop((5 * number) % 8)
            study.tell(done, planted(tokens_of(done.params, LAYOUT) or ()))
    assert len(set(seen)) == 60


def test_a_space_is_searched_to_its_end() -> None:
    layout = TokenLayout([3, 3], with_skips=False)
    seen, _ = run(make_sampler("surrogate", layout, 0), lambda tokens: float(sum(tokens)), 12, layout=layout)
    assert len(set(seen[:9])) == 9  # then it can only repeat


def test_a_study_taken_up_again_goes_on_as_it_would_have() -> None:
    whole, _ = run(make_sampler("surrogate", LAYOUT, 7), planted, 24)
    first, study = run(make_sampler("surrogate", LAYOUT, 7), planted, 13)
    second, _ = run(make_sampler("surrogate", LAYOUT, 7), planted, 11, study=study)
    assert first + second == whole
    assert run(make_sampler("surrogate", LAYOUT, 8), planted, 13)[0] != first


def test_only_the_order_of_scores_counts() -> None:
    plain, _ = run(make_sampler("surrogate", LAYOUT, 1), planted, 20)
    bent, _ = run(make_sampler("surrogate", LAYOUT, 1), lambda tokens: 1e6 * np.exp(planted(tokens)), 20)
    assert plain == bent


def test_features_of_the_user_are_learnt_from() -> None:
    layout = TokenLayout([6] * 5, with_skips=False)

    def parity(tokens: Tokens) -> float:
        """Not to be seen from single tokens."""
        return float(sum(tokens) % 5)

    def mean_of_last(**options: Any) -> float:
        sampler = make_sampler("surrogate", layout, 0, **options)
        seen, _ = run(sampler, parity, 40, layout=layout)
        return float(np.mean([parity(each) for each in seen[20:]]))

    assert mean_of_last(features=lambda tokens: [parity(tokens)]) > mean_of_last() + 1


def test_of_what_is_alike_the_cheap_is_tried_first() -> None:
    def cost(tokens: Tokens) -> int:
        return 1000 * 2 ** sum(tokens[-2:])

    def mean_cost(**options: Any) -> float:
        sampler = make_sampler("surrogate", LAYOUT, 0, **options)
        assert isinstance(sampler, SurrogateSampler)
        sampler.know_costs(cost)
        seen, _ = run(sampler, lambda tokens: float(tokens[0] == 2), 30)
        assert sum(tokens[0] == 2 for tokens in seen) > 12  # what counts is learnt all the same
        return float(np.mean([np.log(cost(tokens)) for tokens in seen[6:]]))

    assert mean_cost(cost_exponent=1.0) < mean_cost() - 0.5


def test_a_search_tells_the_sampler_what_trainings_cost(
    make_objective: MakeObjective, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = make_objective()
    told: list[int | None] = []

    def know_costs(sampler: SurrogateSampler, flops: Callable[[Tokens], int | None]) -> None:
        told.extend(flops(tuple(sampler.layout.sample(seed))) for seed in range(5))

    monkeypatch.setattr(SurrogateSampler, "know_costs", know_costs)
    chosen_sampler("surrogate", objective, 0)
    expected = [objective.prepare(objective.layout.sample(seed)).flops for seed in range(5)]
    assert told == expected and all(expected)


def test_where_nothing_can_be_planned_costs_do_not_count() -> None:
    def found(**options: Any) -> list[Tokens]:
        sampler = make_sampler("surrogate", LAYOUT, 3, **options)
        assert isinstance(sampler, SurrogateSampler)
        sampler.know_costs(lambda tokens: None)
        return run(sampler, planted, 12)[0]

    assert found(cost_exponent=1.0) == found()


def test_two_objectives_are_weighed_at_random() -> None:
    layout = TokenLayout([4] * 5, with_skips=False)
    sampler = make_sampler("surrogate", layout, 0)
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    found = []
    for _ in range(60):
        asked = study.ask(fixed_distributions=token_distributions(layout))
        tokens = tokens_of(asked.params, layout) or ()
        # The first three tokens gain a point each and cost nothing; each of the others costs what it gains.
        values = [sum(each == 1 for each in tokens), sum(each == 1 for each in tokens[3:])]
        study.tell(asked, [float(each) for each in values])
        found.append(tuple(values))
    assert {(3, 0), (4, 1), (5, 2)} <= set(found)  # the whole front


@pytest.mark.slow
def test_a_cost_beside_the_score_makes_a_search_of_two_objectives(make_objective: MakeObjective) -> None:
    options = {"against": "parameters", "startup_trials": 2}
    result = run_search(make_objective(), trials=5, seed=0, sampler=SamplerSettings("surrogate", options))
    assert result.counts()["complete"] == 5 and result.pareto_front("parameters")


def test_a_search_marks_what_it_could_not_train(make_objective: MakeObjective) -> None:
    objective = make_objective()
    read: list[Any] = []

    class Listening(SurrogateSampler):
        def propose(self, study: optuna.Study, number: int) -> Any:
            read.append(StudyReader(self.layout).read(study))
            return super().propose(study, number)

    def evaluate(arc: Any, seed: int, *, number: int, candidate: Any, **options: Any) -> Trial:
        status, score = ("failed", None) if arc[0] == 0 else ("complete", float(arc[1]))
        return Trial(number, tuple(arc), candidate.fingerprint, status, score)

    objective.evaluate = evaluate  # type: ignore[method-assign]
    sampler = Listening(objective.layout, 0, startup_trials=3)
    result = run_search(objective, trials=10, seed=0, sampler=sampler)
    failed = {each.tokens for each in result.trials[:] if each.status == "failed" and each.number < len(read) - 1}
    assert failed and {tuple(row) for row in read[-1].infeasible.tolist()} >= failed
    assert all(row[0] != 0 for row in read[-1].tokens.tolist())


def test_what_was_pruned_stands_below_what_is_complete_and_what_was_withdrawn_nowhere() -> None:
    study = optuna.create_study(direction="minimize")
    distributions = token_distributions(LAYOUT)

    def ask(*tokens: int) -> optuna.Trial:
        study.enqueue_trial(dict(zip(LAYOUT.names, tokens, strict=True)))
        return study.ask(fixed_distributions=distributions)

    study.tell(ask(0, 0, 0, 0, 0, 0), 9.0)
    for steps, last in ((1, 0.5), (2, 0.7), (2, 0.6)):
        pruned = ask(1, 0, 0, steps, 0, int(last == 0.6))
        for step in range(steps):
            pruned.report(last, step)
        study.tell(pruned, state=optuna.trial.TrialState.PRUNED)
    study.tell(ask(2, 0, 0, 0, 0, 0), 1.0)
    withdrawn, infeasible = ask(3, 0, 0, 0, 0, 0), ask(3, 1, 0, 0, 0, 0)
    withdrawn.set_user_attr(WITHDRAWN, True)
    study.tell(withdrawn, state=optuna.trial.TrialState.FAIL)
    infeasible.set_user_attr(INFEASIBLE, True)
    study.tell(infeasible, 9.0)
    ask(0, 0, 1, 0, 0, 0)
    reader = StudyReader(LAYOUT)
    for _ in range(2):  # the second time from what was kept
        told = reader.read(study)
        assert told.numbers.tolist() == [0, 1, 2, 3, 4]
        assert told.standing[:, 0].tolist() == [4, 1, 2, 3, 5]
        assert told.infeasible.tolist() == [[3, 1, 0, 0, 0, 0]] and told.pending.tolist() == [[0, 0, 1, 0, 0, 0]]
        assert len(told.taken) == 7
    assert len(reader.read(optuna.create_study()).numbers) == 0  # of another study it knows nothing


def test_improvement_is_that_of_a_normal_variable() -> None:
    for mean in (-9.0, -6.001, -5.999, -2.0, 0.0, 3.0):
        density = lambda x, mean=mean: x * np.exp(-((x - mean) ** 2) / 2) / np.sqrt(2 * np.pi)  # noqa: E731
        expected = quad(density, 0, max(mean, 0) + 10, epsabs=0, epsrel=1e-10)[0]
        assert log_improvement(np.array([mean]))[0] == pytest.approx(np.log(expected), abs=0.1)
    steps = log_improvement(np.linspace(-40, 4, 400))
    assert (np.diff(steps) > 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"startup_trials": 0}, "startup_trials"),
        ({"candidates": 0}, "candidates"),
        ({"against": "time"}, "against"),
        ({"cost_exponent": -1}, "cost_exponent"),
        ({"cost_exponent": "flops"}, "cost_exponent"),
    ],
)
def test_mistakes(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_sampler("surrogate", LAYOUT, 0, **options)
