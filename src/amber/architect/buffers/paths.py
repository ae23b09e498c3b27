"""What a buffer holds: single architectures, finished paths, and the running mean of rewards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypedDict

import numpy as np

from amber.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass
class StoredPath:
    """One finished path of n architectures.

    Attributes:
        actions: tokens, (n, T).
        rewards: (n,).
        advantages: (n,).
        probabilities: per decision an array whose first axis has n rows.
        states: (n, ...), or None where none were given.
        descriptions: (n, d), or None.
        managers: (n,) numbers of managers, or None.
    """

    actions: np.ndarray
    rewards: np.ndarray
    advantages: np.ndarray
    probabilities: list[np.ndarray]
    states: np.ndarray | None = None
    descriptions: np.ndarray | None = None
    managers: np.ndarray | None = None


@dataclass
class Step:
    """One architecture of the path that is not finished yet."""

    probabilities: list[np.ndarray]
    action: np.ndarray
    reward: float
    state: np.ndarray | None = None
    description: np.ndarray | None = None
    manager: int | None = None


@dataclass
class Baseline:
    """The running mean of rewards.

    Attributes:
        value: what rewards are compared with; None before the first path.
        previous: mean reward of the path before.
    """

    value: float | None = None
    previous: float = 0.0

    def follow(self, mean: float, beta: float) -> float:
        """Update with the mean of a path: the first counts at once, later ones one path late."""
        self.value = mean if self.value is None else beta * self.value + (1.0 - beta) * self.previous
        self.previous = mean
        return self.value


@dataclass
class Memory:
    """What a buffer remembers: the current path, the finished ones, and a baseline for each manager."""

    steps: list[Step] = field(default_factory=list)
    paths: list[StoredPath] = field(default_factory=list)
    baselines: dict[int, Baseline] = field(default_factory=dict)


Batch: TypeAlias = tuple[np.ndarray | None, list[np.ndarray], np.ndarray, np.ndarray, np.ndarray]
"""States, probabilities of each decision, actions (n, T), advantages (n, 1) and rewards (n, 1)."""


class NamedBatch(TypedDict):
    """A batch of architectures from several data sets; the arrays have n rows."""

    prob: list[np.ndarray]
    action: np.ndarray
    advantage: np.ndarray
    reward: np.ndarray
    description: np.ndarray | None


def as_arrays(probabilities: Iterable[ArrayLike]) -> list[np.ndarray]:
    """Return the probabilities of each decision as arrays."""
    return [np.asarray(each) for each in probabilities]


def as_reward(reward: float) -> float:
    """Return a reward as a number; raise ConfigError where it is not finite."""
    if not np.isfinite(reward):
        raise ConfigError(f"A reward must be a finite number. Received: {reward!r}")
    return float(reward)


def away_from_zero(value: float | np.ndarray) -> np.ndarray:
    """Return a divisor that cannot be zero; the clipping bounds the quotient."""
    return np.asarray(np.maximum(value, 1e-8))


def stacked(values: list[np.ndarray | None]) -> np.ndarray | None:
    """Return arrays along a new first axis; None where there are none."""
    return np.stack([value for value in values if value is not None]) if values[0] is not None else None


def take_rows(path: StoredPath, rows: np.ndarray) -> StoredPath:
    """Return some architectures of a path."""

    def pick(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[rows]

    return StoredPath(
        path.actions[rows],
        path.rewards[rows],
        path.advantages[rows],
        [each[rows] for each in path.probabilities],
        pick(path.states),
        pick(path.descriptions),
        pick(path.managers),
    )


def join(paths: list[StoredPath]) -> StoredPath:
    """Return the architectures of several paths as one."""

    def chain(values: list[np.ndarray | None]) -> np.ndarray | None:
        return None if values[0] is None else np.concatenate([value for value in values if value is not None])

    return StoredPath(
        np.concatenate([path.actions for path in paths]),
        np.concatenate([path.rewards for path in paths]),
        np.concatenate([path.advantages for path in paths]),
        [np.concatenate(column) for column in zip(*(path.probabilities for path in paths), strict=True)],
        chain([path.states for path in paths]),
        chain([path.descriptions for path in paths]),
        chain([path.managers for path in paths]),
    )
