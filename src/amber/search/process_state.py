"""The state of the process that a trial found, put back after it: a layer may change it, and the search goes on."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO


@contextlib.contextmanager
def kept_process_state() -> Iterator[None]:
    """Put working folder, variables of the environment, and where is printed, back at the end of the block.

    Paths of a run count from the folder where it began. Variables that the block adds stay, as libraries that are
    loaded within it add theirs. A stream that was closed is reopened.
    """
    folder, variables = _folder(), dict(os.environ)
    with _kept_stream("stdout"), _kept_stream("stderr"):
        try:
            yield
        finally:
            os.environ.update({name: each for name, each in variables.items() if os.environ.get(name) != each})
            if folder and _folder() != folder:
                with contextlib.suppress(OSError):  # removed meanwhile
                    os.chdir(folder)


@contextlib.contextmanager
def _kept_stream(name: str) -> Iterator[None]:
    """Keep a stream of `sys`, also where the block closes it or puts another in its place."""
    stream: TextIO | None = getattr(sys, name)
    copy = None
    with contextlib.suppress(OSError, ValueError, AttributeError):  # one without a file, as in a notebook
        copy = os.dup(stream.fileno()) if stream is not None else None
    try:
        yield
    finally:
        if stream is not None and stream.closed and copy is not None:
            stream, copy = open(copy, "w", encoding=stream.encoding, errors="backslashreplace", buffering=1), None  # noqa: SIM115
        setattr(sys, name, stream)
        if copy is not None:
            os.close(copy)


def _folder() -> str:
    """Return the working folder; nothing where it has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""
