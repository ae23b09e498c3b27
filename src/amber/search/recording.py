"""Write the log, the ranking and `best.json` of a running search, beside its trial store.

Also logs through `logging`; without a run directory only that is left.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from amber.search.best import describe_builder, next_record, trial_record
from amber.search.objective import Objective
from amber.search.ranking import SHOWN, ranking_csv, ranking_text
from amber.search.result import SearchResult, rank
from amber.search.run_directory import RunDirectory
from amber.search.trial import Trial

logger = logging.getLogger(__name__)


class SearchFiles:
    """The files of a running search that people read.

    Args:
        directory: where to; None writes no files.
        objective: of the search.
        seed: of the search.

    Raises:
        ModelSpaceError: there is a directory, and the space holds what JSON cannot say.
    """

    def __init__(self, directory: RunDirectory | None, objective: Objective, seed: int) -> None:
        self._directory = directory
        self._objective = objective
        self._seed = seed
        self._best: Trial | None = None
        self._record: dict[str, Any] | None = None
        self._ranking_due = 0.0
        if directory is not None:
            # Fails before any training where the space holds what JSON cannot say.
            objective.builder.model_space.to_dict()

    def show(self, trial: Trial, settled: Sequence[Trial]) -> None:
        """Write what readers look at, once the trial is among those settled."""
        if trial.status == "failed":
            logger.warning("Trial %d failed: %s", trial.number, trial.error)
        rivals = [each for each in (self._best, trial) if each]
        is_best = trial.status == "complete" and rank(rivals, self._objective.direction)[0] is trial
        if is_best:
            self._best = trial
        if self._directory is None:
            return
        score = "" if trial.score is None else f" {self._objective.metric} {trial.score:.6g}"
        error = f" ({trial.error})" if trial.error else ""
        self._directory.log(f"trial {trial.number} {trial.status}{score} {trial.seconds:.1f} s{error}")
        if trial.status == "complete" and time.monotonic() >= self._ranking_due:
            started = time.monotonic()
            self._write_ranking(settled)
            # It grows with the search, and the journal has it all: no more than a twentieth of the time goes into it.
            self._ranking_due = time.monotonic() + 19 * (time.monotonic() - started)
        if is_best:
            self._write_best(trial)

    def take_up(self, settled: Sequence[Trial]) -> None:
        """Write the files of an earlier search, with these trials, as they would be."""
        complete = [trial for trial in settled if trial.status == "complete"]
        if complete:
            self._best = rank(complete, self._objective.direction)[0]
            self._write_ranking(settled)
            self._write_best(self._best)

    def finish(self, result: SearchResult) -> None:
        """Write the last ranking, and how the search ended."""
        counts = result.counts()
        if counts["failed"] and not counts["complete"]:
            error = next(trial.error for trial in result.trials if trial.status == "failed")
            self.note(logging.WARNING, f"Every training failed. The first: {error}")
        self._write_ranking(result.trials)
        summary = ", ".join(f"{number} {name}" for name, number in counts.items())
        self.note(logging.INFO, f"Search {result.stopped}: {summary}.")

    def note(self, level: int, message: str) -> None:
        """Say something in both logs."""
        logger.log(level, "%s", message)
        if self._directory is not None:
            self._directory.log(message)

    def _write_ranking(self, trials: Sequence[Trial]) -> None:
        if self._directory is not None:
            direction, metric = self._objective.direction, self._objective.metric
            self._directory.write("ranking.csv", ranking_csv(trials, None, direction))
            self._directory.write("ranking.txt", ranking_text(trials, SHOWN, direction, metric))

    def _write_best(self, trial: Trial) -> None:
        # That of a finished run belongs to its model, and is replaced together with it.
        if self._directory is not None and not self._directory.is_finished:
            builder = self._objective.builder
            if self._record is None:
                description = self._directory.builder_description or describe_builder(builder)
                self._record = trial_record(builder, description, trial, self._seed)
            else:
                self._record = next_record(self._record, builder, trial)
            self._directory.write_best(self._record)
