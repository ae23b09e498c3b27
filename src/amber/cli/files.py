"""Output files: checked before work begins, and errors in writing named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amber.errors import ConfigError, StorageError


def checked_output(path: Path, suffixes: tuple[str, ...]) -> Path:
    """Returns the path after checking its suffix and making its folder.

    Raises:
        ConfigError: another suffix.
        StorageError: a folder that cannot be made.
    """
    if path.suffix.lower() not in suffixes:
        raise ConfigError(f"--output: expected a file ending in {' or '.join(suffixes)}. Received: {path}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an error of the file system into a StorageError that names the file."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: expected to be able to write it. Received: {error.strerror or error}") from error
