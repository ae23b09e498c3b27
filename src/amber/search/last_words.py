"""What a process that ends by itself leaves behind, so that its end can be told from a kill from outside."""

from __future__ import annotations

import contextlib
import faulthandler
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from amber.search.trial import plain_line

_LENGTH = 200


class LastWords:
    """A file that says how this process ended, where it ended by itself: `os._exit`, or a fatal signal.

    Args:
        path: of the file; it is there only while trials run and after such an end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._handles_faults = False
        self._exit: Callable[[int], NoReturn] = os._exit

    def read(self) -> str:
        """Return how the process before this one ended, in a few words; empty where it left nothing."""
        with contextlib.suppress(OSError):
            if self._path.is_file():
                with self._path.open("rb") as file:
                    first = file.read(_LENGTH).decode("utf-8", "replace").partition("\n")[0]
                return plain_line(first.removeprefix("Fatal Python error: "), _LENGTH)
        return ""

    def listen(self) -> None:
        """From here on, a call of `os._exit` and a fatal signal leave their words; a handler of faults is respected."""
        if self._file is not None:
            return
        try:
            self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o666)
        except OSError:
            return
        if not faulthandler.is_enabled():
            faulthandler.enable(self._file)
            self._handles_faults = True
        self._exit, owner, file = os._exit, os.getpid(), self._file

        def leave(status: int) -> NoReturn:
            if os.getpid() == owner:
                with contextlib.suppress(OSError):
                    os.write(file, f"os._exit({status})\n".encode())
            self._exit(status)

        os._exit = leave

    def forget(self) -> None:
        """Stop listening and remove the file."""
        if self._file is None:
            return
        os._exit = self._exit  # type: ignore[assignment]
        if self._handles_faults:
            faulthandler.disable()
            self._handles_faults = False
        os.close(self._file)
        self._file = None
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def memory_kills() -> int:
    """Return how many processes of this machine were ended for want of memory since it started; 0 where unknown."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
