"""Goals beside the score: several costs at once, the Pareto front, and latency as a limit and as an objective."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from tests.search.conftest import CountingBuilder

from amber.errors import ConfigError
from amber.search import (
    Budget,
    JournalStore,
    Objective,
    RunDirectory,
    SamplerSettings,
    SearchResult,
    Trial,
    front_table,
    make_sampler,
    ranking_table,
    run_search,
)
from amber.search.costs import checked_costs
from amber.search.latency import latency
from amber.search.ranking import ranking_text

MakeObjective = Callable[..., Objective]


def trial(number: int, score: float, parameters: int, milliseconds: float | None = None) -> Trial:
    return Trial(
        number, (number,), str(number), "complete", score, parameters=parameters, flops=1, latency=milliseconds
    )


def test_the_front_of_several_costs_is_what_nothing_beats_in_all() -> None:
    trials = (
        trial(0, 0.9, 100, 5.0),
        trial(1, 0.9, 100, 5.0),  # the same
        trial(2, 0.8, 90, 6.0),
        trial(3, 0.8, 120, 4.0),
        trial(4, 0.7, 95, 7.0),  # worse than 2
        trial(5, 0.1, 10),  # its latency is not known
    )
    result = SearchResult(trials, "val_accuracy", "maximize", 0)
    assert [each.number for each in result.pareto_front(["parameters", "latency"])] == [0, 2, 3]
    assert [each.number for each in result.pareto_front("latency")] == [0, 3]
    assert [each.number for each in result.pareto_front()] == [0, 2, 5]
    table = front_table(result, ("parameters", "latency"))
    assert [column.header for column in table.columns][2:4] == ["parameters", "ms per batch"] and table.row_count == 3
    with pytest.raises(ConfigError, match="against must be of"):
        result.pareto_front("seconds")


@pytest.mark.parametrize("against", ["time", ["flops", "flops"], ["flops", 3]])
def test_costs_are_known_and_given_once(against: Any) -> None:
    with pytest.raises(ConfigError, match="Received"):
        checked_costs(against)
    assert checked_costs(None) == () and checked_costs("flops") == ("flops",)


def test_a_latency_makes_the_round_trip_and_stands_in_tables() -> None:
    timed, plain = trial(0, 0.5, 3, 1.25), trial(1, 0.4, 3)
    assert Trial.from_dict(timed.to_dict()) == timed and "latency" not in plain.to_dict()
    assert "1.25" in ranking_text([timed, plain]) and "ms per" in ranking_text([timed, plain])
    assert len(ranking_table([plain]).columns) == len(ranking_table([timed]).columns) - 1
    with pytest.raises(ConfigError, match="latency"):
        Trial.from_dict({**timed.to_dict(), "latency": -1.0})


class Slow:
    """A model of a known time."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def predict_on_batch(self, x: Any) -> Any:
        self.seen.append(x["a"].shape)
        np.random.random()  # noqa: NPY002  what some layers do
        return x


def test_a_batch_is_as_large_as_asked_for_and_no_generator_is_disturbed() -> None:
    model, before = Slow(), np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]  # noqa: NPY002
    found = latency(model, {"a": np.zeros((3, 2))}, 8)  # type: ignore[arg-type]
    assert found >= 0 and set(model.seen) == {(8, 2)}
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index, union-attr]  # noqa: NPY002


@pytest.mark.slow
def test_timing_a_network_changes_no_score(make_objective: MakeObjective) -> None:
    plain = make_objective().evaluate((0, 1, 1), 3)
    timed = make_objective(latency_batch=4).evaluate((0, 1, 1), 3)
    assert plain.latency is None and timed.latency is not None and timed.latency > 0
    assert (timed.score, timed.metrics) == (plain.score, plain.metrics)


@pytest.mark.slow
def test_a_network_that_is_too_slow_is_not_trained(make_objective: MakeObjective, builder: CountingBuilder) -> None:
    objective = make_objective(latency_batch=4, budget=Budget(latency=1e-6))
    result = run_search(objective, trials=1, seed=0)
    first = result.trials[0]
    assert first.status == "over budget" and first.epochs == 0 and first.latency is not None
    assert first.error is not None and first.error.endswith("ms per batch of 1e-06 allowed")
    assert result.best is None and objective.to_dict()["latency_batch"] == 4
    for settings in ({"budget": Budget(latency=2.0)}, {"latency_batch": 0}):
        with pytest.raises(ConfigError, match="latency_batch"):
            make_objective(**settings)
    with pytest.raises(ConfigError, match=r"budget\.latency"):
        Budget(latency=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nsga2", "surrogate"])
def test_a_search_of_several_costs_is_resumed_exactly(make_objective: MakeObjective, tmp_path: Path, name: str) -> None:
    costs = ["parameters", "latency"]
    sampler = SamplerSettings(name, {"against": costs})
    objective = make_objective(latency_batch=2)
    first = run_search(objective, trials=4, seed=0, sampler=sampler, store=RunDirectory.create(tmp_path))
    assert all(each.latency is not None for each in first.ranked) and first.pareto_front(costs)
    store = JournalStore(RunDirectory.resume(tmp_path), resume=True)
    again = run_search(objective, trials=6, seed=0, sampler=sampler, store=store)
    # What was measured is not measured again.
    assert all(each in again.ranked for each in first.ranked) and len(again.ranked) == 6
    with pytest.raises(ConfigError, match="latency_batch"):
        run_search(make_objective(), trials=1, seed=0, sampler=sampler)


def test_the_surrogate_learns_three_goals_at_once(make_objective: MakeObjective) -> None:
    layout = make_objective().layout
    sampler = make_sampler("surrogate", layout, 0, against=["parameters", "flops"], startup_trials=3)
    study = optuna.create_study(directions=["maximize", "minimize", "minimize"], sampler=sampler)
    from amber.search.samplers import token_distributions

    seen = set()
    for number in range(8):
        asked = study.ask(dict(token_distributions(layout)))
        study.tell(asked, [float(number), float(number), 1.0])
        seen.add(tuple(asked.params.values()))
    assert len(seen) == 8
