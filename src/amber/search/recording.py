"""What a search writes down as it goes: the journal first, then log, ranking and best. The logs of Python hear it too.

Without a run directory only the latter is left.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from amber.search.best import trial_record
from amber.search.objective import Objective
from amber.search.ranking import ranking_csv, ranking_text
from amber.search.result import SearchResult, rank
from amber.search.run_directory import RunDirectory
from amber.search.trial import TrialResult

logger = logging.getLogger(__name__)


class SearchRecord:
    """The record of one search.

    Args:
        directory: where to; None writes no files.
        objective: of the search.
        seed: of the search.

    Attributes:
        builder_description: `{"type": ..., "options": {...}}` for `best.json`.

    Raises:
        ModelSpaceError: there is a directory, and the space holds what JSON cannot say.
    """

    def __init__(self, directory: RunDirectory | None, objective: Objective, seed: int) -> None:
        self.builder_description: Mapping[str, Any] = {}
        self._directory = directory
        self._objective = objective
        self._seed = seed
        self._best: TrialResult | None = None
        self._ranking_due = 0.0
        if directory is not None:
            # Fails before any training where the space holds what JSON cannot say.
            objective.builder.model_space.to_dict()

    def keep(self, trial: TrialResult) -> None:
        """Add a settled trial to the journal; from here on it is never trained again."""
        if self._directory is not None:
            self._directory.append_trial(trial)
            self._directory.remove_checkpoint(trial.number)

    def show(self, trial: TrialResult, settled: Sequence[TrialResult]) -> None:
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

    def take_up(self, settled: Sequence[TrialResult], *, copy: bool) -> None:
        """Write the files of an earlier search as they would be.

        Args:
            settled: all its trials.
            copy: whether the journal is a copy of another record, and is written too.
        """
        if copy and self._directory is not None:
            self._directory.replace_trials(settled)
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

    def _write_ranking(self, trials: Sequence[TrialResult]) -> None:
        if self._directory is not None:
            direction, metric = self._objective.direction, self._objective.metric
            self._directory.write("ranking.csv", ranking_csv(trials, None, direction))
            self._directory.write("ranking.txt", ranking_text(trials, None, direction, metric))

    def _write_best(self, trial: TrialResult) -> None:
        # That of a finished run belongs to its model, and is replaced together with it.
        if self._directory is not None and not self._directory.is_finished:
            record = trial_record(self._objective.builder, self.builder_description, trial, self._seed)
            self._directory.write_best(record)
