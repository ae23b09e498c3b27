"""The number of architectures to train on this machine, and about how long that takes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np

# The search, without the final training, should take about so long.
_MINUTES = 20
_FEWEST, _MOST = 8, 40
# The share of a matrix product's speed that training a small network on sequences reaches; the fixed cost of a step.
_SHARE, _SECONDS_OF_STEP = 0.15, 0.006
_SIZE, _PASSES = 512, 3


@dataclass(frozen=True)
class Budget:
    """The amount of training.

    Attributes:
        trials: architectures.
        minutes: of search and final training together, about.
        cores: number of cores assumed.
    """

    trials: int
    minutes: float
    cores: int


def budget(examples: int, megaflops: float, epochs: int, batch_size: int, final_epochs: float) -> Budget:
    """Return a budget.

    Args:
        examples: of the training part.
        megaflops: of a middling network for one example, forward.
        epochs: of each architecture, at most.
        batch_size: of training.
        final_epochs: of the last training, times the number of its networks.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    steps = -(-examples // batch_size)
    # Forward and backward cost three times the former.
    products = 3 * megaflops * 1e6 * examples / (_SHARE * _speed() * cores)
    epoch = products + steps * _SECONDS_OF_STEP
    trials = int(min(_MOST, max(_FEWEST, _MINUTES * 60 / max(epoch * epochs, 1e-9))))
    return Budget(trials, (trials * epochs + final_epochs) * epoch / 60, cores)


def _speed() -> float:
    """Return the FLOPs a second of a matrix product, on one thread or several, measured once."""
    matrix = np.ones((_SIZE, _SIZE), np.float32)
    seconds = []
    for _ in range(_PASSES):
        begun = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - begun)
    return float(2 * _SIZE**3 / min(seconds))
