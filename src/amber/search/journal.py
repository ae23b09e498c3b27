"""The append-only file of recorded trials, `trials.jsonl`: one line of JSON each, with a checksum of its own.

A line counts once it ends in a line feed and is on the disk. What a crash leaves of a last line is cut off before
anything is appended; what was there before stays whatever happens. Every line is checked as it is read: what was
changed or damaged is named by file and line, and never taken for a trial.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from amber.errors import ConfigError, StorageError
from amber.files import MEBIBYTE
from amber.files.strict_json import json_text, parse_json
from amber.search.trial import Trial

logger = logging.getLogger(__name__)

# Proposals that may be under way or waiting for the same network while a trial is settled: so many, and so many for
# each trial before it. A number beyond is not one that a search has given.
_UNSETTLED, _UNSETTLED_EACH = 2_000, 20
# Damaged lines that are looked through for trials in a repair; each takes up to a second.
_RESTORED_LINES = 100
# Of one line: a trial of a thousand epochs, watched by a pruner, takes 30 KiB.
LINE_BYTES = 4 * MEBIBYTE
# Of a line that is searched for a changed byte: it takes a second.
_SEARCHED_BYTES = 4096
_PRINTABLE = [bytes((code,)) for code in range(0x20, 0x7F)]  # all that a line is written in
_SUFFIX = b', "checksum": "%s"}'
_SUFFIX_BYTES = len(_SUFFIX % (b"0" * 16))
_CHECKSUM = re.compile(rb', "checksum": "([0-9a-f]{16})"\}$')
_WHOLE = re.compile(rb'\{"number".*?, "checksum": "[0-9a-f]{16}"\}', re.DOTALL)
# Escapes of JSON one by one; the second group is half a surrogate pair, which earlier versions wrote.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)


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


def trial_line(trial: Trial) -> str:
    """Return the line of one trial, with its checksum."""
    body = json_text(trial.to_dict(), indent=None).rstrip("\n").encode("ascii")
    return (body[:-1] + _SUFFIX % _checksum(body) + b"\n").decode("ascii")


def trial_of(line: bytes, *, checksums: bool) -> tuple[Trial, bool]:
    """Return the trial of a line, and whether a checksum vouches for it.

    Args:
        line: with or without its end.
        checksums: whether a line without a checksum is damaged.

    Raises:
        ConfigError: a value is missing, unknown, of the wrong type or out of range.
        StorageError: the line is too long, not JSON, or not what its checksum was made of.
    """
    if len(line) > LINE_BYTES:
        raise StorageError(f"it is longer than {LINE_BYTES:,} bytes")
    body = line.rstrip(b"\r\n")  # a copy made on Windows may have other ends
    found = _CHECKSUM.search(body)
    if found is not None:
        body = body[: found.start()] + b"}"
        if _checksum(body) != found[1]:
            raise StorageError("its checksum is not that of its content")
    elif checksums:
        raise StorageError("it has no checksum at its end")
    else:
        body = _ESCAPE.sub(lambda each: b"\\\\" + each[1] if each[1] else each[0], body)
    return Trial.from_dict(parse_json(body, what="a trial")), found is not None


def holds_whole_line(line: bytes) -> bool:
    """Return whether a line, or a part of it, ends in a checksum."""
    return _WHOLE.search(line) is not None


def restored_trials(line: bytes) -> list[Trial]:
    """Return the trials that a damaged line holds beyond doubt: their checksums vouch for them.

    These are trials with one changed byte, trials that lost the end of line between them, and whole trials with
    something else before or after them.

    Args:
        line: that `trial_of` refuses.
    """
    if len(line) > LINE_BYTES:
        return []
    body = line.rstrip(b"\r\n")
    trials = []
    for piece in _WHOLE.findall(body) or [body]:
        with contextlib.suppress(ConfigError, StorageError):
            trials.append(trial_of(_corrected(piece), checksums=True)[0])
    return trials


def _corrected(piece: bytes) -> bytes:
    """Return a line with one byte changed so that its checksum fits, or as it is where no such change is found."""
    body, suffix = piece[:-_SUFFIX_BYTES] + b"}", piece[-_SUFFIX_BYTES:]
    right = _SUFFIX % _checksum(body)
    if len(suffix) == len(right) and sum(a != b for a, b in zip(suffix, right, strict=True)) <= 1:
        return piece[:-_SUFFIX_BYTES] + right
    found = _CHECKSUM.search(piece)
    if found is None or len(piece) > _SEARCHED_BYTES:
        return piece
    wanted = bytes.fromhex(found[1].decode("ascii"))
    for position in range(len(body) - 1):
        before, after = hashlib.sha256(body[:position]), body[position + 1 :]
        for byte in _PRINTABLE:
            digest = before.copy()
            digest.update(byte + after)
            if digest.digest()[:8] == wanted:
                return body[:position] + byte + piece[position + 1 :]
    return piece


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:16].encode("ascii")
