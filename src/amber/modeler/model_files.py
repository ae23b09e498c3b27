"""Model files of a stranger, in Keras's own format: looked at before Keras reads them. No code in them is run."""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Iterator

import h5py
import keras

from amber.backend.abstract import abstract_layers
from amber.errors import AmberError, ConfigError
from amber.files import limits
from amber.files.archives import check_archive
from amber.files.bounded_hdf5 import array_headers
from amber.files.hdf5_probe import survives_reading
from amber.files.strict_json import parse_json
from amber.operations.described_sizes import widest
from amber.wording import said, shortened

_WHAT = "a model saved by Keras 3"
# Classes that a message names.
_NAMED = 3
_DESCRIPTION, _WEIGHTS = "config.json", "model.weights.h5"


def load_model_file(path: str | os.PathLike[str]) -> keras.Model:
    """Return the model of a `.keras` file, not compiled.

    Raises:
        ConfigError: it is not a file that Keras 3 saved, holds code, or claims more than it holds.
    """
    file = os.fspath(path)
    check_archive(file, _WHAT, ConfigError)
    unknown: list[str] = []
    try:
        if not survives_reading(file, _WEIGHTS):
            raise ConfigError("weights that are damaged so that reading them crashes")
        description, stored = _read_parts(file)
        unknown = sorted(set(_unknown_classes(description)))
        _check_sizes(description, stored)
        # Not compiled: nothing is trained, and Keras would warn of an optimizer that has not been used yet.
        return keras.models.load_model(file, safe_mode=True, compile=False)
    except Exception as error:  # a damaged archive raises errors of many kinds
        if unknown:
            raise ConfigError(_of_own_code(file, unknown)) from error
        raise ConfigError(f"{file}: expected {_WHAT}. Received: {said(error)}") from error


def _of_own_code(file: str, unknown: list[str]) -> str:
    named = ", ".join(unknown[:_NAMED]) + (f" and {len(unknown) - _NAMED} others" if len(unknown) > _NAMED else "")
    return (
        f"{file}: expected a model whose layers are known here. Received: one with {named}. "
        "The code that defines them is a plug-in: name it before the command, as in `amber --plugin my_layers.py ...`, "
        "or import it first in Python. A class that was not registered with "
        "@keras.saving.register_keras_serializable() when the model was saved cannot be found"
    )


def _unknown_classes(description: object) -> Iterator[str]:
    """Yield the classes and functions of a description that are neither Keras's nor registered with it."""
    ahead = [description]
    while ahead:
        each = ahead.pop()
        if isinstance(each, list):
            ahead += each
        elif isinstance(each, dict):
            ahead += each.values()
            name, module = each.get("registered_name"), each.get("module")
            of_keras = isinstance(module, str) and module.partition(".")[0] in ("keras", "builtins")
            if isinstance(name, str) and "class_name" in each and not of_keras:
                if keras.saving.get_registered_object(name) is None:
                    yield shortened(name)


def _read_parts(file: str) -> tuple[dict[str, object], int]:
    """Return what a model file says of its model, and how many numbers its weights are."""
    with zipfile.ZipFile(file) as archive:
        if archive.getinfo(_DESCRIPTION).file_size > limits.DESCRIPTION_BYTES:
            raise ConfigError(f"{_DESCRIPTION} of more than {limits.DESCRIPTION_BYTES:,} bytes")
        description = parse_json(archive.read(_DESCRIPTION), what="the description of a model", error=ConfigError)
        if not isinstance(description, dict):
            raise ConfigError(f"{_DESCRIPTION} without a mapping")
        with archive.open(_WEIGHTS) as member, h5py.File(io.BytesIO(member.read()), "r") as weights:
            stored = sum(math.prod(header.shape) for header in array_headers(weights).values())
    return description, stored


def _check_sizes(description: dict[str, object], stored: int) -> None:
    """Check that the model is no larger than its weights before Keras allocates it; raises ConfigError."""
    size = widest(description)
    claimed = size if size > stored else _claimed(description)
    if claimed > stored:
        raise ConfigError(f"a model of at least {claimed:,} weights, of which the file holds {stored:,}")


def _claimed(description: dict[str, object]) -> int:
    try:
        with abstract_layers():
            model = keras.saving.deserialize_keras_object(description, safe_mode=True)
            return sum(math.prod(weight.shape) for weight in model.weights)
    except AmberError:
        raise
    except Exception:  # Keras tells what is wrong when it loads the file
        return 0
