"""A buffer of architectures from several data sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.architect.buffers.buffer import Buffer
from amber.architect.buffers.paths import Baseline, NamedBatch, Step, StoredPath, as_arrays, as_reward, away_from_zero
from amber.errors import ConfigError
from amber.types import Tokens

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class MultiManagerBuffer(Buffer):
    """Rewards from several data sets, each with its own manager and its own baseline.

    A manager that is absent from a path keeps its last mean. Rescaling divides by the absolute baseline and by the
    standard deviation of the manager's rewards in the path, plus 0.01.

    Args:
        max_size: paths kept.
        discount_factor: of later rewards in a path.
        ewa_beta: weight of an old baseline; None: 1 - 1 / max_size.
        is_squeeze_dim: accepted; these buffers keep no states.
        rescale_advantage_by_reward: as above.
        clip_advantage: bound of the absolute advantage.
        seed: of the shuffling; None: a fresh one.
    """

    def __init__(
        self,
        max_size: int,
        discount_factor: float = 0.0,
        ewa_beta: float | None = None,
        is_squeeze_dim: bool = False,
        rescale_advantage_by_reward: bool = False,
        clip_advantage: float = 3.0,
        seed: int | np.random.SeedSequence | None = None,
    ) -> None:
        super().__init__(
            max_size,
            discount_factor,
            ewa_beta,
            is_squeeze_dim,
            rescale_advantage_by_reward=rescale_advantage_by_reward,
            clip_advantage=clip_advantage,
            seed=seed,
        )

    @property
    def r_bias(self) -> Any:
        """The baseline of each manager."""
        return {manager: baseline.value for manager, baseline in sorted(self._memory.baselines.items())}

    def store(  # type: ignore[override]
        self, prob: Sequence[ArrayLike], action: Tokens, reward: float, description: object, manager_index: int
    ) -> None:
        """Add an architecture to the current path.

        Args:
            prob: per decision the probabilities it was drawn from, first axis of length one.
            action: tokens, (T,).
            reward: the higher the better.
            description: of the data set, (1, d).
            manager_index: which manager gave the reward.

        Raises:
            ConfigError: the description is not of shape (1, d), or the reward is not finite.
        """
        described = np.asarray(description, dtype="float32")
        if described.ndim != 2 or len(described) != 1:
            raise ConfigError(f"A description must have shape (1, d). Received: shape {described.shape}")
        self._add(
            Step(
                as_arrays(prob),
                np.asarray(action),
                as_reward(reward),
                description=described[0],
                manager=int(manager_index),
            )
        )

    def get_data(self, bs: int, shuffle: bool = True) -> Iterator[NamedBatch]:
        """Yield all finished paths in batches, the last one short.

        Yields:
            Dictionaries with `prob`, `action`, `advantage` (n, 1), `reward` (n, 1) and `description` (n, d).
        """
        for batch in self.batches(bs, shuffle):
            yield {
                "prob": batch.probabilities,
                "action": batch.actions,
                "advantage": batch.advantages[:, None],
                "reward": batch.rewards[:, None],
                "description": batch.descriptions,
            }

    def _follow(self, path: StoredPath) -> None:
        present = {int(manager) for manager in np.unique(np.asarray(path.managers))}
        for manager in sorted(present | set(self._memory.baselines)):
            baseline = self._memory.baselines.setdefault(manager, Baseline())
            mean = path.rewards[path.managers == manager].mean() if manager in present else baseline.previous
            baseline.follow(float(mean), self.ewa_beta)

    def _set_advantages(self, path: StoredPath) -> None:
        for manager in np.unique(np.asarray(path.managers)):
            rows = path.managers == manager
            bias, rewards = self.r_bias[int(manager)], path.rewards[rows]
            advantages = rewards - bias
            if self.rescale_advantage_by_reward:
                advantages = advantages / (away_from_zero(abs(bias)) * (rewards.std() + 0.01))
            path.advantages[rows] = self._clipped(advantages)

    def _baseline_text(self) -> str:
        return ", ".join(f"{manager}: {value:.6g}" for manager, value in self.r_bias.items())
