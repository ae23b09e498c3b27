"""What a search compares, and what samplers are told of what cannot be trained, with any reward and knowledge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.errors import ConfigError
from amber.search.rewards.knowledge import Knowledge
from amber.search.rewards.reward import Reward
from amber.search.rewards.scoring import Scoring


class Constant:
    """A knowledge function of one value."""

    def __init__(self, value: float, worst: float | None) -> None:
        self.value, self.worst = value, worst

    def __call__(self, graph: Any) -> float:
        return self.value


GRAPH: Any = object()
DATA = (np.zeros((2, 1)), np.zeros((2, 1)))


@pytest.mark.parametrize(
    ("direction", "worst", "most", "told"),
    [
        ("maximize", 0.25, 3.0, 0.25 - 1.5),
        ("minimize", 0.25, 3.0, 0.25 + 1.5),
        ("maximize", 0.0, 0.0, 0.0),
        ("maximize", 0.25, None, None),
        ("minimize", None, 3.0, None),
    ],
)
def test_the_worst_has_the_worst_knowledge(
    direction: str, worst: float | None, most: float | None, told: float | None
) -> None:
    reward = Reward("mine", None, worst, direction)
    found = Scoring("val_loss", "minimize", reward, Knowledge(Constant(2.0, most), 0.5))
    assert (found.metric, found.direction, found.infeasible_value) == ("reward", direction, told)
    plain = Scoring("val_loss", "minimize", reward)
    assert (plain.metric, plain.direction, plain.infeasible_value) == ("val_mine", direction, worst)


@pytest.mark.parametrize(("direction", "score"), [("maximize", 0.75 - 1.0), ("minimize", 0.75 + 1.0)])
@pytest.mark.parametrize("rewarded", [True, False])
def test_knowledge_makes_the_score_worse(direction: str, score: float, rewarded: bool) -> None:
    reward = Reward("mine", None, None, direction) if rewarded else None
    knowledge = Knowledge(Constant(2.0, 3.0), 0.5)
    metric = "val_mine" if rewarded else "val_f1"
    metrics = {metric: 0.75, "loss": 1.0}
    model: Any = object()
    found = Scoring("val_f1", direction, reward, knowledge).value(model, GRAPH, metrics, DATA, 2)
    assert found == {**metrics, "knowledge": 2.0, "reward": score}
    # Without a graph nothing is known of it, and without knowledge nothing is added.
    valued = Scoring("val_f1", direction, reward, knowledge).value(model, None, metrics, DATA, 2)
    assert valued == Scoring("val_f1", direction, reward).value(model, GRAPH, metrics, DATA, 2) == metrics
    assert set(metrics) == {metric, "loss"}
    with pytest.raises(ConfigError, match=f"metric must be one of loss. Received: '{metric}'"):
        Scoring("val_f1", direction, reward).value(model, GRAPH, {"loss": 1.0}, DATA, 2)


def test_what_json_says_of_it() -> None:
    reward, knowledge = Reward("mine", None), Knowledge(Constant(2.0, None), 0.5)
    described = {"function": "Constant", "weight": 0.5, "value": "2.0", "worst": "None"}
    assert Scoring("val_loss", "minimize").to_dict() == {}
    assert Scoring("val_loss", "minimize", reward).to_dict() == {"reward": "mine"}
    assert Scoring("val_loss", "minimize", None, knowledge).to_dict() == {"knowledge": described}
    assert Scoring("val_loss", "minimize", reward, knowledge).to_dict() == {"reward": "mine", "knowledge": described}


@pytest.mark.parametrize("weight", [-1e-9, float("nan"), float("inf"), True, "1", None])
def test_a_weight_is_0_or_more(weight: object) -> None:
    assert Knowledge(Constant(0.0, None), 0).weight == 0
    with pytest.raises(ConfigError, match="weight of a knowledge function must be 0 or more"):
        Knowledge(Constant(0.0, None), weight)  # type: ignore[arg-type]
