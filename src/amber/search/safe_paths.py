"""A run directory may come from a stranger: what is read or written in it must lie in it."""

from __future__ import annotations

import os
from pathlib import Path

from amber.errors import StorageError


def contained(directory: Path, name: str) -> Path:
    """Return the path of a file of a directory.

    Args:
        directory: the directory.
        name: of a file in it, which need not exist.

    Raises:
        StorageError: the name, or a link, leads out of the directory or to itself.
    """
    path = directory / name
    try:
        path.resolve()
    except (RuntimeError, OSError) as error:  # Python before 3.13 raises the first
        raise StorageError(f"{path}: expected a file. Received: a link that leads to itself") from error
    if not path.resolve().is_relative_to(directory.resolve()):
        raise StorageError(
            f"{path} leads out of its run directory, to {path.resolve()}: expected a file in it. "
            "Nothing is read or written through such a link."
        )
    return path


def check_contained(directory: Path) -> None:
    """Check that no link in a directory, or in one below it, leads out of it; one that does not exist is fine.

    Raises:
        StorageError: one does; names it.
    """
    for folder, folders, files in os.walk(directory):
        for name in [*folders, *files]:
            if os.path.islink(os.path.join(folder, name)):
                contained(directory, os.path.relpath(os.path.join(folder, name), directory))
