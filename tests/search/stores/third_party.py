"""The trial store of a package that is not AMBER: a text file with a line for the settings and one for each trial."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amber.errors import AmberError, StorageError
from amber.search import StoredTrial, Trial, TrialStore
from amber.search.run_settings import SettingsChangedError, changes_between


class LinesStore(TrialStore):
    """A store in one text file."""

    def __init__(self, path: Path, *, allow_changes: bool = False) -> None:
        self.path, self.allow_changes, self.resume = path, allow_changes, True
        self.told: set[int] = set()

    def begin(self, settings: Mapping[str, Any], direction: str) -> None:
        """Compare the settings with those of the file, and note those of now."""
        known = [each["settings"] for each in self._lines() if "settings" in each]
        changes = changes_between(known[-1], settings) if known else []
        if changes and not self.allow_changes:
            raise SettingsChangedError(str(self.path), changes)
        self._append({"settings": settings})
        self.is_begun = True

    def poll(self) -> list[StoredTrial]:
        """Return what is in the file and was not told."""
        found = {trial.number: trial for trial in self.trials() if trial.number not in self.told}
        numbers = [number for number in range(max(found, default=-1) + 1) if number not in self.told]
        self.told.update(found)
        return [
            StoredTrial(number, found[number].tokens, trial=found[number]) if number in found else StoredTrial(number)
            for number in numbers
        ]

    def record(self, trial: Trial) -> Trial:
        """Append a line."""
        if trial.number in {each.number for each in self.trials()}:
            raise StorageError(f"{trial.number} is there")
        self._append(trial.to_dict())
        self.told.add(trial.number)
        return trial

    def trials(self) -> list[Trial]:
        """Read the file."""
        try:
            found = [Trial.from_dict(each) for each in self._lines() if "settings" not in each]
        except AmberError as error:
            raise StorageError(f"{self.path}: {error}") from error
        return sorted(found, key=lambda trial: trial.number)

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()] if self.path.exists() else []

    def _append(self, value: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(value) + "\n")
            file.flush()
            os.fsync(file.fileno())
