"""Which trainings are given up at a rung: beside the rule in plain words."""

from __future__ import annotations

import math

import optuna
import pytest
from hypothesis import given, settings, strategies as st

from amber.errors import ConfigError
from amber.search.asha import AshaPruner, checked_factor

optuna.logging.set_verbosity(optuna.logging.WARNING)
RUNG, EPOCHS = 3, 9


def pruned(values: list[float], own: float, *, factor: int, direction: str, step: int = RUNG) -> bool:
    """Say whether a trial is given up that comes after others with these values at its epoch."""
    study = optuna.create_study(direction=direction)
    for value in values:
        study.ask().report(value, step)
    study.ask()  # has nothing to say yet
    trial = study.ask()
    trial.report(own, step)
    return AshaPruner(EPOCHS, rungs=2, factor=factor).prune(study, study.get_trials()[trial.number])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan]), max_size=14),
    st.sampled_from([0.0, 1.0, 2.0, 3.0]),
    st.sampled_from(["maximize", "minimize"]),
)
def test_the_best_one_of_three_that_came_so_far_goes_on(values: list[float], own: float, direction: str) -> None:
    came = [value for value in values if not math.isnan(value)]
    places = max(1, (len(came) + 1) // 3)
    ahead = sum(value > own if direction == "maximize" else value < own for value in came)
    assert pruned(values, own, factor=3, direction=direction) == (ahead >= places)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_the_first_goes_on_and_what_is_no_number_does_not(direction: str) -> None:
    assert not pruned([], 0.5, factor=3, direction=direction)
    assert pruned([], math.nan, factor=3, direction=direction)


@pytest.mark.parametrize("step", [1, 2, 4, 9])
def test_nothing_is_given_up_between_rungs_or_at_the_last(step: int) -> None:
    assert not pruned([1.0] * 9, 0.0, factor=3, direction="maximize", step=step)
    assert pruned([1.0] * 9, 0.0, factor=3, direction="maximize", step=RUNG)


def test_a_training_that_has_reported_nothing_goes_on() -> None:
    study = optuna.create_study()
    study.ask()
    assert not AshaPruner(EPOCHS).prune(study, study.get_trials()[0])


@pytest.mark.parametrize("factor", [1, 0, -2, 2.0, True, "3", None])
def test_a_factor_is_an_integer_of_at_least_2(factor: object) -> None:
    assert checked_factor(2) == 2
    with pytest.raises(ConfigError, match="factor must be an integer of 2 or more") as found:
        checked_factor(factor)  # type: ignore[arg-type]
    assert found.value.field == ("factor",)
