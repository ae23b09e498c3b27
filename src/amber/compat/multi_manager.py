"""Environments over several data sets, for controllers that are conditioned on a description of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.compat.enas_manager import EnasManager
from amber.compat.environments import ControllerTrainEnvironment, give_controller
from amber.compat.ignored import warn_ignored
from amber.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class MultiManagerEnvironment(ControllerTrainEnvironment):
    """Runs a search over several data sets at once.

    In every episode the controller, conditioned on each data set in turn, proposes architectures there. The first
    column of the history is `MANAGER-STEP`.

    Args:
        data_descriptive_features: a row for each manager, (managers, d).
        controller: a ZeroShotController.
        manager: a list of managers, one for each data set.
        *arguments: as of ControllerTrainEnvironment.
        is_enas: whether managers train shared weights: "auto" (where all are EnasManagers), True or False.
        child_train_steps, child_warm_up_epochs: as of EnasTrainEnv, where managers train shared weights.
        **options: as of ControllerTrainEnvironment.

    Raises:
        ConfigError: managers that are not a list, or not as many as there are rows.
    """

    def __init__(
        self,
        data_descriptive_features: ArrayLike,
        controller: Any,
        manager: Sequence[Any],
        *arguments: Any,
        is_enas: bool | str = "auto",
        child_train_steps: int | None = None,
        child_warm_up_epochs: int = 0,
        **options: Any,
    ) -> None:
        if not isinstance(manager, (list, tuple)) or not manager:
            raise ConfigError(f"manager must be a list of managers, one for each data set. Received: {manager!r}")
        self.data_descriptive_features = np.asarray(data_descriptive_features, "float64")
        if self.data_descriptive_features.ndim != 2 or len(self.data_descriptive_features) != len(manager):
            raise ConfigError(
                f"data_descriptive_features must hold a row for each of the {len(manager)} managers. "
                f"Received: shape {self.data_descriptive_features.shape}"
            )
        shared = all(isinstance(each, EnasManager) for each in manager)
        self.is_enas = shared if is_enas == "auto" else bool(is_enas)
        self.child_train_steps = child_train_steps
        self.child_warm_up_epochs = child_warm_up_epochs
        super().__init__(controller, list(manager), *arguments, **options)
        if self.is_enas:
            self.initial_buffering_queue = 0

    def _managers(self) -> list[Any]:
        return list(self.manager)

    def _check_manager(self, manager: object) -> None:
        super()._check_manager(manager)
        if self.is_enas:
            give_controller(manager, self.controller)

    def _warm_up(self) -> None:
        if self.is_enas and not self._first_episode:
            for _ in range(self.child_warm_up_epochs):
                for manager in self.manager:
                    manager.get_rewards("warm_up", None)

    def _episode(self, episode: int) -> None:
        for place, manager in enumerate(self.manager):
            description = self.data_descriptive_features[place : place + 1]
            if self.is_enas:
                manager.get_rewards(f"shared_{episode}", None, nsteps=self.child_train_steps)
            for step in range(self.max_step_per_ep):
                arc, probabilities = self.controller.get_action(description)
                trial = f"{place}-{episode * self.max_step_per_ep + step}"
                reward, metrics = self._rewarded(manager, trial, arc)
                if reward is not None:
                    self.controller.store(list(probabilities), arc, reward, description, place)
                self._keep(trial, arc, list(probabilities), reward, metrics)
        self._learn(episode, self.initial_buffering_queue)


class ParallelMultiManagerEnvironment(MultiManagerEnvironment):
    """A MultiManagerEnvironment; its managers take turns in this process.

    Args:
        data_descriptive_features, controller, manager: as of MultiManagerEnvironment.
        *arguments: alike.
        processes: ignored with a warning where there are more than one.
        enable_manager_sampling: ignored with a warning.
        **options: as of MultiManagerEnvironment.
    """

    def __init__(
        self,
        data_descriptive_features: ArrayLike,
        controller: Any,
        manager: Sequence[Any],
        *arguments: Any,
        processes: int = 1,
        enable_manager_sampling: bool = False,
        **options: Any,
    ) -> None:
        given = {
            "processes": processes if processes > 1 else None,
            "enable_manager_sampling": enable_manager_sampling or None,
        }
        warn_ignored(type(self).__name__, given, "managers take turns in one process")
        self.processes = processes
        super().__init__(data_descriptive_features, controller, manager, *arguments, **options)
