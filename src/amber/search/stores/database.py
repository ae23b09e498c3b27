"""Trials in a database, which several processes, on one or many machines, write at the same time."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence

from amber.backend import interrupts
from amber.display import PlainRepr
from amber.errors import StorageError
from amber.search.candidate import Candidate
from amber.search.run_directory import RunDirectory
from amber.search.storage import StudyDatabase
from amber.search.study_link import link_to_study
from amber.search.trial import Trial
from amber.search.trial_store import StoredTrial, TrialStore


class DatabaseStore(PlainRepr, TrialStore):
    """A store in a database: processes that name the same study work on it together.

    Args:
        database: which study in which database.
        directory: where this process keeps its own files, among them a copy of the journal; None keeps none.
        resume: whether `directory` may hold the files of an earlier process.
        allow_changes: whether settings may differ from those that the study began with.
    """

    def __init__(
        self,
        database: StudyDatabase,
        directory: RunDirectory | None = None,
        *,
        resume: bool = False,
        allow_changes: bool = False,
    ) -> None:
        self.directory = directory
        self.shared = True
        self.resume = resume
        self._database = database
        self._allow_changes = allow_changes
        self._owner = uuid.uuid4().hex
        self._is_copied = False

    def begin(self, settings: Mapping[str, object], direction: str) -> None:
        """Start or join the study; see `StudyDatabase.begin`."""
        if self.directory is not None:
            with self.directory.locked():
                link = link_to_study(self.directory, self._database.address, self._database.study_name)
                self._owner = link.participant
                self.directory.begin(settings, resume=self.resume, allow_changes=self._allow_changes)
        self._database.begin(settings, direction, allow_changes=self._allow_changes)
        self._is_copied = False
        self.is_begun = True

    def join(self, *, alone: bool) -> None:
        """Join the study, and take up again the trials that this directory's process left unfinished."""
        self._database.join(self._owner, alone=alone)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from proposing."""
        with self._database.lock():
            yield

    def poll(self) -> list[StoredTrial]:
        """Return what other processes proposed or recorded; see `StudyDatabase.poll`."""
        found = self._database.poll()
        recorded = [each.trial for each in found if each.trial is not None]
        if self._is_copied:
            self._copy(recorded)
        else:
            self._replace_copy()
            self._is_copied = True
        return found

    def claim(self, number: int, tokens: tuple[int, ...], candidate: Candidate | None) -> None:
        """Note in the database that this process will record a trial."""
        self._database.claim(number, tokens, candidate)

    def record(self, trial: Trial) -> Trial:
        """Record a trial in the database, and in the copy; see `StudyDatabase.record`."""
        recorded = self._database.record(trial)
        self._copy([recorded])
        return recorded

    def trials(self) -> list[Trial]:
        """Return all recorded trials, by number, from the database."""
        return self._database.trials()

    def part(self, name: str, directory: RunDirectory) -> DatabaseStore:
        """Return the store of a study beside this one, called `STUDY/name`."""
        return DatabaseStore(self._database.beside(name), directory, resume=True)

    def close(self) -> None:
        """Leave the study, and release trials that were claimed but not recorded."""
        self._database.close()
        self.is_begun = False

    def _copy(self, trials: Sequence[Trial]) -> None:
        """Append trials to the copy in the run directory."""
        if self.directory is not None:
            with interrupts.shielded():
                for trial in trials:
                    self.directory.append_trial(trial)
                    self.directory.remove_checkpoint(trial.number)

    def _replace_copy(self) -> None:
        """Rewrite the copy in the run directory, unless it holds trials that the database lacks."""
        if self.directory is None:
            return
        trials = self._database.trials()
        known = {trial.number for trial in trials}
        lost = [trial.number for trial in self.directory.trials() if trial.number not in known]
        if lost:
            raise StorageError(
                f"The {self._database.name} lacks {len(lost)} trials that {self.directory.path} holds a copy of, the "
                f"first of them trial {lost[0]}: expected the database that they were copied from. Restore it, or "
                "choose another run directory."
            )
        self.directory.replace_trials(trials)
