"""The folder that worker processes read their function and data from; it goes when its process does, however that ends.

A small process of its own waits for that: data in a temporary folder must not outlive a search that was killed. What
both leave, as where a machine goes down, is removed when the next search is started.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import filelock

_PREFIX, _LOCK = "amber-workers-", ".lock"
# A folder younger than this may belong to a process that has not locked it yet, seconds.
_YOUNG = 60.0
_REMOVER = Path(__file__).with_name("remover.py")


class PayloadFolder:
    """A new folder that only this user may enter.

    Attributes:
        path: where it is.

    Raises:
        OSError: there is no room for it, or no process can be started.
    """

    def __init__(self) -> None:
        remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = filelock.FileLock(self.path / _LOCK, timeout=0)
        self._lock.acquire()
        try:
            self._remover = subprocess.Popen(
                [sys.executable, "-S", "-E", str(_REMOVER), str(self.path)],
                stdin=subprocess.PIPE,  # it ends with this process, and with `remove`
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=os.path.abspath(os.sep),
                start_new_session=True,  # a Ctrl-C is not for it
            )
        except BaseException:
            self._lock.release()
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def remove(self) -> None:
        """Remove it with all that it holds."""
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)
        if self._remover.stdin is not None:
            with contextlib.suppress(OSError):
                self._remover.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._remover.wait(timeout=5)


def remove_abandoned() -> None:
    """Remove folders of this user whose process is gone."""
    with contextlib.suppress(OSError):
        for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            if _is_abandoned(path):
                shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    try:
        status = path.lstat()
        if path.is_symlink() or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
            return False
        if time.time() - status.st_mtime < _YOUNG:
            return False
        with filelock.FileLock(path / _LOCK, timeout=0):
            return True
    except (OSError, filelock.Timeout):
        return False
