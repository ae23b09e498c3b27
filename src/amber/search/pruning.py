"""Early stopping of bad trials: Optuna's pruners by name, and the Keras callback that asks one after every epoch.

| name | what is stopped |
|---|---|
| `median` | what is worse than the median of earlier trials at the same epoch |
| `percentile` | the same with another percentile |
| `successive_halving` | all but the best share at each rung of epochs (Li et al. 2020, ASHA) |
| `hyperband` | the same in several brackets (Li et al. 2018) |
| `threshold` | what is below or above a bound |
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import optuna

from amber.errors import ConfigError
from amber.registry import Registry

PrunerFactory = Callable[..., optuna.pruners.BasePruner]
"""Called as `factory(epochs, **options)`, with the most epochs of a trial."""

PRUNERS: Registry[PrunerFactory] = Registry("pruner", ConfigError)


def register_pruner(name: str, factory: PrunerFactory, *, replace: bool = False) -> None:
    """Adds a pruner under a name (any case).

    Args:
        name: what `run_search(pruner=...)` is given.
        factory: called as `factory(epochs, **options)`, returns an Optuna pruner.
        replace: whether it may take the place of a registered one.

    Raises:
        ConfigError: the name is empty or taken.
    """
    PRUNERS.register(name, factory, replace=replace)


def make_pruner(name: str, epochs: int, **options: Any) -> optuna.pruners.BasePruner:
    """Returns a new pruner.

    Args:
        name: a registered name, such as `"median"`.
        epochs: the most epochs of a trial.
        **options: of the Optuna pruner, such as `n_startup_trials=5`.

    Raises:
        ConfigError: unknown name (lists the known ones), or options that it does not take.
    """
    factory = PRUNERS.get(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return factory(epochs, **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"The pruner '{name}' cannot be made with options {options}: {error}") from error


class PruningCallback(keras.callbacks.Callback):
    """Reports a metric after every epoch to an Optuna trial, and ends the training where its pruner says so.

    Args:
        trial: as `optuna.Study.ask` returns it.
        metric: as `fit` reports it.

    Attributes:
        values: the metric after each epoch.
        metrics: all that `fit` reported after the last one.
    """

    def __init__(self, trial: optuna.Trial, metric: str) -> None:
        super().__init__()
        self._trial, self._metric = trial, metric
        self.values: list[float] = []
        self.metrics: dict[str, float] = {}

    def take_up(self, values: Sequence[float]) -> None:
        """Reports what the epochs before a checkpoint gave; the pruner let them pass."""
        self.values = [float(value) for value in values]
        report(self._trial, self.values)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Reports and asks.

        Raises:
            optuna.TrialPruned: the pruner gives this trial up.
        """
        self.metrics = {name: float(value) for name, value in (logs or {}).items()}
        self.values.append(self.metrics[self._metric])
        self._trial.report(self.values[-1], len(self.values))
        if self._trial.should_prune():
            raise optuna.TrialPruned(f"after epoch {len(self.values)}, with {self._metric} {self.values[-1]:.6g}")


def report(trial: optuna.Trial, values: Sequence[float]) -> None:
    """Reports values that are known already, in the way they once were: pruners keep notes while they are asked."""
    for step, value in enumerate(values, start=1):
        trial.report(value, step)
        trial.should_prune()


def _hyperband(epochs: int, *, max_resource: int | str | None = None, **options: Any) -> optuna.pruners.BasePruner:
    return optuna.pruners.HyperbandPruner(max_resource=max_resource or epochs, **options)


register_pruner("median", lambda epochs, **options: optuna.pruners.MedianPruner(**options))
register_pruner("percentile", lambda epochs, **options: optuna.pruners.PercentilePruner(**options))
register_pruner("successive_halving", lambda epochs, **options: optuna.pruners.SuccessiveHalvingPruner(**options))
register_pruner("hyperband", _hyperband)
register_pruner("threshold", lambda epochs, **options: optuna.pruners.ThresholdPruner(**options))
