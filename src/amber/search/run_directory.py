"""The files of one search. Every file is whole at any time: written aside, then moved into place.

| file | what |
|---|---|
| `trials.jsonl` | one line of JSON for every proposal, appended as it is settled |
| `ranking.csv`, `ranking.txt` | the complete trials, the best first |
| `best.json` | the best architecture and all that is needed to build it again |
| `config.yaml` | a copy of the configuration |
| `search.log` | what happened, with times |
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amber.errors import ConfigError, StorageError
from amber.search.trial import TrialResult

logger = logging.getLogger(__name__)

TRIALS, BEST, CONFIG, LOG = "trials.jsonl", "best.json", "config.yaml", "search.log"
_OWN = (TRIALS, BEST, CONFIG, LOG, "ranking.csv", "ranking.txt")


class RunDirectory:
    """The directory of one search; made with `create`, read with `open`.

    Attributes:
        path: where it is.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, overwrite: bool = False) -> RunDirectory:
        """Makes the directory of a new search.

        Args:
            path: a directory that does not exist or is empty.
            overwrite: whether the files of an earlier search in it may be removed; others are left alone.

        Raises:
            StorageError: it holds files and `overwrite` is not given, is no directory, or cannot be written.
        """
        directory = cls(path)
        with _named(directory.path):
            if directory.path.exists() and not directory.path.is_dir():
                raise StorageError(f"Expected a directory for the run. Received: the file {directory.path}")
            directory.path.mkdir(parents=True, exist_ok=True)
            if not overwrite and any(directory.path.iterdir()):
                raise StorageError(
                    f"The run directory {directory.path} is not empty: expected a new or empty one. "
                    "Choose another, or say that it may be overwritten."
                )
            for name in _OWN:
                (directory.path / name).unlink(missing_ok=True)
        directory.write(TRIALS, "")
        return directory

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunDirectory:
        """Returns the directory of an earlier search.

        Raises:
            StorageError: there is none at this path.
        """
        directory = cls(path)
        if not (directory.path / TRIALS).is_file():
            raise StorageError(f"{directory.path} is no run directory: expected one that holds {TRIALS}.")
        return directory

    def write(self, name: str, content: str | bytes) -> Path:
        """Writes a file as a whole and returns its path.

        Raises:
            StorageError: it cannot be written (no rights, no space); names the path.
        """
        target = self.path / name
        data = content.encode("utf-8") if isinstance(content, str) else content
        with _named(target):
            descriptor, aside = tempfile.mkstemp(dir=self.path, prefix=f".{name}.", suffix=".tmp")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                # mkstemp's file is for its owner only; others may read what any other file of a run shows.
                os.chmod(aside, 0o666 & ~_umask())
                os.replace(aside, target)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(aside)
                raise
        return target

    def append_trial(self, trial: TrialResult) -> None:
        """Adds one line to `trials.jsonl`; raises StorageError naming the path."""
        self._append(TRIALS, json.dumps(trial.to_dict(), allow_nan=False) + "\n")

    def log(self, message: str) -> None:
        """Adds one line with the time (UTC) to `search.log`; raises StorageError naming the path."""
        self._append(LOG, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {message}\n")

    def write_config(self, text: str, name: str = CONFIG) -> Path:
        """Keeps a copy of the configuration's text."""
        return self.write(name, text)

    def write_best(self, record: Mapping[str, Any]) -> Path:
        """Writes `best.json`; see `amber.search.best_record`."""
        return self.write(BEST, json.dumps(record, indent=2, allow_nan=False) + "\n")

    def trials(self) -> list[TrialResult]:
        """Reads `trials.jsonl`. A last line cut short, as a crash leaves it, is left out with a warning.

        Raises:
            StorageError: it cannot be read, or a line is no trial; names file and line.
        """
        path = self.path / TRIALS
        with _named(path):
            text = path.read_bytes().decode("utf-8", errors="replace")
        lines = text.splitlines()
        trials = []
        for position, line in enumerate(lines, start=1):
            try:
                trials.append(TrialResult.from_dict(json.loads(line)))
            except (json.JSONDecodeError, ConfigError) as error:
                if position == len(lines) and not text.endswith("\n"):
                    logger.warning("%s, line %d is cut short and left out.", path, position)
                    break
                raise StorageError(f"{path}, line {position} is no trial: {error}") from error
        return trials

    def _append(self, name: str, line: str) -> None:
        path = self.path / name
        with _named(path), path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turns an operating system's refusal into a StorageError that names the path."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"{path} cannot be read or written: {error.strerror or error}") from error


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
