"""Controllers as samplers: what a policy proposes, and what it learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np
import optuna

from amber.architect import TokenLayout
from amber.architect.controllers import (
    GeneralController,
    MultiInputController,
    MultiIOController,
    MultiIOSettings,
    ZeroShotController,
)
from amber.checks import settings_from
from amber.errors import ConfigError
from amber.search.samplers.tokens import TokenSampler, is_maximised, tokens_of

ON_POLICY: Mapping[str, object] = {
    "lstm_num_layers": 1,
    "buffer_size": 1,
    "batch_size": 10,
    "train_pi_iter": 10,
    "use_ppo_loss": True,
    "learning_rate": 0.01,
}
"""Settings of a policy that learns from what it has just proposed."""


class ControllerSampler(TokenSampler):
    """Proposes what a controller samples, and trains it after every `episode` trials.

    The reward is the value of a trial, negated where the study minimises. A trial without a value (invalid or failed)
    counts as the worst reward met so far, and is passed over before there is one.

    Args:
        controller: the policy; its buffer must not be None.
        episode: architectures sampled from one state of the policy; then it is trained.
        seed: of parameters that are not tokens.
        description: of the data set, (1, d), for a ZeroShotController; None: zeros.
        manager_index: number of the data set, for a ZeroShotController.

    Attributes:
        controller: the policy, which can be saved.

    Raises:
        ConfigError: the controller has no buffer, or `episode` is below one.
    """

    def __init__(
        self,
        controller: GeneralController,
        *,
        episode: int = 10,
        seed: int = 0,
        description: object = None,
        manager_index: int = 0,
    ) -> None:
        super().__init__(controller.layout, seed)
        if controller.buffer is None:
            raise ConfigError("A ControllerSampler needs a controller with a buffer. Received: one without")
        if episode < 1:
            raise ConfigError(f"episode must be a positive number of architectures. Received: {episode!r}")
        self.controller, self.episode = controller, int(episode)
        self.description, self.manager_index = description, manager_index
        self._ready: list[tuple[tuple[int, ...], list[np.ndarray]]] = []
        self._asked: dict[int, tuple[tuple[int, ...], list[np.ndarray]]] = {}
        self._stored = 0
        self._worst: float | None = None
        self._episodes = 0

    def propose(self, study: optuna.Study, number: int) -> Sequence[int]:
        """The next of the architectures sampled together; a new set where none is left."""
        if not self._ready:
            arcs, probabilities = self.controller.sample_with_probs(self.episode, self.description)
            self._ready = [
                (tuple(arc.tolist()), [each[row : row + 1] for each in probabilities]) for row, arc in enumerate(arcs)
            ]
        self._asked[number] = self._ready.pop(0)
        return self._asked[number][0]

    def after_trial(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        state: optuna.trial.TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Store the reward, and trains the controller where the episode is full."""
        proposed = self._asked.pop(trial.number, None)
        tokens = tokens_of(trial.params, self.layout)
        reward = self._reward(study, values)
        if tokens is None or reward is None:
            return
        if proposed is None or proposed[0] != tokens:  # proposed by someone else
            proposed = tokens, self.controller.probabilities([tokens], self.description)
        self._store(tokens, proposed[1], reward)
        self._stored += 1
        if self._stored == self.episode:
            self._stored, self._episodes = 0, self._episodes + 1
            self._ready = []  # of the policy before
            self.controller.train(self._episodes)

    def _reward(self, study: optuna.Study, values: Sequence[float] | None) -> float | None:
        if not values:
            return self._worst
        reward = float(values[0]) if is_maximised(study) else -float(values[0])
        self._worst = reward if self._worst is None else min(self._worst, reward)
        return reward

    def _store(self, tokens: tuple[int, ...], probabilities: list[np.ndarray], reward: float) -> None:
        if isinstance(self.controller, ZeroShotController):
            description = self.description
            if description is None:
                description = np.zeros((1, self.controller.spec.description_length))
            self.controller.store(probabilities, tokens, reward, description, self.manager_index)
        else:
            self.controller.store(None, probabilities, tokens, reward)


def controller_options() -> set[str]:
    """Return the names of the options that `controller_for` takes for one layout or another."""
    return {each.name for each in fields(MultiIOSettings)}


def controller_for(layout: TokenLayout, seed: int, **options: object) -> GeneralController:
    """Return a controller that can sample every architecture of a layout.

    A MultiIOController where there are output tokens, a MultiInputController where there are input tokens, else a
    GeneralController; no connection is closed because it is used already, unless an option says so.

    Args:
        layout: the tokens.
        seed: of the controller.
        **options: settings of the controller; by default one LSTM layer and on-policy PPO at a learning rate of 0.01.

    Raises:
        ConfigError: a setting that the controller does not have, or a value out of range.
    """
    arguments: dict[str, object] = {"with_skip_connection": layout.with_skips, **ON_POLICY}
    kind: type[GeneralController] = GeneralController
    if layout.num_inputs or layout.num_outputs:
        kind = MultiInputController
        arguments.update(
            with_input_blocks=bool(layout.num_inputs),
            num_input_blocks=layout.num_inputs or 1,
            input_block_unique_connection=False,
            skip_weight=None,
        )
    if layout.num_outputs:
        kind = MultiIOController
        arguments.update(num_output_blocks=layout.num_outputs, output_block_unique_connection=False)
    settings = settings_from(kind.settings_class, {**arguments, **options}, kind.__name__)
    return kind(layout.candidates, settings, seed=seed)
