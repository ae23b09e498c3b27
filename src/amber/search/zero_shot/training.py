"""One policy learns from several data sets at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.architect.controllers import ZeroShotController, ZeroShotSettings
from amber.backend import interrupts
from amber.backend.randomness import check_seed, trial_seed
from amber.checks import positive_integer, settings_from
from amber.display import one_line
from amber.errors import ConfigError, DataError
from amber.search.objective import Objective, prepared
from amber.search.samplers.controller import ON_POLICY
from amber.search.trial import Trial
from amber.search.zero_shot.policy import ZeroShotPolicy

if TYPE_CHECKING:
    from amber.architect.token_layout import TokenLayout

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ZeroShotTask:
    """One data set to learn from.

    Attributes:
        name: what results call it.
        objective: trains and scores architectures on it.
        description: finite numbers that describe it, as many for every data set and in the same order.
    """

    __repr__ = one_line

    name: str
    objective: Objective
    description: Sequence[float]


@dataclass(frozen=True)
class ZeroShotResult:
    """The outcome.

    Attributes:
        policy: proposes architectures for any description.
        trials: of each data set, every architecture that was settled, in order and none twice.
        history: one entry per episode: its number, and of each data set the mean score under its name.
        stopped: "finished" or "interrupted".
    """

    __repr__ = one_line

    policy: ZeroShotPolicy
    trials: Mapping[str, tuple[Trial, ...]]
    history: tuple[Mapping[str, float], ...]
    stopped: str


def train_zero_shot(
    tasks: Sequence[ZeroShotTask],
    *,
    seed: int,
    episodes: int = 30,
    architectures: int = 5,
    controller_options: Mapping[str, object] | None = None,
    on_episode: Callable[[Mapping[str, float]], None] | None = None,
) -> ZeroShotResult:
    """Train one policy on several data sets.

    In every episode the policy, conditioned on each data set in turn, proposes architectures; they are trained there
    unless the same network was before, and the policy learns from all scores together. A score counts relative to
    the others of its data set (standardised), so that easy data sets do not outweigh difficult ones. Ctrl-C ends the
    training with what is there.

    Args:
        tasks: the data sets, at least two, over one model space.
        seed: of the policy and, with the network's fingerprint, of every training.
        episodes: updates of the policy.
        architectures: proposed for each data set in an episode.
        controller_options: of the ZeroShotController; by default 16 hidden units over the description, one LSTM layer
            and on-policy PPO at a learning rate of 0.01.
        on_episode: called with each entry of the history.

    Raises:
        ConfigError: fewer than two tasks, names that repeat, or spaces of other tokens.
        DataError: descriptions of other lengths or that are not finite.
    """
    count = positive_integer(episodes, "episodes")
    history: list[dict[str, float]] = []
    stopped = "finished"
    with interrupts.guarded():
        with interrupts.shielded():
            architectures = positive_integer(architectures, "architectures")
            learning = _Learning(tasks, check_seed(seed), architectures, controller_options)
        try:
            for episode in range(1, count + 1):
                interrupts.check()
                history.append({"episode": episode, **learning.episode(episode)})
                if on_episode:
                    on_episode(history[-1])
            interrupts.check()
        except KeyboardInterrupt:
            interrupts.acknowledge()
            stopped = "interrupted"
            logger.warning("Interrupted after %d episodes.", len(history))
        trials = {task.name: tuple(learning.known[place].values()) for place, task in enumerate(tasks)}
        return ZeroShotResult(learning.policy, trials, tuple(history), stopped)


class _Learning:
    """The policy and what is known of each data set."""

    def __init__(
        self, tasks: Sequence[ZeroShotTask], seed: int, architectures: int, options: Mapping[str, object] | None
    ) -> None:
        descriptions = _checked_descriptions(tasks)
        self.tasks, self.seed, self.architectures = tuple(tasks), seed, architectures
        mean, scale = descriptions.mean(axis=0), descriptions.std(axis=0)
        controller = _controller(tasks[0].objective.layout, descriptions.shape[1], seed, options)
        self.policy = ZeroShotPolicy(controller, mean.tolist(), np.where(scale > 0, scale, 1.0).tolist())
        self.known: list[dict[str, Trial]] = [{} for _ in tasks]

    def episode(self, number: int) -> dict[str, float]:
        """Propose, trains and learns; return the mean score of each data set."""
        means, stored = {}, 0
        for place, task in enumerate(self.tasks):
            described = self.policy.standardised(task.description)
            arcs, probabilities = self.policy.controller.sample_with_probs(self.architectures, described)
            results = [self._settle(place, task.objective, tuple(arc.tolist())) for arc in arcs]
            scores = [trial.score for trial in results if trial.score is not None]
            means[task.name] = float(np.mean(scores)) if scores else float("nan")
            for row, reward in enumerate(self._rewards(place, results)):
                if reward is not None:
                    own = [each[row : row + 1] for each in probabilities]
                    self.policy.controller.store(own, arcs[row], reward, described, place)
                    stored += 1
        if stored:
            self.policy.controller.train(number)
        return means

    def _settle(self, place: int, objective: Objective, tokens: tuple[int, ...]) -> Trial:
        known = self.known[place]
        candidate = prepared(objective, tokens, len(known))
        if isinstance(candidate, Trial):
            return known.setdefault(f"invalid {tokens}", candidate)
        name = candidate.fingerprint
        if name not in known:
            own = trial_seed(self.seed, name)
            known[name] = objective.evaluate(tokens, own, number=len(known), candidate=candidate)
            if known[name].status == "failed":
                logger.warning("%s: a training failed: %s", self.tasks[place].name, known[name].error)
        return known[name]

    def _rewards(self, place: int, results: Sequence[Trial]) -> list[float | None]:
        """Score as distances from the mean of the data set's, in standard deviations, the higher the better."""
        objective = self.tasks[place].objective
        sign = 1.0 if objective.direction == "maximize" else -1.0
        scores = [sign * trial.score for trial in self.known[place].values() if trial.score is not None]
        if not scores:
            return [None] * len(results)
        lost = min(scores) if objective.infeasible_value is None else min(*scores, sign * objective.infeasible_value)
        values = [lost if trial.score is None else sign * trial.score for trial in results]
        spread = float(np.std(scores)) or 1.0
        return [float((value - np.mean(scores)) / spread) for value in values]


