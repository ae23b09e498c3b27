"""The number of architectures to train on this machine, and about how long that takes."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from amber.backend.threads import threads_when_free

# The search, without the final training, should take about so long.
_MINUTES = 20
_FEWEST, _MOST = 8, 40
# The share of a matrix product's speed that training a small network on sequences reaches; the fixed cost of a step.
_SHARE, _SECONDS_OF_STEP = 0.45, 0.004
# Forward and backward cost three times the former.
_TRAINING = 3
_SIZE, _PASSES = 512, 5


@dataclass(frozen=True)
class Budget:
    """The amount of training.

    Attributes:
        trials: architectures.
        minutes: of search and final training together, about, while nothing else runs on the machine.
    """

    trials: int
    minutes: float


def budget(examples: int, megaflops: float, epochs: int, batch_size: int, final_epochs: float) -> Budget:
    """Return a budget.

    Args:
        examples: of the training part.
        megaflops: of a middling network for one example, forward.
        epochs: of each architecture, at most.
        batch_size: of training.
        final_epochs: of the last training, times the number of its networks.
    """
    flops = _TRAINING * megaflops * 1e6
    speed = _SHARE * _speed() * threads_when_free(flops * batch_size)
    steps = -(-examples // batch_size)
    epoch = flops * examples / speed + steps * _SECONDS_OF_STEP
    trials = int(min(_MOST, max(_FEWEST, _MINUTES * 60 / max(epoch * epochs, 1e-9))))
    return Budget(trials, (trials * epochs + final_epochs) * epoch / 60)


def _speed() -> float:
    """Return the FLOPs of a matrix product in a second of one core, measured once.

    Other programs that run now do not run for ever: processor time is counted, of one thread, as several would wait
    for each other.
    """
    matrix = np.ones((_SIZE, _SIZE), np.float32)
    seconds = []
    with threadpool_limits(1):
        for _ in range(_PASSES):
            begun = time.process_time()
            matrix @ matrix
            seconds.append(time.process_time() - begun)
    return float(2 * _SIZE**3 / max(min(seconds), 1e-6))
