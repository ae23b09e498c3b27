"""Builders that a search cannot use are refused with what to write; those it can use need not be AMBER's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.errors import ConfigError
from amber.modeler import KerasModelBuilder, ModelBuilder
from amber.search import Budget, JournalStore, Objective, RunDirectory, load_best, run_search

X, Y = np.zeros((8, 3), "float32"), np.zeros((8, 1), "float32")
SPACE = ModelSpace.from_dict([[{"Layer_type": "dense", "units": units} for units in (2, 5)]])
ENDS = Operation("input", shape=(3,)), Operation("dense", units=1)


def own_network(tokens: Any) -> keras.Model:
    model = keras.Sequential([keras.layers.Dense((2, 5)[int(tokens[0])]), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class OnlyCalled(ModelBuilder):
    def __init__(self) -> None:
        """As users of the first AMBER wrote them, whose base could not be constructed."""

    def __call__(self, arc_seq: Any = None, *, model_states: Any = None) -> keras.Model:
        return own_network(arc_seq)


class WithPlan(OnlyCalled):
    def __init__(self) -> None:
        super(OnlyCalled, self).__init__(SPACE)
        self.layout = TokenLayout(SPACE, with_skips=False)
        self.plan = KerasModelBuilder(*ENDS, None, SPACE).plan  # type: ignore[method-assign]


class Nearest(KerasModelBuilder):
    def __call__(self, arc_seq: Any = None, *, model_states: Any = None) -> keras.Model:
        return own_network(arc_seq)


@pytest.mark.parametrize(
    ("builder", "said"),
    [
        (own_network, "the function own_network without layout and plan"),
        (OnlyCalled(), "a OnlyCalled without layout and plan"),
        (lambda tokens: own_network(tokens), "without layout and plan"),
    ],
    ids=["function", "subclass", "lambda"],
)
def test_refused_with_the_way_out(builder: Any, said: str) -> None:
    with pytest.raises(
        ConfigError, match=f"give Objective the model_space.*TokenLayout.*define `plan`.*Received: .*{said}"
    ):
        Objective(builder, (X, Y), (X, Y), metric="val_loss", direction="minimize")


@pytest.mark.parametrize("builder", [WithPlan(), Nearest(*ENDS, {"optimizer": "sgd", "loss": "mse"}, SPACE)])
def test_the_way_out_works(builder: Any) -> None:
    objective = Objective(builder, (X, Y), (X, Y), metric="val_loss", direction="minimize", epochs=1)
    trial = objective.evaluate([1], seed=0)
    assert trial.status == "complete" and trial.parameters == 3 * 5 + 5 + 6


class KnowsItsSpace(OnlyCalled):
    def __init__(self) -> None:
        self.model_space = SPACE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("builder", "name"),
    [
        (own_network, "own_network"),
        (OnlyCalled(), "OnlyCalled"),
        (lambda tokens: own_network(tokens), "<lambda>"),
        (KnowsItsSpace(), "KnowsItsSpace"),
    ],
    ids=["function", "subclass", "lambda", "with its space"],
)
def test_what_only_builds_works_in_a_search_with_a_space(builder: Any, name: str, tmp_path: Path) -> None:
    space = None if isinstance(builder, KnowsItsSpace) else SPACE
    settings: dict[str, Any] = {"metric": "val_loss", "direction": "minimize", "epochs": 1, "model_space": space}
    objective = Objective(builder, (X, Y), (X, Y), **settings)
    directory = RunDirectory.create(tmp_path / "run")
    result = run_search(objective, trials=2, seed=0, store=directory)
    assert {trial.tokens: trial.parameters for trial in result.trials if trial.status == "complete"} == {
        (0,): 3 * 2 + 2 + 3, (1,): 3 * 5 + 5 + 6
    }  # fmt: skip
    assert len({trial.fingerprint for trial in result.trials}) == 2
    assert all(trial.flops is None for trial in result.trials)
    assert load_best(directory.path)["builder"]["type"] == name
    assert "it cannot plan" in (directory.path / "search.log").read_text()
    resumed = run_search(
        objective, trials=2, seed=0, store=JournalStore(RunDirectory.resume(directory.path), resume=True)
    )
    assert [trial.score for trial in resumed.trials] == [trial.score for trial in result.trials]


def test_knowledge_and_budget_need_a_plan() -> None:
    with pytest.raises(ConfigError, match="a builder that defines `plan`"):
        Objective(own_network, (X, Y), (X, Y), model_space=SPACE, budget=Budget(parameters=3))


def test_two_spaces_are_refused() -> None:
    other = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 9}]])
    with pytest.raises(ConfigError, match="this one has another"):
        Objective(WithPlan(), (X, Y), (X, Y), model_space=other)
