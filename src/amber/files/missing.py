"""What is said of a path at which there is nothing: the same before anything is loaded and where it would be read."""

from __future__ import annotations

import os

from amber.errors import AmberError, ConfigError, DataError, StorageError

CONFIGURATION = "a configuration in YAML"
MODEL = "a model file ending in .keras, or a run directory"
MOTIFS = "motifs in MEME format"
SUPERNET = "a supernet saved by AMBER"
_TRIALS = "trials.jsonl"

PathLike = str | os.PathLike[str]


def is_missing(path: PathLike) -> bool:
    """Say whether there is nothing at a path; what cannot be looked at may be there."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return False


def no_file(
    path: PathLike, what: str, error: type[AmberError] = ConfigError, received: str = "no such file"
) -> AmberError:
    """Return the error of a path at which a file is expected; `what` says which."""
    return error(f"{os.fspath(path)}: expected {what}. Received: {received}", file=os.fspath(path))


def no_data(path: PathLike) -> DataError:
    """Return the error of a path at which a file of data is expected."""
    return DataError(f"Expected an existing file. Received: {os.fspath(path)}", file=os.fspath(path))


def no_model(path: PathLike, received: str = "no such file or folder") -> AmberError:
    """Return the error of a path at which a network is expected."""
    return no_file(path, MODEL, received=received)


def no_run(path: PathLike, received: str = "no such folder") -> StorageError:
    """Return the error of a path at which a run directory is expected."""
    return StorageError(
        f"{os.fspath(path)} is not a run directory: expected one that holds {_TRIALS}, as amber search writes it. "
        f"Received: {received}"
    )
