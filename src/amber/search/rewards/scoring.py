"""Score trained networks: reward, knowledge, and the score reported for infeasible architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amber.errors import ConfigError
from amber.graph.graph import ComputationGraph
from amber.search.rewards.knowledge import Knowledge
from amber.search.rewards.naming import naming
from amber.search.rewards.reward import Reward

if TYPE_CHECKING:
    import keras

WITH_KNOWLEDGE = "reward"
"""The metric of a search whose score has a knowledge term."""
KNOWLEDGE_VALUE = "knowledge"


class Scoring:
    """How a search values trained networks.

    Args:
        metric: what `fit` reports, for a search without reward.
        direction: of that metric.
        reward: replaces both; None: there is none.
        knowledge: makes the score worse by its weight times its value; None: there is none.

    Attributes:
        metric: the name of the score: what `fit` reports, `val_REWARD`, or `reward` where there is knowledge.
        direction: `"maximize"` or `"minimize"`.
        infeasible_value: the value that samplers are told of what cannot be trained; None: the worst score so far.
    """

    def __init__(
        self, metric: str, direction: str, reward: Reward | None = None, knowledge: Knowledge | None = None
    ) -> None:
        self.reward, self.knowledge = reward, knowledge
        self._scored = reward.metric if reward else metric
        self.metric = WITH_KNOWLEDGE if knowledge else self._scored
        self.direction = reward.direction if reward else direction
        self._sign = -1.0 if self.direction == "maximize" else 1.0
        self.infeasible_value = reward.worst if reward else None
        if knowledge is not None and self.infeasible_value is not None:
            most = knowledge.function.worst
            self.infeasible_value = (
                None if most is None else self.infeasible_value + self._sign * knowledge.weight * most
            )

    def value(
        self,
        model: keras.Model,
        graph: ComputationGraph | None,
        metrics: dict[str, float],
        data: tuple[Any, Any],
        batch: int,
    ) -> dict[str, float]:
        """Return the metrics and with them, under the name `metric`, the score.

        Args:
            model: the trained network.
            graph: of the network; only knowledge needs it.
            metrics: what `fit` or `evaluate` reported, under the names of `fit`.
            data: features and targets to be scored on.
            batch: rows of a batch of predictions.

        Raises:
            ConfigError: what is to be compared is not among the metrics.
            DataError: the targets do not suit the reward.
            FloatingPointError: a prediction is not finite.
            RuntimeError: a user's reward or knowledge function fails.
        """
        found = dict(metrics)
        if self.reward is not None and self.reward.function is not None:
            # Loads Keras, which a model has loaded by now.
            from amber.backend.batch_order import predict

            predictions = predict(model, data[0], batch)
            names = tuple(getattr(model, "output_names", None) or ())
            found[self._scored] = self.reward(data[1], predictions, names)
        elif self._scored not in found:
            raise ConfigError(f"metric must be one of {', '.join(found)}. Received: {self._scored!r}")
        if self.knowledge is not None and graph is not None:
            with naming(f"The knowledge function {type(self.knowledge.function).__name__}"):
                found[KNOWLEDGE_VALUE] = float(self.knowledge.function(graph))
            found[self.metric] = found[self._scored] + self._sign * self.knowledge.weight * found[KNOWLEDGE_VALUE]
        return found

    def to_dict(self) -> dict[str, object]:
        """Return what JSON can say of reward and knowledge; empty where there is neither."""
        found: dict[str, Any] = {"reward": self.reward.name} if self.reward else {}
        if self.knowledge:
            function = self.knowledge.function
            described = {**vars(function)} if hasattr(function, "__dict__") else {}
            text = {name: repr(value) for name, value in described.items()}
            found["knowledge"] = {"function": type(function).__name__, "weight": self.knowledge.weight, **text}
        return found
