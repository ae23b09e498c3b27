"""Searches without training: rewards are looked up in the histories of earlier searches."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.compat.history import read_rows
from amber.compat.ignored import warn_ignored
from amber.display import PlainRepr
from amber.errors import ConfigError, DataError

if TYPE_CHECKING:
    from amber.architect.model_space import ModelSpace
    from amber.compat.roles import ModelStates, Trial

_METRICS: Mapping[str, int] = {"acc": 0, "knowledge": 1, "loss": 2}
Words = tuple[str, ...]


class _Recorded:
    """What earlier searches measured of each architecture.

    Args:
        files: `train_history.csv` files, or one.
        places: where each metric stands in the list of a row.
        model_space: says which tokens and operations are the same; None: only equal ones are.
        seed: of the choice among several rows of one architecture.
    """

    def __init__(
        self,
        files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        places: Mapping[str, int],
        model_space: ModelSpace | None,
        seed: int,
    ) -> None:
        listed = [files] if isinstance(files, (str, os.PathLike)) else list(files)
        self.places = dict(places)
        self.model_space = model_space
        self._rows: dict[Words, list[list[float]]] = {}
        self._generator = np.random.default_rng(seed)
        for row in (row for file in listed for row in read_rows(file)):
            if len(row.metrics) <= max(self.places.values()):
                raise DataError(
                    f"metric_name_dict asks for metric {max(self.places.values())} of a row. "
                    f"Received: {len(row.metrics)} metrics in {listed}"
                )
            self._rows.setdefault(tuple(row.words), []).append(row.metrics)
        if not self._rows:
            raise DataError(f"The histories hold no architecture. Received: {listed}")

    def metrics(self, model_states: ModelStates) -> dict[str, float]:
        """Return a row of an architecture by metric; of one that was never trained, that with the highest loss."""
        found = next((self._rows[words] for words in self._names(list(model_states)) if words in self._rows), None)
        if found is None:
            everything = [row for rows in self._rows.values() for row in rows]
            place = self.places.get("loss")
            row = everything[0] if place is None else max(everything, key=lambda each: each[place])
        else:
            row = found[int(self._generator.integers(len(found)))]
        return {name: row[place] for name, place in self.places.items()}

    def _names(self, states: list[Any]) -> list[Words]:
        """An architecture as given, and as a model space says it otherwise: as operations, as tokens."""
        names = [tuple(str(each) for each in states)]
        space = self.model_space
        if space is not None and len(states) == len(space):
            if all(isinstance(each, (int, np.integer)) for each in states):
                if all(0 <= token < len(space[layer]) for layer, token in enumerate(states)):
                    names.append(tuple(str(space[layer][int(token)]) for layer, token in enumerate(states)))
            else:
                known = [[str(operation) for operation in space[layer]] for layer in range(len(space))]
                if all(word in known[layer] for layer, word in enumerate(names[0])):
                    names.append(tuple(str(known[layer].index(word)) for layer, word in enumerate(names[0])))
        return names


class MockReward(PlainRepr):
    """A function of an architecture: what earlier searches measured of it.

    Args:
        train_history_list: `train_history.csv` files.
        metric: the metric that is the reward; "loss" counts negatively, and "knowledge" is taken off with its weight.
        stringify_states: accepted: operations and their texts are the same here.
        metric_name_dict: where each metric stands in the list of a row.
        Lambda: weight of the knowledge.
        model_space: says which tokens and operations are the same.
        seed: of the choice among several rows of one architecture.
    """

    def __init__(
        self,
        train_history_list: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        metric: str = "loss",
        stringify_states: bool = True,
        metric_name_dict: Mapping[str, int] = _METRICS,
        Lambda: float = 1.0,
        model_space: ModelSpace | None = None,
        seed: int = 0,
    ) -> None:
        if metric not in metric_name_dict:
            raise ConfigError(f"metric must be one of {', '.join(metric_name_dict)}. Received: {metric!r}")
        self.metric = metric
        self.stringify_states = stringify_states
        self.Lambda = Lambda
        self.knowledge_function = None
        self.recorded = _Recorded(train_history_list, metric_name_dict, model_space, seed)

    def __call__(
        self, model_states: ModelStates, *unused: object, **ignored: object
    ) -> tuple[float, list[float], dict[str, float]]:
        """Return the reward, the metric as a list, and the knowledge of an architecture."""
        found = self.recorded.metrics(model_states)
        value = found[self.metric]
        knowledge = found.get("knowledge", 0.0)
        sign = -1.0 if self.metric == "loss" else 1.0
        return sign * value - self.Lambda * knowledge, [value], {"knowledge": knowledge}


class MockManager(PlainRepr):
    """A manager that looks rewards up instead of training.

    Args:
        history_fn_list: `train_history.csv` files of earlier searches.
        model_compile_dict: accepted; nothing is compiled.
        Lambda: weight of the knowledge: the reward is `-(loss + Lambda * knowledge)`.
        metric_name_dict: where each metric stands in the list of a row.
        reward_fn: a MockReward to ask instead; None: the reward above.
        working_dir: where the environment keeps its files.
        model_space: says which tokens and operations are the same; an environment gives its controller's.
        seed: of the choice among several rows of one architecture.
        **ignored: what other managers need; warned of once.
    """

    def __init__(
        self,
        history_fn_list: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        model_compile_dict: Mapping[str, object] | None = None,
        Lambda: float = 1.0,
        metric_name_dict: Mapping[str, int] = _METRICS,
        reward_fn: MockReward | None = None,
        working_dir: str | os.PathLike[str] = ".",
        model_space: ModelSpace | None = None,
        seed: int = 0,
        **ignored: object,
    ) -> None:
        warn_ignored(type(self).__name__, ignored, "nothing is trained")
        self.Lambda = Lambda
        self.working_dir = working_dir
        self.reward_fn = reward_fn
        self._recorded = _Recorded(history_fn_list, metric_name_dict, model_space, seed)

    @property
    def model_space(self) -> ModelSpace | None:
        """Says which tokens and operations are the same."""
        return self._recorded.model_space

    @model_space.setter
    def model_space(self, space: ModelSpace | None) -> None:
        self._recorded.model_space = space

    def get_rewards(self, trial: Trial, model_arc: ModelStates, **unused: object) -> tuple[float, dict[str, float]]:
        """Return the reward and the metrics of an architecture."""
        found = self._recorded.metrics(model_arc)
        if self.reward_fn is not None:
            return self.reward_fn(model_arc)[0], found
        return -(found.get("loss", 0.0) + self.Lambda * found.get("knowledge", 0.0)), found
