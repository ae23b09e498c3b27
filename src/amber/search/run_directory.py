"""The files of one search. Every file is whole at any time: written aside, then moved into place.

| file | what |
|---|---|
| `trials.jsonl` | one line of JSON for every proposal, appended as it is settled; what a resumed search starts from |
| `search.json` | the version of the format, and the settings of the search |
| `study.json` | where the search is recorded, where that is a database; `trials.jsonl` is then a copy |
| `ranking.csv`, `ranking.txt` | the complete trials, the best first |
| `best.json` | the best architecture and all that is needed to build it again; of a finished run, that of its model |
| `best.keras`, `test.json`, ... | the model, and what belongs to it: replaced together with `best.json` (`amber.cli`) |
| `config.yaml` | a copy of the configuration |
| `search.log` | what happened, with times |
| `begun.json` | the trials that were begun and have not ended; see `amber.search.begun` |
| `last_words.txt` | how the process ended, where it ended by itself in a trial |
| `checkpoints/` | the state of each training under way after its last epoch |
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

from amber.display import PlainRepr
from amber.errors import StorageError
from amber.files import complete_replacement, is_left_over, remove_left_overs, write_whole
from amber.files.missing import no_run
from amber.files.strict_json import json_text, parse_json, read_json
from amber.search.data_identity import comparable
from amber.search.journal import append_line, journal_text, mend_end, read_journal, trial_line
from amber.search.run_settings import (
    CHECKSUMS_SINCE,
    FORMAT_VERSION,
    SettingsChangedError,
    changes_between,
    read_settings,
    settings_text,
)
from amber.search.safe_paths import check_contained
from amber.search.trial import Trial

TRIALS, BEST, CONFIG, LOG = "trials.jsonl", "best.json", "config.yaml", "search.log"
SETTINGS, STUDY_LINK, LOCK, CHECKPOINTS = "search.json", "study.json", ".lock", "checkpoints"
MODEL, TEST = "best.keras", "test.json"
BEGUN, LAST_WORDS = "begun.json", "last_words.txt"
OWN_FILES = (TRIALS, SETTINGS, STUDY_LINK, BEST, CONFIG, LOG, BEGUN, LAST_WORDS, "ranking.csv", "ranking.txt")


class RunDirectory(PlainRepr):
    """The directory of one search; made with `create`, read with `open`.

    Attributes:
        path: where it is.
        builder_description: `{"type": ..., "options": {...}}`, what `best.json` says of the builder where its class
            name alone does not make it again; None: that name.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.builder_description: Mapping[str, Any] | None = None
        self._lock = filelock.FileLock(self.path / LOCK, timeout=0)

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, overwrite: bool = False) -> RunDirectory:
        """Make the directory of a new search.

        Args:
            path: a directory that does not exist or is empty.
            overwrite: whether the files of an earlier search in it may be removed; others are left alone.

        Raises:
            StorageError: it holds files and `overwrite` is not given, is not a directory, or cannot be written.
        """
        directory = cls(path)
        with _named(directory.path):
            if directory.path.exists() and not directory.path.is_dir():
                raise StorageError(f"Expected a directory for the run. Received: the file {directory.path}")
            directory.path.mkdir(parents=True, exist_ok=True)
            check_contained(directory.path)
            if not overwrite and not is_empty(directory.path):
                raise StorageError(
                    f"The run directory {directory.path} is not empty: expected a new or empty one. "
                    "Choose another (--run-directory), or say that it may be overwritten (--overwrite)."
                )
            # Only files of an earlier search can be those of a running one.
            with directory.locked() if overwrite else contextlib.nullcontext():
                for name in OWN_FILES:
                    (directory.path / name).unlink(missing_ok=True)
                directory._clear_checkpoints(None)
                directory.write(TRIALS, "")
        return directory

    @classmethod
    def resume(cls, path: str | os.PathLike[str]) -> RunDirectory:
        """Return the directory of a search to be taken up, or a new one where none was begun.

        Raises:
            StorageError: it holds files, but no search; or it cannot be written.
        """
        directory = cls(path)
        if (directory.path / TRIALS).is_file():
            check_contained(directory.path)
            return directory
        return cls.create(path)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunDirectory:
        """Return the directory of an earlier search.

        Raises:
            StorageError: there is none at this path.
        """
        directory = cls(path)
        if not (directory.path / TRIALS).is_file():
            received = "a file" if directory.path.is_file() else f"a folder without {TRIALS}"
            raise no_run(directory.path, received if directory.path.exists() else "no such folder")
        check_contained(directory.path)
        return directory

    @property
    def is_finished(self) -> bool:
        """Whether the last phase of a search has left a model here, which `best.json` and `test.json` belong to.

        They stay as they are until all of them are replaced.
        """
        if not all((self.path / name).is_file() for name in (BEST, MODEL, TEST)):
            return False
        with contextlib.suppress(StorageError):
            record = read_json(self.path / BEST, what="a best.json", nan_is_null=True)
            return isinstance(record, dict) and isinstance(record.get("final"), dict)
        return False

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out; within one process it may be entered again. A killed process keeps no lock.

        Raises:
            StorageError: another process works in the directory, or the lock cannot be written.
        """
        with _named(self.path):
            try:
                self._lock.acquire()
            except filelock.Timeout as error:
                raise StorageError(
                    f"The run directory {self.path} is in use by another process: expected one search at a time. "
                    "Wait for it, or choose another directory."
                ) from error
        try:
            yield
        finally:
            self._lock.release()

    def begin(
        self, settings: Mapping[str, object], *, resume: bool = False, allow_changes: bool = False
    ) -> list[Trial]:
        """Note the settings of the search that starts here, and return the trials of the one it takes up.

        Args:
            settings: JSON-ready; those of an earlier search must be the same. How many trials are wanted does not
                belong here: a search may always be made longer.
            resume: whether an earlier search in the directory is taken up.
            allow_changes: whether its settings may differ.

        Raises:
            SettingsChangedError: settings differ; names each key with both values.
            StorageError: there are trials and `resume` is not given, or a file is damaged or of another version.
        """
        path = self.path / SETTINGS
        with _named(self.path):
            complete_replacement(self.path)
            version = self._format_version()
            trials = mend_end(self.path / TRIALS, checksums=self.has_checksums)
            if trials and not resume:
                raise StorageError(
                    f"{self.path} holds {len(trials)} trials already: resume that search, or choose another."
                )
            if trials and not path.is_file():
                raise StorageError(f"{self.path} holds trials but no {SETTINGS}: the search cannot be taken up.")
            text = settings_text(settings)
            if resume:
                try:
                    self.check_same(settings)
                except SettingsChangedError:
                    if not allow_changes:
                        raise
            self._clear_checkpoints({trial.number for trial in trials} if resume else None)
            if not resume:
                (self.path / BEGUN).unlink(missing_ok=True)
                (self.path / LAST_WORDS).unlink(missing_ok=True)
            if version < FORMAT_VERSION and trials:
                self.write(TRIALS, journal_text(trials))
            if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
                self.write(SETTINGS, text)
        return trials

    def check_same(self, settings: Mapping[str, object]) -> None:
        """Raise where the search here began with other settings; only reads, and says nothing where none was begun.

        Args:
            settings: as for `begin`.

        Raises:
            SettingsChangedError: settings differ; names each key with both values.
            StorageError: the file of the settings is damaged or of another version.
        """
        path = self.path / SETTINGS
        if path.is_file():
            now = parse_json(settings_text(settings), what="settings", nan_is_null=True)["settings"]
            changes = changes_between(*comparable(read_settings(path)[0], now))
            if changes:
                raise SettingsChangedError(str(self.path), changes)

    def checkpoint(self, number: int) -> Path:
        """Return where the state of the training of one trial is kept."""
        return self.path / CHECKPOINTS / f"{number}.npz"

    def remove_checkpoint(self, number: int) -> None:
        """Remove the state of a training that is settled, where there is one."""
        with contextlib.suppress(OSError):
            self.checkpoint(number).unlink(missing_ok=True)
            (self.path / CHECKPOINTS).rmdir()  # not while others are there

    def _clear_checkpoints(self, settled: Collection[int] | None) -> None:
        """Remove what a killed process left of settled trials (None: of all), and of files half written."""
        for path in (self.path / CHECKPOINTS).glob("*.npz"):
            if settled is None or not path.stem.isdecimal() or int(path.stem) in settled:
                path.unlink(missing_ok=True)
        for folder in (self.path, self.path / CHECKPOINTS):
            remove_left_overs(folder)
        with contextlib.suppress(OSError):
            (self.path / CHECKPOINTS).rmdir()

    def write(self, name: str, content: str | bytes, *, synced: bool = True) -> Path:
        """Write a file as a whole and return its path; see `amber.files.write_whole`.

        Raises:
            StorageError: it cannot be written (no rights, no space); names the path.
        """
        path = self.path / name
        with _named(path):
            return write_whole(path, content, synced=synced)

    def append_trial(self, trial: Trial) -> None:
        """Add one line to `trials.jsonl`; raise StorageError naming the path."""
        path = self.path / TRIALS
        with _named(path):
            append_line(path, trial_line(trial))

    def replace_trials(self, trials: Sequence[Trial]) -> None:
        """Write `trials.jsonl` again and removes the checkpoints of its trials; raise StorageError naming the path."""
        self.write(TRIALS, journal_text(trials))
        self._clear_checkpoints({trial.number for trial in trials})

    def log(self, message: str) -> None:
        """Add one line with the time (UTC) to `search.log`; raise StorageError naming the path."""
        path = self.path / LOG
        with _named(path), path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {message}\n")

    def write_config(self, text: str, name: str = CONFIG) -> Path:
        """Keep a copy of the configuration's text."""
        return self.write(name, text)

    def write_best(self, record: Mapping[str, object]) -> Path:
        """Write `best.json`; see `amber.search.best_record`."""
        return self.write(BEST, json_text(record))

    def trials(self) -> list[Trial]:
        """Read `trials.jsonl`. A last line cut short, as a crash leaves it, is left out with a warning.

        Raises:
            StorageError: it cannot be read, or a line is not a trial; names file, line and the way out.
        """
        path = self.path / TRIALS
        with _named(path):
            return read_journal(path, checksums=self.has_checksums).trials

    @property
    def has_checksums(self) -> bool:
        """Whether every line of the journal has a checksum, as in a search that this version began."""
        return self._format_version() >= CHECKSUMS_SINCE

    def _format_version(self) -> int:
        """Return the version of the format that the search is kept in; 0 where that is not known."""
        path = self.path / SETTINGS
        with contextlib.suppress(StorageError):
            return read_settings(path)[1] if path.is_file() else 0
        return 0


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn an operating system's refusal into a StorageError that names the path."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"{path} cannot be read or written: {error.strerror or error}") from error


def is_empty(path: Path) -> bool:
    """Say whether there is nothing but what a process killed while it made the directory may leave."""
    return all(each.name == LOCK or is_left_over(each.name) for each in path.iterdir())
