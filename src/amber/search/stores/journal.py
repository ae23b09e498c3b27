"""Trials in the journal of a run directory, which one process at a time may write."""

from __future__ import annotations

from collections.abc import Mapping

from amber.display import PlainRepr
from amber.errors import StorageError
from amber.search.run_directory import RunDirectory
from amber.search.study_link import check_alone
from amber.search.trial import Trial
from amber.search.trial_store import StoredTrial, TrialStore, without_gaps


class JournalStore(PlainRepr, TrialStore):
    """A store in a run directory: `trials.jsonl`, and the settings in `search.json`.

    Args:
        directory: of the run.
        resume: whether to resume the study in it: its recorded trials are kept and not trained again. The sampler
            proposes them once more and is told their results, so it continues as if uninterrupted; a training that
            was under way continues from its last epoch.
        allow_changes: whether settings may differ from those that the study began with.
    """

    def __init__(self, directory: RunDirectory, *, resume: bool = False, allow_changes: bool = False) -> None:
        self.directory = self._run = directory
        self.resume = resume
        self._allow_changes = allow_changes
        self._recorded: set[int] = set()
        self._unpolled: list[StoredTrial] = []

    def begin(self, settings: Mapping[str, object], direction: str) -> None:
        """Start or resume the study; see `RunDirectory.begin`.

        Raises:
            SettingsChangedError: settings differ; names each key with both values.
            StorageError: the directory holds a study that is not resumed or is recorded in a database, is in use, or
                cannot be written.
        """
        with self._run.locked():
            check_alone(self._run)
            earlier = self._run.begin(settings, resume=self.resume, allow_changes=self._allow_changes)
        self._recorded = {trial.number for trial in earlier}
        self._unpolled = without_gaps(earlier)
        self.is_begun = True

    def poll(self) -> list[StoredTrial]:
        """Return the trials of an earlier process, once."""
        found, self._unpolled = self._unpolled, []
        return found

    def record(self, trial: Trial) -> Trial:
        """Append a trial to the journal, and remove its checkpoint.

        Raises:
            StorageError: it is recorded already, or the journal cannot be written.
        """
        if trial.number in self._recorded:
            raise StorageError(
                f"Trial {trial.number} is recorded in {self._run.path} already: expected each number once."
            )
        self._run.append_trial(trial)
        self._recorded.add(trial.number)
        self._run.remove_checkpoint(trial.number)
        return trial

    def trials(self) -> list[Trial]:
        """Return all recorded trials, by number; see `RunDirectory.trials`."""
        return sorted(self._run.trials(), key=lambda trial: trial.number)
