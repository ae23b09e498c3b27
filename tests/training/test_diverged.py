"""A training that diverged is not a complete trial, whatever its score looks like, and its epoch is not the best."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from amber.search import Objective, Reward, retrain, run_search
from amber.search.rewards.knowledge import Knowledge
from amber.training.settings import FitSettings
from amber.training.training_state import TrainingState

MakeObjective = Callable[..., Objective]
ARC = (0, 1, 0)
NOT_FINITE = [math.inf, -math.inf, math.nan]


class Constant:
    """A knowledge function of one value."""

    worst = None

    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, graph: Any) -> float:
        return self.value


@pytest.mark.slow
@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_reward_that_is_not_finite_fails_the_trial(
    make_objective: MakeObjective, value: float, direction: str
) -> None:
    # NaN of one column is left out; here the score of a column with a number beside it is not finite.
    reward = Reward("own", lambda targets, predictions: [1.0, value], direction=direction)
    trial = make_objective(reward=reward).evaluate(ARC, 1)
    if math.isnan(value):
        assert (trial.status, trial.score) == ("complete", 1.0)
    else:
        assert (trial.status, trial.score) == ("failed", None)
        assert "val_own is" in (trial.error or "")


@pytest.mark.parametrize("value", NOT_FINITE)
def test_knowledge_that_is_not_finite_fails_the_trial(make_objective: MakeObjective, value: float) -> None:
    trial = make_objective(knowledge=Knowledge(Constant(value))).evaluate(ARC, 1)
    assert (trial.status, trial.score) == ("failed", None)


@pytest.mark.parametrize("value", NOT_FINITE)
def test_a_validation_loss_that_is_not_finite_fails_a_trial_of_finite_accuracy(
    make_objective: MakeObjective, builder: Any, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On validation data the predictions are not finite; the class numbers read off them are."""
    build = type(builder).__call__

    def diverging(self: Any, arc: Any) -> Any:
        model = build(self, arc)
        evaluate = model.evaluate

        def diverged(*arguments: Any, **options: Any) -> Any:
            kept = model.get_weights()
            model.set_weights([*kept[:-1], np.full_like(kept[-1], value)])
            try:
                return evaluate(*arguments, **options)
            finally:
                model.set_weights(kept)

        model.evaluate = diverged
        return model

    monkeypatch.setattr(type(builder), "__call__", diverging)
    objective = make_objective(metric="val_accuracy")
    trial = objective.evaluate(ARC, 1)
    assert (trial.status, trial.score) == ("failed", None)
    assert "the loss on validation data is" in (trial.error or "")
    with pytest.raises(FloatingPointError, match="the loss on validation data is"):
        retrain(builder, ARC, objective.train, objective.validation, epochs=1, seed=1)


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_an_epoch_that_diverged_is_never_the_best(value: float, direction: str) -> None:
    class Model:
        def get_weights(self) -> list[Any]:
            return []

    def best(*values: float) -> int:
        state = TrainingState(FitSettings("val_own", direction, epochs=9, patience=9))
        for each in values:
            state.add({"loss": [1.0], "val_own": [each]}, Model())
        return state.scored_epoch

    assert best(0.5, value) == 0
    assert best(value, 0.5) == 1
    assert best(value, 0.5, value) == 1
    better, worse = (2.0, 1.0) if direction == "maximize" else (1.0, 2.0)
    assert best(worse, value, better, value, worse) == 2


def test_a_search_never_ends_in_an_infinite_score(make_objective: MakeObjective) -> None:
    values = iter([math.inf, 0.5, math.inf, 0.25])
    reward = Reward("own", lambda targets, predictions: next(values))
    found = run_search(make_objective(reward=reward), trials=2, seed=0)
    assert all(math.isfinite(trial.score) for trial in found.trials if trial.score is not None)
    assert found.best is None or found.best.score in (0.5, 0.25)
