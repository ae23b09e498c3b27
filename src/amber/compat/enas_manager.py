"""The manager of weight-sharing searches: it trains shared weights, and scores architectures with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from amber.compat.data import unpack_data
from amber.compat.ignored import warn_ignored
from amber.compat.managers import GeneralManager, Rewarded
from amber.training.recalibration import recalibrate
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.compat.roles import ModelStates, Trial

# Batches on which the normalisation statistics of an architecture are estimated before it is scored.
_STATISTICS_STEPS = 2


class EnasManager(GeneralManager):
    """Trains the shared weights of a builder, and scores architectures without training them.

    Args:
        session: ignored with a warning: Keras 3 has no sessions.
        *arguments: as of GeneralManager; `model_fn` is a weight-sharing builder.
        disable_controller: whether rewards are random numbers from 0 to 1, as a comparison.
        seed: of these random numbers.
        **options: as of GeneralManager.
    """

    def __init__(
        self,
        session: object = None,
        *arguments: Any,
        disable_controller: bool = False,
        seed: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        warn_ignored(type(self).__name__, {"session": session}, "Keras 3 has no sessions")
        self.disable_controller = disable_controller
        self.model: Any = None
        self._generator = np.random.default_rng(seed)

    def get_rewards(
        self, trial: Trial, model_arc: ModelStates | None = None, nsteps: int | None = None, **unused: Any
    ) -> Rewarded:
        """Train the shared weights, or score an architecture with them.

        Args:
            trial: number of the trial.
            model_arc: tokens; None: train the shared weights.
            nsteps: batches of that training; None: `epochs` passes over the data.
            **unused: what other managers need.

        Returns:
            `(None, None)` after training; else the reward and the metrics by name.
        """
        if model_arc is None:
            self._train_shared(trial, nsteps)
            return None, None
        if self.disable_controller:
            reward = float(self._generator.random())
            return reward, {"loss": reward, "knowledge": 0.0, **dict.fromkeys(self.metric_names, float("nan"))}
        child = self._build(model_arc)
        if child is None:
            return self._lowest(model_arc)
        x, y = unpack_data(self.train_data)
        if y is not None:
            recalibrate(child, _first_rows(x, self.batchsize * _STATISTICS_STEPS), self.batchsize)
        return self._reward(trial, child, None, model_arc)

    def _train_shared(self, trial: Trial, nsteps: int | None) -> None:
        if self.model is None:
            self.model = self.model_fn()
        x, y = unpack_data(self.train_data)
        data = {"x": x} if y is None else {"x": x, "y": y, "batch_size": self.batchsize}
        options = {"verbose": self.verbose, **self.fit_kwargs}
        steps = {"epochs": self.epochs} if nsteps is None else {"epochs": 1, "nsteps": nsteps}
        history = self.model.fit(**data, **steps, **options)
        super()._store(trial, self.model, history, {})

    def _store(
        self,
        trial: Trial,
        model: keras.Model,
        history: keras.callbacks.History | None,
        metrics: Mapping[str, float],
        model_arc: ModelStates | None = None,
    ) -> None:
        """Keep nothing of a scored architecture: its weights are the shared ones."""


def _first_rows(x: TensorTree, rows: int) -> TensorTree:
    return keras.tree.map_structure(lambda array: array[:rows], x)
