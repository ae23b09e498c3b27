"""What trainings cost by their FLOPs, so that every search has the same budget, on any machine and under any load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls


@dataclass(frozen=True)
class Price:
    """The price of a training: a fixed part, and one for each FLOP of an example.

    Attributes:
        fixed: seconds of a training without computations.
        per_megaflop: seconds for each million of FLOPs of one example, forward.
    """

    fixed: float = 1.0
    per_megaflop: float = 0.0

    def of(self, flops: float) -> float:
        """Return the seconds of a whole training."""
        return self.fixed + self.per_megaflop * flops / 1e6


def fitted_price(flops: Sequence[float], seconds: Sequence[float]) -> Price:
    """Return the price that fits trainings best; the mean of its prices is that of the seconds.

    Args:
        flops: of each network that was trained.
        seconds: that the training took.
    """
    megaflops, measured = np.array(flops) / 1e6, np.array(seconds)
    found, _ = nnls(np.stack([np.ones(len(measured)), megaflops], 1), measured)
    found *= measured.mean() / (found[0] + found[1] * megaflops).mean()
    return Price(round(float(found[0]), 4), round(float(found[1]), 6))
