"""Zero-shot search: one policy over several data sets, its proposals for another, saving, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.architect import TokenLayout
from amber.architect.controllers import ZeroShotController, ZeroShotSettings
from amber.errors import ConfigError, DataError, InvalidArchitectureError, StorageError
from amber.search import Budget, Objective, Trial
from amber.search.objective import Candidate
from amber.search.zero_shot import ZeroShotPolicy, ZeroShotTask, train_zero_shot

MakeObjective = Callable[..., Objective]
LAYOUT = TokenLayout([3] * 4, with_skips=False)


class Planted:
    """Scores how many tokens are the wanted one, on a scale of its own; stands in for an Objective."""

    direction, infeasible_value, layout = "maximize", None, LAYOUT

    def __init__(self, wanted: int, scale: float = 1.0, invalid: Sequence[tuple[int, ...]] = ()) -> None:
        self.wanted, self.scale, self.invalid = wanted, scale, invalid
        self.trained: list[tuple[int, ...]] = []

    def prepare(self, arc: Any) -> Candidate:
        if tuple(arc) in self.invalid:
            raise InvalidArchitectureError("no network")
        return Candidate(tuple(arc), str(arc), 1, 1)

    def over_budget(self, candidate: Candidate) -> Trial | None:
        return None

    def evaluate(self, arc: Any, seed: int, *, number: int, candidate: Candidate) -> Trial:
        self.trained.append(tuple(arc))
        score = self.scale * float(np.mean(np.asarray(arc) == self.wanted))
        return Trial(number, tuple(arc), candidate.fingerprint, "complete", score)


def planted(name: str, objective: Planted, *description: float) -> ZeroShotTask:
    return ZeroShotTask(name, objective, description)  # type: ignore[arg-type]


def share(policy: ZeroShotPolicy, description: Sequence[float], wanted: int) -> float:
    return float((policy.controller.sample(200, policy.standardised(description)) == wanted).mean())


@pytest.mark.slow
def test_a_policy_learns_what_descriptions_mean_and_applies_it_to_new_ones() -> None:
    """Four data sets: where the description is low token 0 is right, where it is high token 2, at other scales."""
    objectives = [Planted(0), Planted(0, 0.01), Planted(2), Planted(2, 100.0)]
    tasks = [planted(f"t{x}", each, x, 7.0) for each, x in zip(objectives, (10, 14, 26, 30), strict=True)]
    found = train_zero_shot(tasks, seed=0, episodes=40, architectures=5)
    assert share(found.policy, (12, 7.0), 0) > 0.8 and share(found.policy, (28, 7.0), 2) > 0.8
    assert found.policy.propose((9.0, 7.0), 1) == [(0, 0, 0, 0)]
    for task, objective in zip(tasks, objectives, strict=True):
        assert len(set(objective.trained)) == len(objective.trained) == len(found.trials[task.name])
        assert found.history[-1][task.name] > found.history[0][task.name]
    assert found.stopped == "finished" and len(found.history) == 40


def test_a_saved_policy_proposes_what_it_did(tmp_path: Path) -> None:
    policy = ZeroShotPolicy(
        ZeroShotController([3, 3], {"length": 1}, ZeroShotSettings(lstm_size=4), seed=2), [2.0], [4.0]
    )
    policy.save(tmp_path / "policy")
    loaded = ZeroShotPolicy.load(tmp_path / "policy")
    assert (loaded.mean.tolist(), loaded.scale.tolist()) == ([2.0], [4.0])
    assert loaded.propose([1.0], 5) == policy.propose([1.0], 5)


@pytest.mark.slow
def test_over_real_trainings(make_objective: MakeObjective, tmp_path: Path) -> None:
    tasks = [ZeroShotTask(name, make_objective(reward="auroc"), [x]) for name, x in (("a", 0.0), ("b", 4.0))]
    heard: list[Any] = []
    first, second = (
        train_zero_shot(tasks, seed=2, episodes=2, architectures=2, on_episode=heard.append) for _ in range(2)
    )
    assert [t.tokens for t in first.trials["a"]] == [t.tokens for t in second.trials["a"]]
    assert [t.score for t in first.trials["b"]] == [t.score for t in second.trials["b"]]
    assert heard[:2] == list(first.history) and set(heard[0]) == {"episode", "a", "b"}
    builder = tasks[0].objective.builder
    first.policy.save(tmp_path / "policy")
    loaded = ZeroShotPolicy.load(tmp_path / "policy")
    assert loaded.mean.tolist() == [2.0] and loaded.scale.tolist() == [2.0]
    built = len(builder.built)
    objective = tasks[0].objective
    proposals = loaded.propose([1.0], 5, objective)
    assert proposals == first.policy.propose([1.0], 5, objective) and len(builder.built) == built
    assert len({builder.plan(arc).fingerprint() for arc in proposals}) == len(proposals) == 5
    limit = max(objective.prepare(arc).parameters for arc in proposals) - 1
    cheaper = loaded.propose([1.0], 5, make_objective(budget=Budget(parameters=limit)))
    assert cheaper and all(objective.prepare(arc).parameters <= limit for arc in cheaper)


@pytest.mark.slow
def test_what_is_no_network_counts_as_the_worst_and_is_not_proposed() -> None:
    everything = [tuple(int(token) for token in np.unravel_index(i, (3,) * 4)) for i in range(81)]
    invalid = [arc for arc in everything if arc[0] != 1]
    tasks = [planted("a", Planted(1, invalid=invalid), 0.0), planted("b", Planted(1, invalid=invalid), 1.0)]
    found = train_zero_shot(tasks, seed=0, episodes=25, architectures=6)
    policy = found.policy
    first = policy.controller.sample(200, policy.standardised([0.5]))[:, 0]
    assert (first == 1).mean() > 0.6
    assert {trial.status for trial in found.trials["a"]} == {"complete", "invalid"}

    assert all(arc[0] == 1 for arc in policy.propose([0.5], 10, Planted(1, invalid=invalid)))


def test_ctrl_c_keeps_what_is_there() -> None:
    def stop(entry: Any) -> None:
        if entry["episode"] == 2:
            raise KeyboardInterrupt

    tasks = [planted("a", Planted(0), 0.0), planted("b", Planted(1), 1.0)]
    found = train_zero_shot(tasks, seed=0, episodes=9, architectures=2, on_episode=stop)
    assert found.stopped == "interrupted" and len(found.history) == 2 and found.trials["a"]


def test_mistakes(tmp_path: Path) -> None:
    a, b = planted("a", Planted(0), 0.0), planted("b", Planted(1), 1.0)
    other = Planted(0)
    other.layout = TokenLayout([3] * 3, with_skips=False)
    blocks = Planted(0)
    blocks.layout = TokenLayout([3], num_inputs=2)
    refused: list[tuple[list[ZeroShotTask], type[Exception], str]] = [
        ([a], ConfigError, "at least two tasks"),
        ([a, a], ConfigError, "different names"),
        ([a, planted("b", Planted(0), 1.0, 2.0)], DataError, r"same length, at least 1. Received: \[1, 2\]"),
        ([a, planted("b", Planted(0), float("nan"))], DataError, "finite"),
        ([a, planted("b", other, 1.0)], ConfigError, "'b' differ"),
        ([planted("a", blocks, 0.0), planted("b", blocks, 1.0)], ConfigError, "tokens of blocks"),
    ]
    for tasks, error, message in refused:
        with pytest.raises(error, match=message):
            train_zero_shot(tasks, seed=0)
    with pytest.raises(ConfigError, match="episodes"):
        train_zero_shot([a, b], seed=0, episodes=0)
    policy = train_zero_shot([a, b], seed=0, episodes=1, architectures=1).policy
    with pytest.raises(DataError, match="1 finite numbers"):
        policy.propose([1.0, 2.0], 1)
    with pytest.raises(ConfigError, match="count"):
        policy.propose([1.0], 0)
    with pytest.raises(DataError, match="mean and scale"):
        ZeroShotPolicy(ZeroShotController([2], {"length": 2}), [0.0], [1.0])
    with pytest.raises(StorageError, match="of a policy. Received: no such file"):
        ZeroShotPolicy.load(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        policy.save(tmp_path / "file")
