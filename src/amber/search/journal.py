"""The append-only file of settled proposals, one line of JSON each, and the settings that they belong to.

A line counts once it ends in a line feed and is on the disk. What a crash leaves of a last line is cut off before
anything is appended; what was there before stays whatever happens.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amber.errors import ConfigError, StorageError
from amber.search.trial import TrialResult

logger = logging.getLogger(__name__)

FORMAT_VERSION = 2
READABLE_VERSIONS = (1, 2)  # 2: trials may be pruned, and have curves


def trial_line(trial: TrialResult) -> str:
    """Returns the line of one trial."""
    return json.dumps(trial.to_dict(), allow_nan=False) + "\n"


def append_line(path: Path, line: str) -> None:
    """Appends a line and waits for the disk; where there is no room for all of it, none of it is kept.

    Raises:
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        before, data = os.fstat(descriptor).st_size, line.encode("utf-8")
        try:
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)


def read_trials(path: Path) -> tuple[list[TrialResult], int]:
    """Reads all trials. A damaged last line, as a crash leaves it, is left out with a warning.

    Returns:
        The trials, and how many bytes of the file hold them.

    Raises:
        OSError: it cannot be read.
        StorageError: a line that is not the last is no trial; names file and line.
    """
    lines = path.read_bytes().splitlines(keepends=True)
    trials: list[TrialResult] = []
    length = 0
    for position, line in enumerate(lines, start=1):
        try:
            trials.append(TrialResult.from_dict(json.loads(line)))
        except (ValueError, TypeError, RecursionError, ConfigError) as error:
            if position == len(lines):
                logger.warning("%s, line %d is cut short and left out.", path, position)
                break
            raise StorageError(f"{path}, line {position} is no trial: {error}") from error
        length += len(line)
    return trials, length


def repair(path: Path) -> list[TrialResult]:
    """Cuts a damaged last line off, so that more can be appended, and returns the trials.

    Raises:
        OSError: it cannot be read or written.
        StorageError: a line that is not the last is no trial; nothing is changed then.
    """
    trials, length = read_trials(path)
    with path.open("r+b") as file:
        file.truncate(length)
        if length:
            file.seek(length - 1)
            if file.read(1) != b"\n":  # whole but for its end
                file.write(b"\n")
    return trials


def settings_text(settings: Mapping[str, Any]) -> str:
    """Returns the file that says which search the trials belong to."""
    return json.dumps({"format_version": FORMAT_VERSION, "settings": settings}, indent=2, default=str) + "\n"


def read_settings(path: Path) -> dict[str, Any]:
    """The inverse of `settings_text`.

    Raises:
        OSError: it cannot be read.
        StorageError: it is no such file, or of another version of the format.
    """
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path} is no JSON: {error}") from error
    version = values.get("format_version") if isinstance(values, dict) else None
    if version not in READABLE_VERSIONS or not isinstance(values.get("settings"), dict):
        raise StorageError(
            f"{path} must be of format_version {' or '.join(map(str, READABLE_VERSIONS))}, with settings. "
            f"Received: {version!r}"
        )
    return dict(values["settings"])


@dataclass(frozen=True)
class Change:
    """A setting that differs: where it is, what it was (None: not there), and what it is now."""

    path: tuple[str | int, ...]
    before: Any
    now: Any

    @property
    def key(self) -> str:
        """The path as text, such as `training.epochs`."""
        return ".".join(map(str, self.path))


class SettingsChangedError(StorageError):
    """A search was to be taken up with other settings than it began with.

    Attributes:
        place: where that search is.
        changes: all that differ.
    """

    def __init__(self, place: str, changes: Sequence[Change]) -> None:
        self.place, self.changes = place, tuple(changes)
        said = ", ".join(f"{each.key} (was {each.before!r}, is {each.now!r})" for each in changes)
        super().__init__(
            f"The settings are not those the search in {place} began with: {said}. Put them back, or allow changes."
        )


def changes_between(before: Any, now: Any, path: tuple[str | int, ...] = ()) -> list[Change]:
    """Returns all that differs between two settings, each named as deep as both have the same shape."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        names: list[Any] = sorted({*before, *now})
        pairs = [(name, before.get(name), now.get(name)) for name in names]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = [(index, *pair) for index, pair in enumerate(zip(before, now, strict=True))]
    else:
        return [] if before == now else [Change(path, before, now)]
    return [change for name, old, new in pairs for change in changes_between(old, new, (*path, name))]
