"""A supernet in one HDF5 file: its description and every weight, readable under any backend."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, TypeVar

import h5py
import keras

from amber.backend.abstract import abstract_layers
from amber.errors import ConfigError, StorageError
from amber.files.bounded_hdf5 import check_shapes, read_array, reading
from amber.files.supernet_file import FORMAT, named, read_description, stored_weights
from amber.files.whole_hdf5 import new_hdf5
from amber.operations.described_sizes import widest
from amber.types import JsonObject
from amber.wording import said, shown

_WHAT = "a supernet file"
_Supernet = TypeVar("_Supernet", bound=keras.layers.Layer)


def save_supernet(supernet: keras.layers.Layer, path: str | Path) -> None:
    """Write description and weights; see `Supernet.save`.

    Raises:
        StorageError: the file cannot be written.
    """
    try:
        with new_hdf5(path) as file:
            file.attrs["format"] = FORMAT
            # A data set, because an attribute of HDF5 holds 64 KiB at most.
            file["supernet"] = json.dumps(_description(supernet))
            group = file.create_group("weights")
            for position, weight in enumerate(supernet.weights):
                data = group.create_dataset(f"{position:05d}", data=keras.ops.convert_to_numpy(weight))
                data.attrs["name"] = weight.path
    except OSError as error:
        raise StorageError(f"The supernet cannot be written to {path}: {error}") from error


def load_weights(supernet: keras.layers.Layer, path: str | Path, kind: type[keras.layers.Layer]) -> None:
    """Load the weights of a file that describes a layer of this kind; see `Supernet.load`."""
    with reading(path, _WHAT) as file:
        description = _read_description(file, path, kind)
        mine = json.loads(json.dumps(_description(supernet)))
        if _meaning(description) != _meaning(mine):
            raise ConfigError(
                f"{path} holds the weights of another supernet; expected {_meaning(mine)}. "
                f"Received: {_meaning(description)}"
            )
        _set_weights(supernet, file, path)


def read_supernet(path: str | Path, kind: type[_Supernet]) -> _Supernet:
    """Load a supernet from a file; see `amber.supernet.load_supernet`.

    Args:
        path: of the file.
        kind: the base of the classes that the file may describe.
    """
    with reading(path, _WHAT) as file:
        description = _read_description(file, path, kind)
        _check_widths(description["config"], file, path)
        with abstract_layers():
            # Nothing is allocated before the shapes of all weights are those of the file.
            _check_weights(_made(description, path, kind), file, path)
        supernet = _made(description, path, kind)
        _set_weights(supernet, file, path)
    return supernet


def _description(supernet: keras.layers.Layer) -> JsonObject:
    described: dict[str, Any] = keras.saving.serialize_keras_object(supernet)
    return described


def _meaning(description: dict[str, Any]) -> dict[str, Any]:
    """Return the part of the description that decides which weights there are."""
    settings = {
        key: value
        for key, value in description["config"].items()
        if key not in ("name", "trainable", "dtype", "l1_reg", "l2_reg", "keep_prob", "feature_model")
    }
    return {"class_name": description["class_name"], **settings}


def _read_description(file: h5py.File, path: str | Path, kind: type[keras.layers.Layer]) -> JsonObject:
    description = read_description(file, path)
    known = keras.saving.get_registered_object(description["registered_name"])
    if not (isinstance(known, type) and issubclass(known, kind)):
        raise StorageError(f"{path}: expected the description of a supernet. Received: {shown(description)}")
    if description.get("class_name") != known.__name__:
        raise StorageError(
            f"{path}: expected the description of a {known.__name__}. Received: {shown(description.get('class_name'))}"
        )
    return description


def _made(description: JsonObject, path: str | Path, kind: type[_Supernet]) -> _Supernet:
    try:
        supernet = keras.saving.deserialize_keras_object(description, safe_mode=True)
    except Exception as error:  # Keras and the classes meet wrong values with errors of every kind
        raise StorageError(f"{path}: expected the description of a supernet. Received: {said(error)}") from error
    if not isinstance(supernet, kind):
        raise StorageError(f"{path}: expected the description of a supernet. Received: {type(supernet).__name__}")
    return supernet


def _check_weights(supernet: keras.layers.Layer, file: h5py.File, path: str | Path) -> list[str]:
    """Check the shapes of all weights, and return their names in order."""
    found = stored_weights(file, path)
    with named(path):
        expected = {f"{position:05d}": tuple(weight.shape) for position, weight in enumerate(supernet.weights)}
        check_shapes(expected, found)
        if len(found) > len(expected):
            raise StorageError(f"expected {len(expected)} weights. Received: {len(found)}")
    return list(expected)


def _set_weights(supernet: keras.layers.Layer, file: h5py.File, path: str | Path) -> None:
    names = _check_weights(supernet, file, path)
    supernet.set_weights([read_array(file["weights"], name) for name in names])


def _check_widths(config: dict[str, object], file: h5py.File, path: str | Path) -> None:
    """Check that no layer has more units than the file has weights, as each unit needs at least one."""
    stored = sum(math.prod(header.shape) for header in stored_weights(file, path).values())
    size = widest(config)
    if size > stored:
        raise StorageError(
            f"{path}: expected layers of at most {stored:,} weights, all that it holds. Received: {size:,}"
        )
