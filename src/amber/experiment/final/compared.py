"""The measure that a search compared, computed from the predictions of any model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from amber.data.targets.target import Binary
from amber.errors import ConfigError, DataError
from amber.experiment.components import reward_for
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_settings import for_task, losses_and_metrics
from amber.experiment.task_spec import TaskSpec
from amber.types import Array


class Compared:
    """The metric or reward of a search, for networks and linear models alike.

    A metric is computed by Keras itself, on a model that gives its inputs back. A knowledge term is left out: it
    belongs to an architecture, and a linear model has none.

    Args:
        loaded: the configuration.
        problem: what the data pose.

    Attributes:
        name: of the measure, such as `auroc`, `loss` or `accuracy`.
        direction: `"maximize"` or `"minimize"`.
    """

    def __init__(self, loaded: Configuration, problem: TaskSpec) -> None:
        loaded = for_task(loaded, problem)
        search = loaded.config.search
        reward = reward_for(loaded, problem)
        self._loaded, self._problem = loaded, problem
        self._reward = reward if reward is not None and reward.function is not None else None
        self.name = reward.name if reward is not None else search.metric.removeprefix("val_")
        self.direction = reward.direction if reward is not None else search.chosen_direction

    def of(self, predictions: Mapping[str, Any], targets: Any) -> float:
        """Return the value; NaN where it is undefined.

        Args:
            predictions: of each output, shape `(n, units)`.
            targets: of the same examples: an array, or a dictionary of arrays by output.
        """
        if self._reward is None:
            return self._metric(predictions, targets)
        values = predictions if isinstance(targets, Mapping) else next(iter(predictions.values()))
        try:
            return self._reward(targets, values)
        except DataError:
            return math.nan

    def _metric(self, predictions: Mapping[str, Any], targets: Any) -> float:
        import keras

        predictions = {name: self._as_of_network(name, values) for name, values in predictions.items()}
        inputs = {name: keras.Input(values.shape[1:], name=f"{name}_in") for name, values in predictions.items()}
        outputs = [keras.layers.Identity(name=name)(tensor) for name, tensor in inputs.items()]
        judge = keras.Model(_alone(list(inputs.values())), _alone(outputs))
        judge.compile(**losses_and_metrics(self._loaded, self._problem))
        given = _alone([values.astype("float32") for values in predictions.values()])
        true = next(iter(targets.values())) if len(outputs) == 1 and isinstance(targets, Mapping) else targets
        found = judge.evaluate(given, true, batch_size=1024, verbose=0, return_dict=True)
        if self.name not in found:
            raise ConfigError(f"search.metric must be one of {', '.join(found)}. Received: {self.name!r}")
        return float(found[self.name])

    def _as_of_network(self, name: str, values: Array) -> Array:
        """Return probabilities as a network gives them: of two classes that of the second, where it has one unit."""
        return values[:, 1:] if isinstance(self._problem.outputs[name], Binary) else values


def _alone(values: list[object]) -> object:
    """Return the only value, or all of several: Keras warns of a list of one."""
    return values[0] if len(values) == 1 else values
