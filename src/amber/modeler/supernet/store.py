"""A supernet in one HDF5 file: its description and every weight, readable under any backend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import keras

from amber.errors import ConfigError, StorageError
from amber.files import replacing
from amber.modeler.supernet.base import Supernet

_FORMAT = "amber supernet 1"


def save_supernet(supernet: Supernet, path: str | Path) -> None:
    """Writes description and weights; see `Supernet.save`.

    Raises:
        StorageError: the file cannot be written.
    """
    try:
        with replacing(path) as aside, h5py.File(aside, "w") as file:
            file.attrs["format"] = _FORMAT
            # A data set, because an attribute of HDF5 holds 64 KiB at most.
            file["supernet"] = json.dumps(_description(supernet))
            group = file.create_group("weights")
            for position, weight in enumerate(supernet.weights):
                data = group.create_dataset(f"{position:05d}", data=keras.ops.convert_to_numpy(weight))
                data.attrs["name"] = weight.path
    except (OSError, RuntimeError) as error:  # h5py raises both where a disk is full
        raise StorageError(f"The supernet cannot be written to {path}: {error}") from error


def load_weights(supernet: Supernet, path: str | Path) -> None:
    """Takes over the weights of a file; see `Supernet.load`."""
    description, values = _read(path)
    mine = json.loads(json.dumps(_description(supernet)))
    if _meaning(description) != _meaning(mine):
        raise ConfigError(
            f"{path} holds the weights of another supernet; expected {_meaning(mine)}. "
            f"Received: {_meaning(description)}"
        )
    supernet.set_weights(values)


def load_supernet(path: str | Path) -> Supernet:
    """Makes a supernet of a file that `Supernet.save` wrote, with its weights.

    Raises:
        StorageError: no such file, or none that `save` wrote.
    """
    description, values = _read(path)
    supernet: Supernet = keras.saving.deserialize_keras_object(description)
    supernet.set_weights(values)
    return supernet


def _description(supernet: Supernet) -> dict[str, Any]:
    described: dict[str, Any] = keras.saving.serialize_keras_object(supernet)
    return described


def _meaning(description: dict[str, Any]) -> dict[str, Any]:
    """The description without what does not decide which weights there are."""
    settings = {
        key: value
        for key, value in description["config"].items()
        if key not in ("name", "trainable", "dtype", "l1_reg", "l2_reg", "keep_prob", "feature_model")
    }
    return {"class_name": description["class_name"], **settings}


def _read(path: str | Path) -> tuple[dict[str, Any], list[Any]]:
    if not Path(path).is_file():
        raise StorageError(f"There is no supernet file at {path}.")
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != _FORMAT:
                raise StorageError(
                    f"{path} is no supernet file; expected format '{_FORMAT}'. Received: {file.attrs.get('format')!r}"
                )
            group = file["weights"]
            return json.loads(file["supernet"][()]), [group[key][()] for key in sorted(group)]
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{path} cannot be read as a supernet file: {error}") from error