def _checked_descriptions(tasks: Sequence[ZeroShotTask]) -> np.ndarray:
    if len(tasks) < 2 or len({task.name for task in tasks}) < len(tasks):
        names = [task.name for task in tasks]
        raise ConfigError(f"Zero-shot training needs at least two tasks of different names. Received: {names}")
    lengths = {len(task.description) for task in tasks}
    if len(lengths) > 1 or not min(lengths):
        raise DataError(f"Descriptions must all be of the same length, at least 1. Received: {sorted(lengths)}")
    values = np.asarray([list(task.description) for task in tasks], "float64")
    if not np.isfinite(values).all():
        raise DataError(f"Descriptions must be finite. Received: {values.tolist()}")
    layout = tasks[0].objective.layout
    for task in tasks:
        if task.objective.layout != layout:
            raise ConfigError(f"All tasks must have the same tokens; those of '{task.name}' differ from the first's.")
    if layout.num_inputs or layout.num_outputs:
        raise ConfigError("Zero-shot search chooses operations and skip connections. Received: tokens of blocks")
    return values


def _controller(
    layout: TokenLayout, length: int, seed: int, options: Mapping[str, object] | None
) -> ZeroShotController:
    given: dict[str, Any] = {
        "data_description_config": {"length": length, "hidden_layer": {"units": 16, "activation": "relu"}},
        "with_skip_connection": layout.with_skips,
        "seed": seed,
        **ON_POLICY,
        **(options or {}),
    }
    description, seed = given.pop("data_description_config"), given.pop("seed")
    settings = settings_from(ZeroShotSettings, given, "ZeroShotController")
    return ZeroShotController(layout.candidates, description, settings, seed=seed)
