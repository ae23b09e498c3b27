"""The append-only file of recorded trials, `trials.jsonl`: one line of JSON each, with a checksum of its own.

A line counts once it ends in a line feed and is on the disk. What a crash leaves of a last line is cut off before
anything is appended; what was there before stays whatever happens. Every line is checked as it is read: what was
changed or damaged is named by file and line, and never taken for a trial.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from amber.errors import ConfigError, StorageError
from amber.search.journal_lines import LINE_BYTES, holds_whole_line, restored_trials, trial_line, trial_of
from amber.search.trial import Trial

logger = logging.getLogger(__name__)

# Proposals that may be under way or waiting for the same network while a trial is settled: so many, and so many for
# each trial before it. A number beyond is not one that a search has given.
_UNSETTLED, _UNSETTLED_EACH = 2_000, 20
# Damaged lines that are looked through for trials in a repair; each takes up to a second.
_RESTORED_LINES = 100


def append_line(path: Path, line: str) -> None:
    """Append a line and wait for the disk; where there is no room for all of it, none of it is kept.

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


@dataclass
class Journal:
    """What was read of a journal.

    Attributes:
        trials: those of whole lines, in their order.
        length: how many bytes of the file hold them.
        unchecked: how many lines have no checksum, as those that earlier versions wrote.
        damaged: the lines that were left out, where that was asked for: number (from 1) and what is wrong.
        restored: those of them that hold trials beyond doubt: number of the line, and numbers of its trials.
    """

    trials: list[Trial] = field(default_factory=list)
    length: int = 0
    unchecked: int = 0
    damaged: list[tuple[int, str]] = field(default_factory=list)
    restored: dict[int, list[int]] = field(default_factory=dict)


def read_journal(path: Path, *, checksums: bool = False, keep_reading: bool = False) -> Journal:
    """Read all trials. A last line that is not whole, as a crash leaves it, is left out with a warning.

    Args:
        path: the file.
        checksums: whether a line without one is damaged: it is where this version, or a later one, began the search.
        keep_reading: restore damaged lines or leave them out, and say which they are, instead of refusing the file.

    Raises:
        OSError: it cannot be read.
        StorageError: a line is not a trial; names file, line and the way out.
    """
    found = Journal()
    numbers: dict[int, int] = {}
    for position, (line, is_last) in enumerate(_lines(path), start=1):
        try:
            trial, checked = trial_of(line, checksums=checksums)
            _check_number(trial.number, numbers, len(found.trials))
        except (ConfigError, StorageError) as error:
            if is_last and _is_torn(line):
                logger.warning("%s, line %d is cut short and left out.", path, position)
                break
            if keep_reading:
                found.damaged.append((position, str(error)))
                _restore(line, position, found, numbers)
                continue
            raise StorageError(
                f"{path}, line {position} is not a trial as AMBER wrote it: {error}. The file was damaged, or changed "
                f"by something else. Put a copy back, or restore or drop damaged lines: amber repair {path.parent}"
            ) from error
        numbers[trial.number] = position
        found.trials.append(trial)
        found.unchecked += not checked
        found.length += len(line)
    return found


def _restore(line: bytes, position: int, found: Journal, numbers: dict[int, int]) -> None:
    """Add the trials of a damaged line that are beyond doubt, and that no other line has."""
    trials = restored_trials(line) if len(found.damaged) <= _RESTORED_LINES else []
    for trial in trials:
        with contextlib.suppress(StorageError):
            _check_number(trial.number, numbers, len(found.trials))
            numbers[trial.number] = position
            found.trials.append(trial)
            found.restored.setdefault(position, []).append(trial.number)


def mend_end(path: Path, *, checksums: bool = False) -> list[Trial]:
    """Cut off what a crash left of a last line, so that more can be appended, and return the trials.

    Raises:
        OSError: it cannot be read or written.
        StorageError: a line is not a trial; nothing is changed then.
    """
    found = read_journal(path, checksums=checksums)
    with path.open("r+b") as file:
        file.truncate(found.length)
        if found.length:
            file.seek(found.length - 1)
            if file.read(1) != b"\n":  # whole but for its end
                file.write(b"\n")
        file.flush()
        os.fsync(file.fileno())
    return found.trials


def journal_text(trials: Sequence[Trial]) -> str:
    """Return the whole file of some trials."""
    return "".join(trial_line(trial) for trial in trials)


def _lines(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Yield each line with its end, and whether it is the last; nothing is read beyond a line that is too long."""
    with path.open("rb") as file:
        line = file.readline(LINE_BYTES + 1)
        while line:
            following = b"" if len(line) > LINE_BYTES else file.readline(LINE_BYTES + 1)
            yield line, not following
            line = following


def _is_torn(line: bytes) -> bool:
    """Say whether a last line looks like one that was being written, not like one that was changed afterwards.

    The line feed is written last, and after the checksum; a trial that has them was recorded.
    """
    if len(line) > LINE_BYTES or holds_whole_line(line):
        return False
    return not (line.endswith(b"\n") and any(name in line for name in (b'"number"', b'"tokens"')))


def _check_number(number: int, numbers: dict[int, int], before: int) -> None:
    if number in numbers:
        raise StorageError(f"trial {number} is in line {numbers[number]} already")
    largest = _UNSETTLED + _UNSETTLED_EACH * before
    if number > largest:
        raise StorageError(f"expected a number of at most {largest} after {before} trials. Received: {number}")
