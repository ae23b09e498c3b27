"""How much of what a one-shot search does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from amber.checks import integer_at_least, positive_integer
from amber.display import one_line
from amber.errors import ConfigError
from amber.search.halving import HalvingSettings
from amber.search.one_shot.display import OneShotProgress


@dataclass(frozen=True)
class OneShotSettings:
    """Settings of a one-shot search.

    Attributes:
        start_steps: batches as one architecture, before all others: the largest of a uniform sample, as in progressive
            shrinking (Cai et al. 2020, "Once-for-all"). Weights that many networks share from the first batch on may
            never get over a plateau that any one of these networks gets over.
        warm_up_steps: batches with uniformly drawn architectures before the policy learns anything.
        steps_per_episode: batches of shared-weight training before each update of the policy.
        episodes: updates of the policy, at most.
        seconds: time for the shared training, at most, each part with its share of the steps; None: no limit.
            Scoring of the final sample and retraining come on top.
        architectures: scored in each episode; the policy learns from their scores.
        uniform_share: share of the batches of an episode whose architecture is uniform, not the policy's: it keeps
            the weights of what the policy disfavours trained, without which a random sample would score unfairly.
        sample: architectures scored in the end, so many of the policy and so many uniform ones.
        top_k: chosen, and retrained (`inherit_weights` says from what): so many of the policy's, and so many of the
            uniform sample.
        finalist_steps: batches of shared training on the chosen ones only, before they are scored again. Weights that
            few networks share fit each of them better (Zhao et al. 2021, "Few-shot neural architecture search"; You
            et al. 2020, "GreedyNAS").
        calibration_steps: batches of training data on which normalisation statistics are estimated before a score.
        inherit_weights: whether the best begin their retraining with the shared weights, not from scratch. They
            train as long as any other network, on top of what the shared training gave them.
        halving: the chosen ones are retrained in rungs, of which the best go on; None: each is retrained whole. A short
            training from shared weights ranks networks better than the shared weights do.

    Raises:
        ConfigError: a value out of range.
    """

    start_steps: int = 100
    warm_up_steps: int = 200
    steps_per_episode: int = 20
    episodes: int = 40
    seconds: float | None = None
    architectures: int = 10
    uniform_share: float = 0.5
    sample: int = 50
    top_k: int = 3
    finalist_steps: int = 200
    calibration_steps: int = 2
    inherit_weights: bool = False
    halving: HalvingSettings | None = None
    __repr__ = one_line

    def __post_init__(self) -> None:
        for name in ("steps_per_episode", "episodes", "architectures", "sample", "top_k", "calibration_steps"):
            positive_integer(getattr(self, name), name)
        for name in ("start_steps", "warm_up_steps", "finalist_steps"):
            integer_at_least(getattr(self, name), name, 0)
        if not 0 <= self.uniform_share <= 1:
            raise ConfigError(f"uniform_share must be from 0 to 1. Received: {self.uniform_share!r}")
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds > 0):
            raise ConfigError(f"seconds must be a positive number, or None. Received: {self.seconds!r}")

    @property
    def searching_steps(self) -> int:
        """Batches before the choice."""
        return self.start_steps + self.warm_up_steps + self.episodes * self.steps_per_episode

    @property
    def planned_steps(self) -> int:
        """Batches of all the shared training."""
        return self.searching_steps + self.finalist_steps


@dataclass(frozen=True)
class SharedTraining:
    """How shared weights and policy are trained, beside the amounts of `OneShotSettings`.

    Attributes:
        compile_arguments: of `keras.Model.compile` for the shared training, with a constant learning rate (it is
            lowered along a cosine); None: the builder's.
        controller_options: of the policy; see `controller_for`.
        progress: display of the shared training; None: none.
    """

    __repr__ = one_line

    compile_arguments: Mapping[str, object] | None = None
    controller_options: Mapping[str, object] | None = None
    progress: OneShotProgress | None = None
