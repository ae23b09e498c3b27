"""Child processes that a training leaves behind: they must not outlive it, nor go on with the search themselves."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_PROCESSES = Path("/proc")
# Seconds between being told to end and being killed.
_GRACE = 0.5


@contextlib.contextmanager
def no_children_left() -> Iterator[None]:
    """End, when the block ends, the processes that were forked within it, and theirs.

    Other programs that the block started, such as those that libraries keep running beside, are left alone. A forked
    process that comes to the end of the block itself ends there: the rest of the program belongs to its parent.
    Where the system has no `/proc` (not Linux), only the latter holds.
    """
    owner, before = os.getpid(), _copies()
    try:
        yield
    finally:
        if os.getpid() != owner:
            os._exit(1)
        left = _copies() - before
        if left:
            _end(left)


def _copies() -> set[int]:
    """Return the children of this process that run the same command: they were forked."""
    found: dict[int, bytes] = {}
    for process in (os.getpid(), *_children().get(os.getpid(), ())):
        with contextlib.suppress(OSError):  # one that has ended meanwhile
            found[process] = (_PROCESSES / str(process) / "cmdline").read_bytes()
    own = found.pop(os.getpid(), b"")
    return {process for process, command in found.items() if own and command == own}


def _end(processes: set[int]) -> None:
    """End processes and their descendants; those that do not when told are killed."""
    children, found = _children(), set(processes)
    ahead = list(processes)
    while ahead:
        new = set(children.get(ahead.pop(), ())) - found
        found |= new
        ahead += new
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in found:
            with contextlib.suppress(OSError):
                os.kill(process, number)
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline and any(map(_is_running, found)):
            time.sleep(0.01)


def _is_running(process: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(process, os.WNOHANG)[0] == 0
    return _state(process)[0] not in ("", "Z", "X")


def _children() -> dict[int, list[int]]:
    """Return the numbers of the children of each process; nothing where the system does not say."""
    found: dict[int, list[int]] = {}
    for name in os.listdir(_PROCESSES) if _PROCESSES.is_dir() else ():
        if name.isdigit():
            found.setdefault(_state(int(name))[1], []).append(int(name))
    return found


def _state(process: int) -> tuple[str, int]:
    """Return the state and the parent of a process; an empty state where there is none."""
    try:
        # The second field is the program's name in brackets, which may hold anything.
        fields = (_PROCESSES / str(process) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return "", 0
    state, parent = fields.split()[:2]
    return state, int(parent)
