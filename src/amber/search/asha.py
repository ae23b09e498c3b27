"""Asynchronous successive halving: at each rung a training goes on if it is among the best that came so far.

Optuna's `SuccessiveHalvingPruner` has rungs at powers of its factor only, and gives up trainings that are over. This
module loads no Keras.
"""

from __future__ import annotations

import math

import optuna

from amber.checks import is_integer, positive_integer
from amber.display import PlainRepr
from amber.errors import ConfigError


def rung_epochs(most: int, rungs: int, factor: int) -> tuple[int, ...]:
    """Return after how many epochs each rung looks, increasing; fewer rungs where there are few epochs.

    Args:
        most: epochs of the last rung.
        rungs: at most so many.
        factor: how many times as many epochs each rung has as the one before.
    """
    wanted = [max(1, round(most / factor**rung)) for rung in range(rungs)]
    return tuple(sorted(set(wanted)))


def checked_factor(factor: int) -> int:
    """Return the factor; raises ConfigError where it is not an integer of 2 or more."""
    if not is_integer(factor) or factor < 2:
        raise ConfigError(f"factor must be an integer of 2 or more. Received: {factor!r}", field=("factor",))
    return factor


class AshaPruner(PlainRepr, optuna.pruners.BasePruner):
    """Gives up what is not among the best at a rung (Li et al. 2020, in the form that stops, and never waits).

    Whoever comes first to a rung goes on, and later ones if they are among the best one of `factor` that came so far.
    All follows from the values that were reported, so a study that is taken up again goes on as it would have.

    Args:
        epochs: the most epochs of a trial.
        rungs: looks at the candidates, the last after all epochs, where nothing is given up.
        factor: one of so many goes on, for so many times the epochs.

    Raises:
        ConfigError: `rungs` is not a positive integer, or `factor` not an integer of 2 or more.
    """

    def __init__(self, epochs: int, *, rungs: int = 3, factor: int = 3) -> None:
        self._factor = checked_factor(factor)
        self._looks = rung_epochs(epochs, positive_integer(rungs, "rungs"), factor)[:-1]

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Say whether a training is given up at the epoch that it reported last."""
        step = trial.last_step
        if step is None or step not in self._looks:
            return False
        own = trial.intermediate_values[step]
        if math.isnan(own):
            return True
        sign = -1.0 if study.direction == optuna.study.StudyDirection.MAXIMIZE else 1.0
        known = (
            each.intermediate_values.get(step, math.nan)
            for each in study.get_trials(deepcopy=False)
            if each.number != trial.number
        )
        others = [value for value in known if not math.isnan(value)]
        better = sum(sign * value < sign * own for value in others)
        return bool(better >= max(1, (len(others) + 1) // self._factor))
