"""Read files that somebody else may have made: regular files only, within a limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from amber.errors import AmberError, StorageError
from amber.files.missing import no_file

MEBIBYTE = 1 << 20


def open_regular(path: str | os.PathLike[str], *, what: str, error: type[AmberError] = StorageError) -> BinaryIO:
    """Open a regular file for reading, and nothing else; for what is read piece by piece.

    Args:
        path: the file; links are followed.
        what: what the file should be, for messages, such as `"a CSV file"`.
        error: the class to raise.

    Raises:
        AmberError: (of the class `error`) there is no such file, it is not a regular file, or it cannot be opened.
    """
    file = Path(path)
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise no_file(file, what, error) from None
    except OSError as problem:
        raise error(f"{file}: expected {what}. Received: {problem.strerror or problem}", file=str(file)) from problem
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise error(f"{file}: expected {what}, a regular file. Received: {_kind(status.st_mode)}", file=str(file))
    return os.fdopen(descriptor, "rb")


def read_bounded(
    path: str | os.PathLike[str], *, limit: int, what: str, error: type[AmberError] = StorageError
) -> bytes:
    """Read a regular file of at most `limit` bytes.

    Args:
        path: the file; links are followed.
        limit: in bytes.
        what: what the file should be, for messages, such as `"a best.json"`.
        error: the class to raise.

    Raises:
        AmberError: (of the class `error`) there is no such file; it is not a regular file but, say, a pipe or a folder;
            it is larger than `limit`; or it cannot be read.
    """
    with open_regular(path, what=what, error=error) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > limit:
            raise error(
                f"{path}: expected {what} of at most {size_text(limit)}. Received: {size_text(size)}", file=str(path)
            )
        try:
            data = stream.read(limit + 1)
        except OSError as problem:
            raise error(
                f"{path}: expected {what}. Received: {problem.strerror or problem}", file=str(path)
            ) from problem
    if len(data) > limit:
        raise error(f"{path}: expected {what} of at most {size_text(limit)}. Received: more", file=str(path))
    return data


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def size_text(count: int) -> str:
    """Return a number of bytes in words, such as `1.5 MiB`."""
    return f"{count / MEBIBYTE:,.1f} MiB" if count >= MEBIBYTE else f"{count:,} bytes"
