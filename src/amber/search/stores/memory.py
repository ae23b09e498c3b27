"""Trials in memory, which are lost when the process ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from amber.display import PlainRepr
from amber.errors import StorageError
from amber.search.run_settings import SettingsChangedError, changes_between
from amber.search.trial import Trial
from amber.search.trial_store import StoredTrial, TrialStore, without_gaps


class MemoryStore(PlainRepr, TrialStore):
    """A store in memory; given to a second search it resumes the first.

    Attributes:
        allow_changes: whether settings may differ from those that the study began with.
    """

    def __init__(self, *, allow_changes: bool = False) -> None:
        self.resume = True
        self.allow_changes = allow_changes
        self._settings: dict[str, Any] | None = None
        self._trials: dict[int, Trial] = {}
        self._unpolled: list[StoredTrial] = []

    def begin(self, settings: Mapping[str, object], direction: str) -> None:
        """Start or resume the study; see `TrialStore.begin`."""
        now = json.loads(json.dumps(settings, default=str))
        changes = [] if self._settings is None else changes_between(self._settings, now)
        if changes and not self.allow_changes:
            raise SettingsChangedError("memory", changes)
        self._settings = now
        self._unpolled = without_gaps(self._trials.values())
        self.is_begun = True

    def poll(self) -> list[StoredTrial]:
        """Return the trials of an earlier search, once."""
        found, self._unpolled = self._unpolled, []
        return found

    def record(self, trial: Trial) -> Trial:
        """Keep a trial.

        Raises:
            StorageError: it is recorded already.
        """
        if trial.number in self._trials:
            raise StorageError(f"Trial {trial.number} is recorded already: expected each number once.")
        self._trials[trial.number] = trial
        return trial

    def trials(self) -> list[Trial]:
        """Return all recorded trials, by number."""
        return [self._trials[number] for number in sorted(self._trials)]
