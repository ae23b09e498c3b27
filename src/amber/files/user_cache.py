"""Folders of the user's cache, `~/.cache/amber` or below `XDG_CACHE_HOME`: for what can be made again."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def user_cache(*names: str) -> Path:
    """Return the path of a folder of the cache, which need not exist."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path(os.path.expanduser("~")) / ".cache"
    return base.joinpath("amber", *names)


def make_writable(folder: Path) -> None:
    """Make a folder that only its user may enter, where it is missing, and try to write in it.

    Raises:
        OSError: it cannot be made or written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
