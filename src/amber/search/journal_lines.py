"""One line of a journal: written with a checksum, checked when it is read, and restored where damage is small."""

from __future__ import annotations

import contextlib
import hashlib
import re

from amber.errors import ConfigError, StorageError
from amber.files import MEBIBYTE
from amber.files.strict_json import json_text, parse_json
from amber.search.trial import Trial

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
