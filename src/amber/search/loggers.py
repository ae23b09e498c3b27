"""Searches in MLflow and Weights & Biases, on files of this machine; TensorBoard is in `amber.search.tensorboard`.

Each is a SearchCallback, and is given to a search as `loggers=[...]` or `callbacks=[...]`. What may be changed here: a
service of the same kind is a subclass of `MetricLogger` with three methods.
"""

from __future__ import annotations

import math
import os
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amber.errors import ConfigError
from amber.search.callbacks import SearchCallback
from amber.search.result import SearchResult
from amber.search.trial import Trial

# What MLflow calls searches that did not come to their end.
_CUT_SHORT = {"interrupted": "KILLED", "error": "FAILED"}


class MetricLogger(SearchCallback):
    """Base of loggers of numbers by step.

    Each trial gives its score, the best score so far, its size and its seconds, with the number of the trial as the
    step; each epoch of a trial gives its metrics under `trial-NUMBER/`.

    Attributes:
        stopped: how the search ended, once it did: `SearchResult.stopped`.
    """

    stopped = ""

    @abstractmethod
    def begin(self, settings: Mapping[str, object]) -> None:
        """Begin a record with the settings of the search."""

    @abstractmethod
    def log(self, values: Mapping[str, float], step: int) -> None:
        """Record finite numbers of one step."""

    @abstractmethod
    def end(self) -> None:
        """Close the record."""

    def on_search_begin(self, trials: int, metric: str, direction: str) -> None:
        """Begin the record."""
        self._metric, self._better = metric, max if direction == "maximize" else min
        self._best: float | None = None
        self.begin({"trials": trials, "metric": metric, "direction": direction})

    def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        """Record the metrics of one epoch."""
        named = {f"trial-{number}/{name}": float(value) for name, value in metrics.items() if math.isfinite(value)}
        self.log(named, epoch)

    def on_trial_end(self, trial: Trial) -> None:
        """Record what became of a trial."""
        if trial.status != "complete" or trial.score is None or not math.isfinite(trial.score):
            return
        self._best = trial.score if self._best is None else self._better(self._best, trial.score)
        values = {self._metric: trial.score, f"best_{self._metric}": self._best, "seconds": trial.seconds}
        if trial.parameters is not None:
            values["parameters"] = float(trial.parameters)
        self.log(values, trial.number)

    def on_search_end(self, result: SearchResult) -> None:
        """Close the record."""
        self.stopped = result.stopped
        self.end()


class MLflowLogger(MetricLogger):
    """Records a search as one run of MLflow.

    Look at it with `mlflow ui --backend-store-uri URI`.

    Args:
        uri: where MLflow keeps its records, such as `sqlite:///mlflow.db`.
        experiment: name of the experiment, which is made where it does not exist.

    Raises:
        ConfigError: the package mlflow is not installed.
    """

    def __init__(self, uri: str = "sqlite:///mlflow.db", experiment: str = "amber") -> None:
        try:
            from mlflow import MlflowClient
        except ImportError as error:
            raise _missing("MLflowLogger", "mlflow", error) from error
        self.experiment = experiment
        self._client: Any = MlflowClient(tracking_uri=uri)
        self._run = ""

    def begin(self, settings: Mapping[str, object]) -> None:
        """Begin a run."""
        known = self._client.get_experiment_by_name(self.experiment)
        number = self._client.create_experiment(self.experiment) if known is None else known.experiment_id
        self._run = self._client.create_run(number).info.run_id
        for name, value in settings.items():
            self._client.log_param(self._run, name, value)

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Record numbers of one step."""
        for name, value in values.items():
            self._client.log_metric(self._run, name, value, step=step)

    def end(self) -> None:
        """Close the run."""
        self._client.set_terminated(self._run, _CUT_SHORT.get(self.stopped, "FINISHED"))


class WandbLogger(MetricLogger):
    """Records a search as one offline run of Weights & Biases.

    Nothing leaves this machine; `wandb sync FOLDER/wandb/offline-run-...` sends a run later.

    Args:
        folder: where the run is kept; made where it does not exist.
        project: name of the project.

    Raises:
        ConfigError: the package wandb is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str] = ".", project: str = "amber") -> None:
        try:
            import wandb
        except ImportError as error:
            raise _missing("WandbLogger", "wandb", error) from error
        self._wandb: Any = wandb
        self.folder, self.project = Path(folder), project
        self._run: Any = None

    def begin(self, settings: Mapping[str, object]) -> None:
        """Begin an offline run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run = self._wandb.init(
            project=self.project, dir=str(self.folder), mode="offline", config=dict(settings), reinit="create_new"
        )
        self._run.define_metric("*", step_metric="step")

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Record numbers of one step: epochs of trials that run side by side do not come in one order."""
        self._run.log({**values, "step": step})

    def end(self) -> None:
        """Close the run."""
        self._run.finish(exit_code=int(self.stopped in _CUT_SHORT))


def _missing(name: str, package: str, error: ImportError) -> ConfigError:
    return ConfigError(
        f"{name} needs the package {package}: expected it to be installed, as "
        f'pip install "amber-nas[{package}]" does. Received: {error}'
    )
