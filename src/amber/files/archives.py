"""Zip archives of a stranger, such as model files and checkpoints: looked at before anything is unpacked."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import PurePosixPath

from amber.errors import AmberError, StorageError
from amber.files import limits
from amber.wording import said, shown


def check_archive(path: str | os.PathLike[str], what: str, error: type[AmberError] = StorageError) -> None:
    """Check that a zip archive may be unpacked: by what its table of contents says, and without reading more.

    Args:
        path: the file.
        what: what it should be, for messages.
        error: the class to raise.

    Raises:
        AmberError: (of the class `error`) it is not a regular file or not an archive, or its files are too many, too
            large, compressed to almost nothing, encrypted, repeated, or would be unpacked elsewhere.
    """
    file = os.fspath(path)
    try:
        status = os.stat(file)
        if not stat.S_ISREG(status.st_mode):
            received = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise error(f"{file}: expected {what}. Received: {received}")
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except FileNotFoundError:
        raise error(f"{file}: expected {what}. Received: no such file") from None
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as problem:
        raise error(f"{file}: expected {what}. Received: {said(problem)}") from problem
    reason = _reason_against(members)
    if reason:
        raise error(f"{file}: expected {what}. Received: {reason}")


def _reason_against(members: list[zipfile.ZipInfo]) -> str:
    if len(members) > limits.MEMBERS:
        return f"an archive of {len(members):,} files; at most {limits.MEMBERS:,} are read"
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        return "an archive that holds a file twice"
    total = sum(member.file_size for member in members)
    if total > limits.WEIGHTS_BYTES:
        return f"an archive of {total:,} bytes; at most {limits.WEIGHTS_BYTES:,} are read"
    for member in members:
        place = PurePosixPath(member.filename)
        if place.is_absolute() or ".." in place.parts or "\\" in member.filename:
            return f"a file that leads out of the archive, {shown(member.filename)}"
        if member.flag_bits & 1:
            return f"an encrypted file, {shown(member.filename)}"
        if member.file_size > limits.UNPACKED_BYTES and member.file_size > limits.COMPRESSION * member.compress_size:
            return (
                f"{shown(member.filename)}, of {member.compress_size:,} bytes that would become {member.file_size:,}; "
                f"at most {limits.COMPRESSION} times as many are unpacked"
            )
    return ""
