"""Where the trials of a search are recorded: the journal in its run directory, or a study in a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amber.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from amber.experiment.configuration.reading import Configuration
    from amber.search import TrialResult
    from amber.search.storage import StudyDatabase

NO_STORAGE = "none"


def make_storage(loaded: Configuration) -> StudyDatabase | None:
    """Returns the study that the search works at; None where its record is the journal.

    Raises:
        ConfigError: the strategy has no study, or the address is none.
    """
    search = loaded.config.search
    if search.storage is None:
        return None
    if search.strategy == "one_shot":
        raise ConfigError("The strategy one_shot keeps its record in the run directory: expected no --storage.")
    from amber.search.storage import StudyDatabase

    return StudyDatabase(search.storage, loaded.config.name)


def recorded_trials(path: Path, storage: str | None) -> list[TrialResult]:
    """Returns the trials of a run: those in its directory, or where an address is given those in the database.

    A run directory may come from a stranger, so no address that it names is ever asked.

    Args:
        path: run directory.
        storage: address of the database.

    Raises:
        ConfigError: the address is none, or the driver is not installed.
        StorageError: it is no run directory, its search is in no database, or that cannot be read.
    """
    from amber.search import RunDirectory
    from amber.search.participation import participation

    directory = RunDirectory.open(path)
    if storage is None:
        return directory.trials()
    known = participation(directory)
    if known is None:
        raise StorageError(f"{path} is recorded in its own journal: expected no --storage.")
    from amber.search.storage import StudyDatabase

    database = StudyDatabase(storage, known.study)
    try:
        return database.trials()
    finally:
        database.leave()
