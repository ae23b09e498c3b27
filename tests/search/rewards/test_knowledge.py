"""Knowledge functions over the graph: the block hierarchy of worked examples, and its share in a search's score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from tests.modeler.builders.dag.networks import PAIRS, make_builder, pairs_builder

from amber.errors import ConfigError
from amber.graph.cost import GraphCost
from amber.search import Objective, run_search
from amber.search.rewards import KNOWLEDGE, BlockHierarchy, Budget, Knowledge, make_knowledge, register_knowledge

MakeObjective = Callable[..., Objective]
X = ("X_0", "X_1", "X_2", "X_3")
PAIRED = BlockHierarchy.of_groups([["X_0", "X_1"], ["X_2", "X_3"]], X)


@pytest.mark.parametrize("kind", ["DAG", "InputBlockDAG", "InputBlockAuxLossDAG"])
def test_the_worked_value(kind: str) -> None:
    """Two pairs that meet in layers of two inputs each: 4 x 2 / 16."""
    graph = make_builder([2] * 4, 3, dag_func=kind).plan([1, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1])
    assert PAIRED(graph) == 0.5


def test_the_later_blocks_meet_the_worse() -> None:
    graph = pairs_builder("DAG").plan(PAIRS)  # A and B in L0, C and D in L1, all in L2
    inputs = graph.inputs
    together = BlockHierarchy.of_groups([[inputs[0], inputs[1]]], inputs)
    apart = BlockHierarchy.of_groups([[inputs[0], inputs[2]]], inputs)
    assert together(graph) == 2 * 2 / 16
    assert apart(graph) == apart.worst == 2 * 4 / 16


def test_blocks_that_no_layer_brings_together_count_all_inputs() -> None:
    #       op A B   op A B L0: each layer reads one block, and both end in the output
    graph = make_builder([1, 1], 2).plan([0, 1, 0, 0, 0, 1, 0])
    assert BlockHierarchy.of_groups([graph.inputs], graph.inputs)(graph) == 2 * 2 / 4
    unread = make_builder([1, 1, 1], 2).plan([0, 0, 0, 1, 0, 0, 0, 0, 1])  # two blocks in the default input only
    hierarchy = BlockHierarchy.of_groups([unread.inputs[:2]], unread.inputs)
    assert hierarchy(unread) == hierarchy.worst == 2 * 3 / 9


def test_the_worst_is_never_exceeded() -> None:
    builder = make_builder([1] * 4, 4)
    rng = np.random.default_rng(0)
    for _ in range(60):
        strengths = {pair: float(rng.random()) for pair in permutations(X, 2) if rng.random() < 0.5}
        hierarchy = BlockHierarchy(strengths, X)
        assert hierarchy.worst is not None
        assert 0 <= hierarchy(builder.plan(builder.layout.sample(rng))) <= hierarchy.worst + 1e-12


def test_mistakes() -> None:
    with pytest.raises(ConfigError, match="one of X_0, X_1, X_2, X_3. Received: 'Y'"):
        BlockHierarchy.of_groups([["X_0", "Y"]], X)
    with pytest.raises(ConfigError, match="strength"):
        BlockHierarchy({("X_0", "X_1"): -1.0}, X)
    with pytest.raises(ConfigError, match="needs the inputs X_0, X_1, X_2, X_3"):
        PAIRED(make_builder([1, 1], 1).plan([0, 1, 1]))
    with pytest.raises(ConfigError, match="weight"):
        Knowledge(PAIRED, -1.0)
    with pytest.raises(ConfigError, match="callable"):
        Knowledge(3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="block_hierarchy"):
        make_knowledge("hierarchy", X)
    with pytest.raises(ConfigError, match="group_s"):
        make_knowledge("block_hierarchy", X, group_s=[])
    for groups in ("X_0", ["X_0"], [[0, 1]]):
        with pytest.raises(ConfigError, match="lists of block names"):
            make_knowledge("block_hierarchy", X, groups=groups)
    for limit in (0, -1, 1.0, True):
        with pytest.raises(ConfigError, match="flops must be a positive integer"):
            Budget(flops=limit)  # type: ignore[arg-type]


def test_a_budget_allows_what_it_names() -> None:
    one, two = GraphCost(1, 0, 5000, {}), GraphCost(2, 0, 5001, {})
    limit = Budget(parameters=1, flops=5000)
    assert limit.excess(one) is None and Budget().excess(two) is None
    assert limit.excess(two) == "2 parameters of 1 allowed, 5,001 FLOPs of 5,000 allowed"


class Depth:
    """The number of nodes over ten."""

    worst: float | None = 3.0

    def __call__(self, graph: Any) -> float:
        return len(graph) / 10


@pytest.fixture
def depth() -> Iterator[str]:
    register_knowledge("depth", lambda inputs: Depth())
    yield "depth"
    KNOWLEDGE._entries.pop("depth")


@pytest.mark.slow
@pytest.mark.parametrize("reward", ["auroc", "loss", None])
def test_the_score_gets_worse_by_weight_times_knowledge(
    make_objective: MakeObjective, depth: str, reward: str | None
) -> None:
    plain = make_objective(reward=reward)
    informed = make_objective(reward=reward, knowledge=make_knowledge(depth, ["input"], 0.5))
    arc = (0, 1, 1)
    before, after = plain.evaluate(arc, 1), informed.evaluate(arc, 1)
    nodes = len(plain.builder.plan(arc))
    sign = 1 if plain.direction == "minimize" else -1
    assert before.score is not None and after.score is not None
    assert after.metrics["knowledge"] == nodes / 10
    assert after.metrics[plain.metric] == before.score
    assert after.score == pytest.approx(before.score + sign * 0.05 * nodes)
    assert informed.direction == plain.direction and informed.metric == "reward"
    assert informed.infeasible_value == (0.0 - 0.5 * 3.0 if reward == "auroc" else None)


@pytest.mark.slow
def test_a_search_with_knowledge_prefers_what_agrees(make_objective: MakeObjective, depth: str) -> None:
    objective = make_objective(reward="accuracy", knowledge=make_knowledge(depth, ["input"], 1000.0))
    result = run_search(objective, trials=6, seed=0, sampler="random")
    sizes = [len(objective.builder.plan(trial.tokens)) for trial in result.ranked]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
    assert result.metric == "reward" and result.best is not None and "val_accuracy" in result.best.metrics


def test_group_of_one_unknown_block_is_refused() -> None:
    with pytest.raises(ConfigError, match="one of X_0.*Received: 'nope'"):
        BlockHierarchy.of_groups([["nope"]], X)


def test_an_error_of_a_user_s_knowledge_names_it(make_objective: MakeObjective) -> None:
    class Broken(Depth):
        def __call__(self, graph: Any) -> float:
            return float(graph.depth)

    trial = make_objective(knowledge=Knowledge(Broken(), 1.0)).evaluate((0, 1, 1), 1)
    assert trial.status == "failed"
    assert "The knowledge function Broken failed: AttributeError" in (trial.error or "")
