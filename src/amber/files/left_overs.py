"""Files that processes which were killed as they wrote have left, and which of them may be removed.

What may be changed here: how a file that is written aside is called. `whole` writes them.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import re
import tempfile
import time
from pathlib import Path

# The machine and the process that write, and what makes the name unlike any other; before version 0.3 the latter only.
_WRITER = re.compile(r"(?:([0-9a-f]{8})-(\d{1,10})\.)?[a-z0-9_]{8}")
_NAMESPACE = Path("/proc/self/ns/pid")
# Processes of another machine cannot be asked for: what none of them has touched for so long is left over.
_LONG_UNTOUCHED = 7 * 24 * 3600.0


def new_file_aside(target: Path) -> Path:
    """Make an empty file beside another, of the same ending, whose name says which process writes it.

    Raises:
        OSError: it cannot be made.
    """
    prefix = f"{_beginning(target)}{_machine()}-{os.getpid()}."
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=_ending(target))
    os.close(descriptor)
    return Path(name)


def remove_left_overs_of(target: Path) -> None:
    """Remove what processes that were killed as they wrote a file have left beside it; others may be writing it now."""
    beginning, ending = _beginning(target), _ending(target)
    with contextlib.suppress(OSError):
        for name in os.listdir(target.parent):
            if not name.startswith(beginning) or not name.endswith(ending):
                continue
            writer = _WRITER.fullmatch(name[len(beginning) : -len(ending)])
            if writer is not None and _is_abandoned(target.parent / name, *writer.groups()):
                (target.parent / name).unlink(missing_ok=True)


def is_left_over(name: str) -> bool:
    """Say whether a file name is one of a file written aside, so that a process killed as it wrote may have left it."""
    return name.startswith(".") and ".tmp" in name


def remove_left_overs(folder: str | os.PathLike[str]) -> None:
    """Remove what processes that were killed as they wrote left in a folder; nobody may be writing in it."""
    with contextlib.suppress(OSError):
        for path in Path(folder).iterdir():
            if is_left_over(path.name) and not path.is_dir():
                path.unlink(missing_ok=True)


def _beginning(target: Path) -> str:
    return f".{target.name}."


def _ending(target: Path) -> str:
    return f".tmp{target.suffix}"


def _is_abandoned(path: Path, machine: str | None, process: str | None) -> bool:
    if machine != _machine() or process is None:
        return time.time() - path.lstat().st_mtime > _LONG_UNTOUCHED
    return not _is_running(int(process))


def _is_running(process: int) -> bool:
    """Say whether there is a process of a number; where the system has no safe way to ask, say that there is."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


@functools.cache
def _machine() -> str:
    """Return what tells the machine, or the container, from others whose processes have the same numbers."""
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = os.readlink(_NAMESPACE)
    import hashlib  # loads OpenSSL, which `amber --help` does without

    return hashlib.blake2b(f"{platform.node()} {namespace}".encode(), digest_size=4).hexdigest()
