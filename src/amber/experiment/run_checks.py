"""Whether a search may run where it is asked to: looked at first of all, before data and Keras are loaded."""

from __future__ import annotations

from pathlib import Path

from amber.errors import StorageError
from amber.experiment.components import make_storage
from amber.experiment.configuration.reading import Configuration
from amber.files.output import why_not_writable

_WAY_OUT = "Go on with it (--resume), replace it (--overwrite), or choose another (--run-directory)."


def check_run(loaded: Configuration, *, resume: bool, overwrite: bool) -> None:
    """Check that the run directory and the database of a search can be used; nothing is changed.

    Raises:
        ConfigError: the address of the database is not one, or its driver is not installed.
        StorageError: the directory holds a search and neither is given, holds other files, is in use by another
            process, or may not be written; or the database cannot be reached. Names the way out.
    """
    with loaded.placing(("run_directory",)):
        _check_directory(Path(loaded.config.chosen_run_directory), resume=resume, overwrite=overwrite)
    with loaded.placing(("search", "storage")):
        database = make_storage(loaded)
        if database is not None:
            database.check_reachable()


def _check_directory(path: Path, *, resume: bool, overwrite: bool) -> None:
    from amber.search.run_directory import LOCK, TRIALS, RunDirectory, is_empty
    from amber.search.safe_paths import check_contained

    directory = RunDirectory(path)
    if path.exists() and not path.is_dir():
        raise StorageError(
            f"The run directory {path} must be a folder, or not exist yet: choose another (--run-directory). "
            "Received: a file"
        )
    _check_writable(path)
    if not path.is_dir():
        return
    check_contained(path)
    holds_search = (path / TRIALS).is_file()
    if holds_search and not resume and not overwrite:
        raise StorageError(
            f"The run directory {path} is not empty: it holds a search{_with_trials(directory)}. {_WAY_OUT}"
        )
    if not holds_search and not overwrite and not is_empty(path):
        raise StorageError(
            f"The run directory {path} is not empty, and holds no search: expected a new or empty one. Choose another "
            "(--run-directory), or let the search put its files among those that are there (--overwrite)."
        )
    if (path / LOCK).exists():
        with directory.locked():
            pass


def _check_writable(path: Path) -> None:
    there = path.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise StorageError(f"The run directory {path} cannot be made: {there} is not a folder.")
    reason = why_not_writable(there)
    if reason:
        raise StorageError(
            f"The run directory {path} cannot be written: {there} takes no new files. Choose another "
            f"(--run-directory). Received: {reason}"
        )


def _with_trials(directory: object) -> str:
    from amber.search import RunDirectory

    try:
        return f" with {len(directory.trials())} trials" if isinstance(directory, RunDirectory) else ""
    except StorageError:  # damaged: that is said where somebody goes on with it
        return ""
