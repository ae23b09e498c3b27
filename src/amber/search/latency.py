"""How long a network takes to predict one batch, measured on the machine that trains it, before it is trained."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

    from amber.search.rewards.budget import Budget

# Predictions before the clock runs, and those that are timed, of which no more are begun after so many seconds.
_WARM_UP, _TIMED, _SECONDS = 2, 20, 1.0


class TooSlowError(Exception):
    """A network takes longer than the budget allows."""


class Stopwatch:
    """Times the networks of one training.

    Args:
        batch: examples of a batch; None: nothing is timed.
        inputs: arrays of examples.
        budget: whose latency may not be exceeded.

    Attributes:
        milliseconds: of the last network; None where none was timed.
    """

    def __init__(self, batch: int | None, inputs: Any, budget: Budget) -> None:
        self._batch, self._inputs, self._budget = batch, inputs, budget
        self.milliseconds: float | None = None

    def timed(self, model: keras.Model) -> keras.Model:
        """Time a network, and return it.

        Raises:
            TooSlowError: it takes longer than the budget allows.
        """
        if self._batch is not None:
            self.milliseconds = latency(model, self._inputs, self._batch)
            excess = self._budget.too_slow(self.milliseconds)
            if excess:
                raise TooSlowError(excess)
        return model


def latency(model: keras.Model, inputs: Any, batch: int) -> float:
    """Return the milliseconds of the fastest of some predictions of one batch; what else runs can only slow one down.

    No global random generator is disturbed.

    Args:
        model: any Keras model.
        inputs: an array, or a list or dictionary of arrays, whose first rows are predicted, again and again where they
            are fewer than a batch.
        batch: examples of the batch.
    """
    import keras

    from amber.backend.randomness import preserved

    x = keras.tree.map_structure(lambda array: array[np.arange(batch) % len(array)], inputs)
    found: list[float] = []
    with preserved():
        for _ in range(_WARM_UP):
            model.predict_on_batch(x)
        begun = time.perf_counter()
        while len(found) < _TIMED and (not found or time.perf_counter() - begun < _SECONDS):
            started = time.perf_counter()
            model.predict_on_batch(x)
            found.append(time.perf_counter() - started)
    return round(1000 * min(found), 4)
