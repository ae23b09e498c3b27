"""Children that sleep instead of training, for as long as real ones would take; worker processes import only this."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from amber.search.trial import Trial


class Sleeper:
    """Sleeps for a time drawn for each child, and scores it at random.

    Args:
        seconds: mean of the times; 0: no sleep.
        spread: standard deviation of their logarithm. 0.5 is what trainings of one space with early stopping show: most
            take about as long, a few take three times that.
    """

    def __init__(self, seconds: float, spread: float = 0.5) -> None:
        self.seconds, self.spread = seconds, spread

    def evaluate(self, arc: Any, seed: int, *, number: int, candidate: Any, **others: Any) -> Trial:
        """Returns a trial whose metrics say where and when it ran."""
        generator = np.random.default_rng(seed)
        seconds = self.seconds * generator.lognormal(-(self.spread**2) / 2, self.spread)
        started = time.time()
        time.sleep(seconds)
        ended = time.time()
        score = float(generator.random())
        metrics = {"val_accuracy": score, "worker": float(os.getpid()), "started": started, "ended": ended}
        costs = candidate.parameters, candidate.flops
        return Trial(
            number,
            tuple(arc),
            candidate.fingerprint,
            "complete",
            score,
            metrics,
            *costs,
            ended - started,
            seed,
            epochs=8,
        )
