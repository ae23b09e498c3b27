"""A reward: how the predictions for the validation data become one number."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amber import measures
from amber.display import one_line
from amber.errors import ConfigError, DataError
from amber.registry import Registry
from amber.search.rewards import scores
from amber.search.rewards.naming import naming
from amber.search.rewards.outputs import paired_outputs
from amber.wording import shown

ScoreFunction = Callable[[np.ndarray, np.ndarray], float | Sequence[float]]
"""Called with targets and predictions of one output, both (records, columns); class numbers are one-hot columns.

Targets that are not known are NaN.
"""

KnownTargets = Callable[[np.ndarray], np.ndarray]
"""Returns targets of one output with NaN in place of those that are not known."""

DIRECTIONS = ("maximize", "minimize")


@dataclass(frozen=True)
class Reward:
    """What a trained network is worth.

    Args:
        name: as it is registered; tables show `val_NAME`.
        function: scores one output: a number, or one for each column; NaN is left out. None: `val_NAME` is what
            training reports under that name.
        worst: the value that samplers are told of an architecture that is not a network or is over budget. None: the
            worst score so far.
        direction: `"maximize"` or `"minimize"`.
        known: name of an output -> what makes NaN of its targets that are not known; others know all of theirs.

    Raises:
        ConfigError: an empty name, a worst value that is not finite, or an unknown direction.
    """

    __repr__ = one_line

    name: str
    function: ScoreFunction | None
    worst: float | None = None
    direction: str = "maximize"
    known: tuple[tuple[str, KnownTargets], ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ConfigError(f"The name of a reward must be non-empty text. Received: {self.name!r}")
        if self.worst is not None and not math.isfinite(self.worst):
            raise ConfigError(f"The worst value of a reward must be finite, or None. Received: {self.worst!r}")
        if self.direction not in DIRECTIONS:
            raise ConfigError(f"direction must be 'maximize' or 'minimize'. Received: {self.direction!r}")

    @property
    def metric(self) -> str:
        """The name under which its value is recorded."""
        return f"val_{self.name}"

    def __call__(self, targets: object, predictions: object, names: Sequence[str] = ()) -> float:
        """Return the mean over all columns of all outputs.

        Args:
            targets: of one output an array (records, ...) of values or class numbers; of several a list or
                dictionary of such.
            predictions: alike; a list where targets are a dictionary is in the order of `names`.
            names: of the outputs.

        Raises:
            ConfigError: this reward is what training reports, and no function of predictions.
            DataError: targets and predictions do not belong together, or no column can be scored.
            RuntimeError: the function raises an error; the message names this reward.
            TypeError: the function returns other than numbers.
            FloatingPointError: a prediction is not finite.
        """
        if self.function is None:
            raise ConfigError(f"The reward '{self.name}' is what training reports; it needs no predictions.")
        values: list[float] = []
        pairs = paired_outputs(targets, predictions, names)
        for known, (true, predicted) in zip(self._known(targets, names, len(pairs)), pairs, strict=True):
            values += self._values(self.function, true if known is None else known(true), predicted)
        found = [value for value in values if not math.isnan(value)]
        if not found:
            raise DataError(
                f"The reward '{self.name}' needs an output whose targets differ between records. "
                f"Received: {len(values)} columns of equal targets"
            )
        return float(np.mean(found))

    def _known(self, targets: object, names: Sequence[str], count: int) -> list[KnownTargets | None]:
        """Return of each output what makes NaN of targets that are not known; None where all are."""
        if count == len(self.known) == 1:
            return [self.known[0][1]]
        known, order = dict(self.known), list(targets if isinstance(targets, Mapping) else names)
        return [known.get(name) for name in order] if len(order) == count else [None] * count

    def _values(self, function: ScoreFunction, true: np.ndarray, predicted: np.ndarray) -> list[float]:
        """Return what the function gives for one output: a number for each column, or one."""
        with naming(f"The reward '{self.name}'"):
            found = function(true, predicted)
        try:
            values: list[float] = np.asarray(found, "float64").reshape(-1).tolist()
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"The reward '{self.name}' must return a number, or one for each column. Received: {shown(found)}"
            ) from error
        return values


REWARDS: Registry[Reward] = Registry("reward", ConfigError)


def register_reward(
    name: str,
    function: ScoreFunction,
    *,
    worst: float | None = None,
    direction: str = "maximize",
    replace: bool = False,
) -> None:
    """Add a reward under a name (any case), which `Objective(reward=...)` and `search.reward` then take.

    Args:
        name: of the reward.
        function: of targets and predictions of one output, both (records, columns); returns a number or one for
            each column. `per_column` makes one of a function of single columns.
        worst: see `Reward`.
        direction: see `Reward`.
        replace: whether it may take the place of a registered one.

    Raises:
        ConfigError: the name is empty or taken, or a value out of range.
    """
    REWARDS.register(name, Reward(name, function, worst, direction), replace=replace)


def get_reward(reward: str | Reward) -> Reward:
    """Return a reward by its name, or the given one; raise ConfigError listing the known names."""
    return reward if isinstance(reward, Reward) else REWARDS.get(reward)


_BUILT_IN: Mapping[str, tuple[ScoreFunction, float]] = {
    "auroc": (scores.auroc, 0.0),
    "auprc": (scores.auprc, 0.0),
    "accuracy": (scores.accuracy, 0.0),
    "mcc": (scores.mcc, -1.0),
    "pearson": (scores.per_column(measures.pearson), -1.0),
    "spearman": (scores.per_column(measures.spearman), -1.0),
}
for _name, (_function, _worst) in _BUILT_IN.items():
    register_reward(_name, _function, worst=_worst)
REWARDS.register("loss", Reward("loss", None, direction="minimize"))
