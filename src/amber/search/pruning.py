"""Early stopping of bad trials: how a training asks one of the pruners of `amber.search.pruners` after every epoch.

The training may run in another process than the study and its pruner: `PruningCallback` reports its epochs from there,
`TrialMonitor` hears of them here, and `amber.search.executors` has what is between the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import optuna

from amber.search.callbacks import SearchCallback, tell_epoch
from amber.search.executors.reports import Reporter
from amber.search.pruners import PRUNERS, make_pruner, register_pruner

__all__ = [
    "PRUNERS",
    "PruningCallback",
    "TrialMonitor",
    "make_pruner",
    "register_pruner",
    "report",
]


class PruningCallback(keras.callbacks.Callback):
    """Reports every epoch of a training, and ends it where the answer is to stop.

    Args:
        reporter: what to report to.
        metric: as `fit` reports it, by which a training is pruned.

    Attributes:
        values: the metric after each epoch.
        metrics: all that `fit` reported after the last one.
    """

    def __init__(self, reporter: Reporter, metric: str) -> None:
        super().__init__()
        self._reporter, self._metric = reporter, metric
        self.values: list[float] = []
        self.metrics: dict[str, float] = {}

    def take_up(self, values: Sequence[float]) -> None:
        """Report what the epochs before a checkpoint gave; the pruner let them pass."""
        self.values = [float(value) for value in values]
        for step, value in enumerate(self.values, start=1):
            self._reporter.report(step, {self._metric: value}, earlier=True)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Report and ask.

        Raises:
            optuna.TrialPruned: the pruner gives this trial up.
        """
        self.metrics = {name: float(value) for name, value in (logs or {}).items()}
        self.values.append(self.metrics[self._metric])
        if self._reporter.report(len(self.values), self.metrics):
            raise optuna.TrialPruned(f"after epoch {len(self.values)}, with {self._metric} {self.values[-1]:.6g}")


class TrialMonitor:
    """Hears of the epochs of one trial, wherever it is trained: tells listeners, and asks the pruner.

    Args:
        number: of the trial.
        epochs: the most epochs.
        listeners: of the search.
        asked: the trial as `optuna.Study.ask` returned it, whose pruner may stop it; None: it is not stopped.
        metric: by which it is pruned.

    Attributes:
        values: the metric after each epoch that the pruner has seen.
        may_stop: whether there is a pruner.
    """

    def __init__(
        self,
        number: int,
        epochs: int,
        listeners: Sequence[SearchCallback],
        asked: optuna.Trial | None = None,
        metric: str = "",
    ) -> None:
        self._number, self._epochs, self._listeners = number, epochs, listeners
        self._asked, self._metric = asked, metric
        self.values: list[float] = []
        self.may_stop = asked is not None

    def report(self, step: int, metrics: Mapping[str, float], *, earlier: bool = False) -> bool:
        """Tell of an epoch and return whether the pruner gives the trial up.

        An epoch that is trained once more, as the worker that trained it was lost, is not shown to the pruner again.
        """
        tell_epoch(() if earlier else self._listeners, self._number, step, self._epochs, metrics)
        if self._asked is None or step <= len(self.values):
            return False
        self.values.append(metrics[self._metric])
        self._asked.report(self.values[-1], step)
        # Asked also where nothing can be stopped: pruners keep notes while they are asked.
        return self._asked.should_prune() and not earlier


def report(trial: optuna.Trial, values: Sequence[float]) -> None:
    """Report values that are known already, in the way they once were: pruners keep notes while they are asked."""
    for step, value in enumerate(values, start=1):
        trial.report(value, step)
        trial.should_prune()
