"""Controllers in HDF5 files: weights alone, or everything that is needed to continue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self, TypeVar

import h5py
import keras
import numpy as np

from amber.architect.buffers import Buffer
from amber.architect.controllers.model import PolicyModel
from amber.architect.model_space import ModelSpace
from amber.errors import ModelSpaceError, StorageError
from amber.files.bounded_hdf5 import array_headers, read_array, read_json_text, reading
from amber.files.whole_hdf5 import new_hdf5
from amber.types import JsonObject
from amber.wording import said, shortened, shown

FORMAT = "amber controller"
VERSION = 1
_WHAT = "a controller file, in HDF5"
# Of the whole numbers in the state of a random generator of NumPy, which has no sign.
_STATE_BITS = 129


class SavedController(Protocol):
    """What a file holds of a controller: its arguments, weights, optimizer, buffer and random states."""

    model: PolicyModel
    buffer: Buffer | None
    generator: np.random.Generator

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the constructor as JSON-ready values."""

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Self:
        """Make a controller of what `get_config` returned."""


C = TypeVar("C", bound=SavedController)


def write_weights(path: Path, weights: Mapping[str, np.ndarray]) -> None:
    """Write one data set for each weight. Raises StorageError where the file cannot be written."""

    def fill(file: h5py.File) -> None:
        for name, value in weights.items():
            file[name] = value

    _write(path, fill)


def read_weights(path: Path, names: list[str]) -> list[np.ndarray]:
    """Return weights by name, in the given order, from a file of `write_weights` or of a whole controller.

    Raises:
        StorageError: the file cannot be read, or lacks a weight (lists them).
    """
    with reading(path, _WHAT) as file:
        found = array_headers(file)
        inside = "weights/" if any(name.startswith("weights/") for name in found) else ""
        missing = [name for name in names if inside + name not in found]
        if missing:
            raise StorageError(f"{path} lacks weights of this controller: {missing}. Received: {shown(sorted(found))}")
        return [read_array(file, inside + name) for name in names]


def save_controller(controller: SavedController, path: Path) -> None:
    """Write configuration, weights, optimizer, buffer and random states."""

    def fill(file: h5py.File) -> None:
        file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
        file.attrs["class"] = type(controller).__name__
        file.attrs["config"] = json.dumps(controller.get_config())
        for name, value in _state(controller).items():
            file[name] = value
        file.attrs["generators"] = json.dumps([each.bit_generator.state for each in _generators(controller)])

    _write(path, fill)


def load_controller(cls: type[C], path: Path) -> C:
    """Make a controller of class `cls` from a file.

    Raises:
        StorageError: the file cannot be read, is not a controller, or one of another class or a later version.
    """
    with reading(path, _WHAT) as file:
        if file.attrs.get("format") != FORMAT:
            raise StorageError(f"{path} does not hold a whole controller; load_weights reads weights alone.")
        version, kind = file.attrs.get("version"), file.attrs.get("class")
        if not isinstance(version, (int, np.integer)) or not 1 <= version <= VERSION:
            raise StorageError(
                f"{path} is of version {shortened(str(version))}; this AMBER reads up to version {VERSION}."
            )
        if kind != cls.__name__:
            raise StorageError(f"{path} holds a {shortened(str(kind))}. Received: {cls.__name__}.load")
        config = read_json_text(file, "config", dict)
        generators = read_json_text(file, "generators", list, bits=_STATE_BITS)
        arrays = {name: read_array(file, name) for name in array_headers(file)}
    try:
        controller = cls.from_config(config)
        _restore(controller, arrays)
        for generator, state in zip(_generators(controller), generators, strict=True):
            generator.bit_generator.state = state
    except Exception as error:  # a configuration or state that is not a controller's fails in as many ways
        raise StorageError(f"{path}: expected a {cls.__name__}. Received: {said(error)}") from error
    return controller


def space_to_json(space: ModelSpace | Sequence[int]) -> list[int] | list[list[JsonObject]]:
    """Return each layer as a list of operations, or as their number where JSON cannot hold them."""
    if not isinstance(space, ModelSpace):
        return [int(count) for count in space]
    try:
        return space.to_dict()
    except ModelSpaceError:
        return [len(candidates) for candidates in space.layers]


def space_from_json(layers: list[int] | list[list[JsonObject]]) -> ModelSpace | list[int]:
    """The inverse of `space_to_json`."""
    return ModelSpace.from_dict(layers) if isinstance(layers[0], list) else layers


def _state(controller: SavedController) -> dict[str, np.ndarray]:
    found = {f"weights/{name}": _numpy(each) for name, each in controller.model.policy_weights.items()}
    found.update({f"optimizer/{i}": _numpy(each) for i, each in enumerate(_optimizer_variables(controller))})
    if controller.model.drop_seed is not None:
        found["dropout"] = _numpy(controller.model.drop_seed.state)
    if controller.buffer is not None:
        found.update({f"buffer/{name}": each for name, each in controller.buffer.to_arrays().items()})
    return found


def _restore(controller: SavedController, arrays: Mapping[str, np.ndarray]) -> None:
    for name, variable in controller.model.policy_weights.items():
        variable.assign(arrays[f"weights/{name}"])
    for i, variable in enumerate(_optimizer_variables(controller)):
        variable.assign(arrays[f"optimizer/{i}"])
    if controller.model.drop_seed is not None:
        controller.model.drop_seed.state.assign(arrays["dropout"])
    if controller.buffer is not None:
        prefix = "buffer/"
        controller.buffer.restore(
            {name.removeprefix(prefix): each for name, each in arrays.items() if name.startswith(prefix)}
        )


def _optimizer_variables(controller: SavedController) -> list[keras.Variable]:
    optimizer = controller.model.optimizer
    if not optimizer.built:
        optimizer.build(controller.model.trainable_variables)
    return list(optimizer.variables)


def _generators(controller: SavedController) -> list[np.random.Generator]:
    buffer = [] if controller.buffer is None else [controller.buffer.generator]
    return [controller.generator, *buffer]


def _numpy(value: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


def _write(path: Path, fill: Callable[[h5py.File], None]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_hdf5(path) as file:
            fill(file)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error}") from error
