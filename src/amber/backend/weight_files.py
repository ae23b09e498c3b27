"""Weights in HDF5 files of any name: Keras 3 itself writes and reads only those that end in `.weights.h5`."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py

from amber.errors import StorageError
from amber.files import replacing

_OWN_ENDING = ".weights.h5"


def save_anywhere(save: Callable[[str], object], path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Save weights to a file that may end in `.h5` or `.hdf5` alone.

    Args:
        save: saves to the path that it is given; Keras's own.
        path: the file.
        overwrite: whether a file that is there is replaced.

    Raises:
        StorageError: the file is there and may not be replaced, or cannot be written.
    """
    if not overwrite and Path(path).exists():
        raise StorageError(f"{path} exists; give overwrite=True to replace it. Received: overwrite=False")
    try:
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder) / f"model{_OWN_ENDING}"
            save(str(written))
            with replacing(path) as aside:
                shutil.copyfile(written, aside)
    except OSError as error:
        raise StorageError(f"The weights cannot be written to {path}: {error}") from error


def load_anywhere(load: Callable[[str], object], path: str | os.PathLike[str]) -> None:
    """Load weights from a file that `save_anywhere` wrote.

    Args:
        load: loads from the path that it is given; Keras's own.
        path: the file.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"model{_OWN_ENDING}"
        shutil.copyfile(path, copy)
        load(str(copy))


def is_named_otherwise(path: object) -> bool:
    """Say whether a path names an HDF5 file, but not as Keras 3 wants weights named."""
    name = str(path)
    return name.endswith((".h5", ".hdf5")) and not name.endswith(_OWN_ENDING)


def is_keras_2(path: object) -> bool:
    """Say whether a file is one of Keras 2's, weights or a whole model, which Keras 3 reads by itself.

    Raises:
        StorageError: there is no such file, or it is not HDF5.
    """
    try:
        with h5py.File(path, "r") as file:
            return "layer_names" in file.attrs or "model_weights" in file
    except OSError as error:
        raise StorageError(f"{path}: expected an HDF5 file of weights. Received: {error}") from error
