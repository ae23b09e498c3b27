"""What can be known of files of supernets and models without loading Keras."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from amber.architect import ModelSpace, TokenLayout
from amber.errors import AmberError, ArchitectureError, ConfigError
from amber.files import limits
from amber.files.bounded_hdf5 import reading
from amber.files.missing import SUPERNET
from amber.files.strict_json import parse_json
from amber.files.supernet_file import read_description, stored_weights
from amber.types import JsonObject

_DESCRIPTION = "config.json"


def check_supernet_file(path: Path, tokens: Sequence[int]) -> None:
    """Check that a file may hold a supernet with an architecture.

    Args:
        path: the file.
        tokens: the architecture.

    Raises:
        StorageError: not a file of a supernet.
        ArchitectureError: tokens that the supernet does not have.
    """
    with reading(path, SUPERNET) as file:
        description = read_description(file, path)
        stored_weights(file, path)
    layout = _layout_of(description["config"])
    if layout is not None:
        try:
            layout.validate(tokens)
        except ArchitectureError as error:
            raise ArchitectureError(f"TOKENS: {error}") from error


def _layout_of(config: Mapping[str, Any]) -> TokenLayout | None:
    """Return the tokens of a described supernet; None where the description is not one of ours."""
    try:
        space, ends = ModelSpace.from_dict(config["model_space"]), {}
        if config.get("with_input_blocks"):
            ends["num_inputs"] = len(config["inputs"])
        if config.get("with_output_blocks"):
            ends["num_outputs"] = len(config["outputs"])
        return TokenLayout(space, with_skips=bool(config["with_skip_connection"]), **ends)
    except (AmberError, KeyError, TypeError, ValueError):
        return None


def input_shapes_of(path: str | os.PathLike[str]) -> dict[str, tuple[int | None, ...]] | None:
    """Return the shape of each input of a functional model by name, without batch; None where it is not known.

    Args:
        path: a `.keras` file that `amber.files.archives.check_archive` takes.

    Raises:
        ConfigError: see `model_description`.
    """
    description = model_description(path)
    config = description.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list) or not isinstance(config, dict) or "input_layers" not in config:
        return None
    found: dict[str, tuple[int | None, ...]] = {}
    for layer in layers:
        if not isinstance(layer, dict):
            return None
        if layer.get("class_name") == "InputLayer":
            own = layer.get("config")
            shape = own.get("batch_shape") if isinstance(own, dict) else None
            if not isinstance(shape, list) or not all(size is None or type(size) is int for size in shape):
                return None
            found[str(layer.get("name"))] = tuple(shape[1:])
    return found or None


def model_description(path: str | os.PathLike[str]) -> JsonObject:
    """Return what a `.keras` file says of its model.

    Raises:
        ConfigError: it says nothing, more than is read, or no JSON.
    """
    file = os.fspath(path)
    what = "a model saved by Keras 3"
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(_DESCRIPTION).file_size > limits.DESCRIPTION_BYTES:
                raise ConfigError(
                    f"{file}: expected {what}. Received: {_DESCRIPTION} of more than {limits.DESCRIPTION_BYTES:,} bytes"
                )
            text = archive.read(_DESCRIPTION)
    except (OSError, KeyError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{file}: expected {what}. Received: an archive without {_DESCRIPTION}") from error
    description = parse_json(text, what=f"{file}, {_DESCRIPTION}", error=ConfigError)
    if not isinstance(description, dict):
        raise ConfigError(f"{file}: expected {what}. Received: {_DESCRIPTION} without a mapping")
    return description
