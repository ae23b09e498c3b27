"""Buffers of architectures from one data set.

Samples are stored one by one into the current path; `finish_path` turns the path into one long-term entry with
advantages, of which the oldest are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from amber.architect.buffers.paths import (
    Baseline,
    Batch,
    Memory,
    NamedBatch,
    Step,
    StoredPath,
    as_arrays,
    as_reward,
    away_from_zero,
    join,
    stacked,
    take_rows,
)
from amber.architect.buffers.records import append_record
from amber.architect.buffers.state import memory_from_arrays, memory_to_arrays
from amber.architect.model_space import ModelSpace
from amber.architect.token_layout import TokenLayout
from amber.checks import positive_integer
from amber.display import PlainRepr
from amber.errors import ConfigError
from amber.types import Tokens

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Buffer(PlainRepr):
    """Keeps the last paths; an advantage is computed once, with the baseline of its time.

    The baseline is the mean reward of the first path, and from then on `beta * baseline + (1 - beta) * mean of the
    previous path`.

    Args:
        max_size: paths kept (not architectures).
        discount_factor: of later rewards in a path.
        ewa_beta: weight of the old baseline, from 0 to 1; None: 1 - 1 / max_size.
        is_squeeze_dim: whether axes of length one are removed from the states.
        rescale_advantage_by_reward: whether advantages are divided by the baseline's absolute value.
        clip_advantage: bound of the absolute advantage.
        seed: of the shuffling; None: a fresh one.

    Attributes:
        paths: the finished paths, oldest first.

    Raises:
        ConfigError: a size, factor or bound out of range.
    """

    def __init__(
        self,
        max_size: int,
        discount_factor: float = 0.0,
        ewa_beta: float | None = None,
        is_squeeze_dim: bool = False,
        rescale_advantage_by_reward: bool = False,
        clip_advantage: float = 10.0,
        seed: int | np.random.SeedSequence | None = None,
    ) -> None:
        self.max_size = positive_integer(max_size, "max_size of a buffer")
        self.discount_factor = float(discount_factor)
        self.ewa_beta = 1.0 - 1.0 / self.max_size if ewa_beta is None else float(ewa_beta)
        if not 0.0 <= self.ewa_beta <= 1.0:
            raise ConfigError(f"ewa_beta of a buffer must lie between 0 and 1. Received: {ewa_beta!r}")
        if not clip_advantage > 0:
            raise ConfigError(f"clip_advantage of a buffer must be positive. Received: {clip_advantage!r}")
        self.is_squeeze_dim = bool(is_squeeze_dim)
        self.rescale_advantage_by_reward = bool(rescale_advantage_by_reward)
        self.clip_advantage = float(clip_advantage)
        self.generator = np.random.default_rng(seed)
        self._memory = Memory()

    @property
    def paths(self) -> list[StoredPath]:
        """The finished paths, the oldest first."""
        return list(self._memory.paths)

    @property
    def r_bias(self) -> float | None:
        """The baseline; None before the first path."""
        baseline = self._memory.baselines.get(0)
        return None if baseline is None else baseline.value

    @property
    def lt_abuffer(self) -> list[np.ndarray]:
        """Actions of the finished paths."""
        return [path.actions for path in self._memory.paths]

    @property
    def lt_adbuffer(self) -> list[np.ndarray]:
        """Advantages of the finished paths."""
        return [path.advantages for path in self._memory.paths]

    @property
    def lt_pbuffer(self) -> list[list[np.ndarray]]:
        """Probabilities of the finished paths."""
        return [path.probabilities for path in self._memory.paths]

    def __len__(self) -> int:
        """How many architectures the finished paths hold."""
        return sum(len(path.rewards) for path in self._memory.paths)

    def store(self, state: ArrayLike | None, prob: Sequence[ArrayLike], action: Tokens, reward: float) -> None:
        """Add an architecture to the current path.

        Args:
            state: any array, kept and handed back; None: none.
            prob: per decision the probabilities it was drawn from, first axis of length one.
            action: tokens, (T,).
            reward: the higher the better.

        Raises:
            ConfigError: the reward is not finite.
        """
        kept = None if state is None else np.asarray(state)
        if kept is not None and self.is_squeeze_dim:
            kept = np.squeeze(kept)
        self._add(Step(as_arrays(prob), np.asarray(action), as_reward(reward), kept))

    def discount_rewards(self) -> list[float]:
        """Return, per architecture of the current path, its reward and the discounted ones of those after it."""
        total, found = 0.0, []
        for step in reversed(self._memory.steps):
            total = step.reward + self.discount_factor * total
            found.append(total)
        return found[::-1]

    def finish_path(
        self,
        state_space: ModelSpace | None = None,
        global_ep: int = 0,
        working_dir: str | Path | None = None,
        layout: TokenLayout | None = None,
    ) -> None:
        """Turn the current path into a long-term entry; do nothing where the path is empty.

        Args:
            state_space: the model space; names the operations in the record. None: tokens only.
            global_ep: number of the episode, for the record.
            working_dir: where a record is appended to `buffers.txt`; None: no record.
            layout: what the tokens mean, for the record.

        Raises:
            StorageError: the record cannot be written.
        """
        steps = self._memory.steps
        if not steps:
            return
        rewards = np.array(self.discount_rewards())
        path = StoredPath(
            actions=np.stack([step.action for step in steps]),
            rewards=rewards,
            advantages=np.zeros_like(rewards),
            probabilities=[np.concatenate(column) for column in zip(*(s.probabilities for s in steps), strict=True)],
            states=stacked([step.state for step in steps]),
            descriptions=stacked([step.description for step in steps]),
            managers=stacked([None if step.manager is None else np.asarray(step.manager) for step in steps]),
        )
        self._follow(path)
        self._memory.paths = [*self._memory.paths, path][-self.max_size :]
        self._set_advantages(path)
        self._memory.steps = []
        if working_dir is not None:
            append_record(Path(working_dir), path, global_ep, self._baseline_text(), state_space, layout)

    def get_data(self, bs: int, shuffle: bool = True) -> Iterator[Batch] | Iterator[NamedBatch]:
        """Yield all finished paths in batches, the last one short.

        Args:
            bs: architectures in a batch.
            shuffle: whether they come in random order.

        Yields:
            `(states, [probabilities of each decision], actions (n, T), advantages (n, 1), rewards (n, 1))`.
        """
        for batch in self.batches(bs, shuffle):
            yield (
                batch.states,
                batch.probabilities,
                batch.actions,
                batch.advantages[:, None],
                batch.rewards[:, None],
            )

    def batches(self, bs: int, shuffle: bool = True) -> Iterator[StoredPath]:
        """Yield all finished paths in batches, as values with named fields."""
        if not self._memory.paths:
            return
        everything = join(self._memory.paths)
        order = np.arange(len(everything.rewards))
        if shuffle:
            self.generator.shuffle(order)
        for start in range(0, len(order), bs):
            yield take_rows(everything, order[start : start + bs])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all that is remembered as arrays by name."""
        return memory_to_arrays(self._memory)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restore what `to_arrays` returned."""
        self._memory = memory_from_arrays(arrays)

    def _add(self, step: Step) -> None:
        self._memory.steps.append(step)

    def _follow(self, path: StoredPath) -> None:
        """Move the baseline on."""
        self._memory.baselines.setdefault(0, Baseline()).follow(float(path.rewards.mean()), self.ewa_beta)

    def _set_advantages(self, path: StoredPath) -> None:
        """Fill in the advantages of the newest path."""
        bias = self.r_bias or 0.0
        advantages = path.rewards - bias
        if self.rescale_advantage_by_reward:
            advantages = advantages / away_from_zero(abs(bias))
        path.advantages = self._clipped(advantages)

    def _clipped(self, advantages: np.ndarray) -> np.ndarray:
        return np.asarray(np.clip(advantages, -self.clip_advantage, self.clip_advantage))

    def _baseline_text(self) -> str:
        return f"{self.r_bias:.6g}"


class ReplayBuffer(Buffer):
    """Like `Buffer`, but the advantages of all stored rewards are recomputed with the current baseline."""

    def _set_advantages(self, path: StoredPath) -> None:
        bias = self.r_bias or 0.0
        for each in self._memory.paths:
            advantages = each.rewards - bias
            if self.rescale_advantage_by_reward:
                advantages = advantages / away_from_zero(np.abs(each.rewards))
            each.advantages = self._clipped(advantages)
