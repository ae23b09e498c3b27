"""What a file of a supernet says of itself, read without loading Keras; `amber.supernet` makes the supernet of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amber.errors import StorageError
from amber.files.bounded_hdf5 import ArrayHeader, array_headers, read_json_text
from amber.types import JsonObject
from amber.wording import shown

if TYPE_CHECKING:
    import h5py

FORMAT = "amber supernet 1"
# Registered names of the supernets of AMBER; those of a plug-in begin with its own package.
_PACKAGE, _KNOWN = "amber>", ("amber>AnnSupernet", "amber>ConvSupernet")


def read_description(file: h5py.File, path: str | os.PathLike[str]) -> JsonObject:
    """Return the description of a supernet: `registered_name`, `class_name` and `config`.

    Args:
        file: opened by `bounded_hdf5.reading`.
        path: of the file, for messages.

    Raises:
        StorageError: the file is not one of a supernet, or of another version.
    """
    if file.attrs.get("format") != FORMAT:
        raise StorageError(
            f"{path} is not a supernet file; expected format '{FORMAT}'. Received: {shown(file.attrs.get('format'))}"
        )
    with named(path):
        description: JsonObject = read_json_text(file, "supernet", dict)
    registered = description.get("registered_name")
    unknown = isinstance(registered, str) and registered.startswith(_PACKAGE) and registered not in _KNOWN
    if not isinstance(registered, str) or unknown or not isinstance(description.get("config"), dict):
        raise StorageError(f"{path}: expected the description of a supernet. Received: {shown(description)}")
    return description


def stored_weights(file: h5py.File, path: str | os.PathLike[str]) -> dict[str, ArrayHeader]:
    """Return shape and type of every weight; StorageError where the file has none."""
    import h5py

    link = file.get("weights", getlink=True)
    group = file["weights"] if isinstance(link, h5py.HardLink) else None
    if not isinstance(group, h5py.Group):
        raise StorageError(f"{path}: expected the group 'weights'. Received: {shown(sorted(file))}")
    with named(path):
        return array_headers(group)


@contextlib.contextmanager
def named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the file's name before an error about its content."""
    try:
        yield
    except StorageError as error:
        raise StorageError(f"{path}: {error}") from error
