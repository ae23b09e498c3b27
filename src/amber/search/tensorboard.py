"""A search as TensorBoard shows it, without TensorFlow."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amber.errors import ConfigError
from amber.search.callbacks import SearchCallback
from amber.search.result import SearchResult
from amber.search.trial import Trial

# Seconds after which whoever looks on sees what was written.
_FLUSHED = 5


class TensorBoardCallback(SearchCallback):
    """Writes event files: the metrics of every epoch by trial, and score, best and size of every trial.

    Look at them with `tensorboard --logdir FOLDER`. In the folder, `search` has a step for each trial, `trial-7` one
    for each epoch of trial 7. A search by rungs has a folder for each, such as `rung-2`, with trials of its own.

    Args:
        folder: where to; made where it does not exist.

    Raises:
        ConfigError: the package tensorboardX is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise ConfigError(
                "TensorBoardCallback needs the package tensorboardX: expected it to be installed, as "
                f'pip install "amber-nas[tensorboard]" does. Received: {error}'
            ) from error
        self._make_writer = SummaryWriter
        self._folder = self._place = Path(folder)
        self._better = max
        self._best: float | None = None
        # Of the trials that run, by number. Event files are named by the second: one writer for each epoch would write
        # over that of the epoch before.
        self._running: dict[int, Any] = {}

    def on_rung_begin(self, rung: int, rungs: int, epochs: int) -> None:
        """Write what follows into the folder of this rung."""
        self._place = self._folder / f"rung-{rung}"

    def on_search_begin(self, trials: int, metric: str, direction: str) -> None:
        """Begin the event file of the search."""
        self._better = max if direction == "maximize" else min
        self._best = None
        self._metric = metric
        self._search = self._writer("search")

    def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        """Write the metrics of one epoch."""
        if number not in self._running:
            self._running[number] = self._writer(f"trial-{number}")
        writer = self._running[number]
        for name, value in metrics.items():
            writer.add_scalar(f"epoch/{name}", value, epoch)

    def on_trial_end(self, trial: Trial) -> None:
        """Write what became of a trial."""
        if trial.number in self._running:
            self._running.pop(trial.number).close()
        if trial.status != "complete" or trial.score is None or not math.isfinite(trial.score):
            return
        self._best = trial.score if self._best is None else self._better(self._best, trial.score)
        values = {self._metric: trial.score, f"best {self._metric}": self._best, "seconds": trial.seconds}
        values |= {} if trial.parameters is None else {"parameters": trial.parameters}
        for name, value in values.items():
            self._search.add_scalar(f"search/{name.replace(' ', '_')}", value, trial.number)

    def on_search_end(self, result: SearchResult) -> None:
        """Close the event files of the search."""
        for writer in self._running.values():
            writer.close()
        self._running.clear()
        self._search.close()

    def _writer(self, name: str) -> Any:
        return self._make_writer(str(self._place / name), flush_secs=_FLUSHED)
