"""HDF5 of a stranger: files of weights, read within limits and without following any link out of them.

Everything AMBER reads as HDF5 itself goes through `reading`, `array_headers` and `read_array`; models in Keras's own
format are looked at by `amber.modeler.model_files` before Keras reads them. The HDF5 library does not survive every
damaged file, so another process reads each file first; see `amber.files.hdf5_probe`.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.errors import AmberError, StorageError
from amber.files import limits
from amber.files.hdf5_probe import survives_reading
from amber.files.strict_json import parse_json
from amber.wording import said, shown

if TYPE_CHECKING:
    import h5py

# Signed and unsigned integers, floating-point numbers, truth values.
_KINDS = "iufb"


@contextlib.contextmanager
def reading(path: str | os.PathLike[str], what: str) -> Iterator[h5py.File]:
    """Open an HDF5 file for the block.

    Args:
        path: the file.
        what: what it should be, for messages, such as `"a supernet file"`.

    Yields:
        The open file.

    Raises:
        StorageError: there is no such file, it is not a regular file, is too large, is not HDF5, or anything within the
            block fails on it; names the file.
    """
    import h5py

    file = os.fspath(path)
    _check_regular(file, what)
    if not survives_reading(file):
        raise StorageError(f"{file}: expected {what}. Received: a file that is damaged so that reading it crashes")
    try:
        with h5py.File(file, "r") as opened:
            _check_own(opened)
            yield opened
    except AmberError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, AttributeError, MemoryError) as error:
        # h5py meets damaged files with errors of every kind.
        raise StorageError(f"{file}: expected {what}. Received: {said(error)}") from error


def _check_own(opened: h5py.File) -> None:
    """Check that nothing in a file is stored elsewhere, so that a stranger's file reads no other of this machine.

    Raises:
        StorageError: a link to another file, or an array that is stored in one.
    """
    import h5py

    waiting: list[h5py.Group] = [opened]
    seen: set[int] = set()
    while waiting:
        group = waiting.pop()
        place = h5py.h5o.get_info(group.id).addr
        if place in seen:
            continue
        seen.add(place)
        if len(seen) > limits.MEMBERS:
            raise StorageError(
                f"{opened.filename}, {group.name}: expected at most {limits.MEMBERS:,} groups. Received: more"
            )
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise StorageError(
                    f"{opened.filename}, {name}: expected what is in this file; copy it in. "
                    "Received: a link to another file"
                )
            item = group[name] if isinstance(link, h5py.HardLink) else None
            if isinstance(item, h5py.Group):
                waiting.append(item)
            elif isinstance(item, h5py.Dataset) and (item.is_virtual or item.external):
                raise StorageError(
                    f"{opened.filename}, {item.name}: expected an array in this file; copy it in. "
                    "Received: one that is stored elsewhere"
                )


def _check_regular(file: str, what: str) -> None:
    try:
        status = os.stat(file)
    except (OSError, ValueError) as error:
        raise StorageError(f"{file}: expected {what}. Received: {_reason(error)}") from error
    if not stat.S_ISREG(status.st_mode):
        received = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise StorageError(f"{file}: expected {what}. Received: {received}")
    if status.st_size > limits.WEIGHTS_BYTES:
        raise StorageError(
            f"{file}: expected {what} of at most {limits.WEIGHTS_BYTES:,} bytes. Received: {status.st_size:,} bytes"
        )


def _reason(error: Exception) -> str:
    return "no such file" if isinstance(error, FileNotFoundError) else str(getattr(error, "strerror", None) or error)


@dataclass(frozen=True)
class ArrayHeader:
    """What a file says of one array, before it is read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def read_text(group: h5py.Group, name: str) -> str:
    """Return the text of an attribute or, where there is none of the name, of a scalar data set.

    Raises:
        StorageError: there is neither, or it is not text within the limit.
    """
    if name in group.attrs:
        value: Any = group.attrs[name]
    else:
        data = _data_set(group, name)
        if data.shape != () or data.dtype.kind not in "OS" or data.dtype.itemsize > limits.DESCRIPTION_BYTES:
            raise StorageError(f"'{name}' must be text. Received: {data.dtype} of shape {data.shape}")
        value = data[()]
    text = value.decode("utf-8") if isinstance(value, bytes) else value
    if not isinstance(text, str) or len(text) > limits.DESCRIPTION_BYTES:
        raise StorageError(
            f"'{name}' must be text of at most {limits.DESCRIPTION_BYTES:,} characters. Received: {shown(text)}"
        )
    return text


def read_json_text(group: h5py.Group, name: str, kind: type, bits: int = 64) -> Any:
    """Return what the text of `read_text` holds as JSON; StorageError where that is not of the type `kind`."""
    value = parse_json(read_text(group, name), what=f"'{name}'", error=StorageError, bits=bits)
    if not isinstance(value, kind):
        raise StorageError(f"'{name}' must hold a JSON {kind.__name__}. Received: {shown(value)}")
    return value


def array_headers(group: h5py.Group) -> dict[str, ArrayHeader]:
    """Return shape and type of every array in a group and the groups in it, by path; nothing is read yet.

    Raises:
        StorageError: a link, an array of other values than numbers, one that is not written out in this file, or more
            than `amber.files.limits` allows.
    """
    import h5py

    found: dict[str, ArrayHeader] = {}
    waiting: list[tuple[str, h5py.Group]] = [("", group)]
    total = 0
    while waiting:
        prefix, parent = waiting.pop()
        for name in parent:
            item = _item(parent, name)
            if isinstance(item, h5py.Group):
                waiting.append((f"{prefix}{name}/", item))
                continue
            _check_array(item)
            total += item.size * item.dtype.itemsize
            found[f"{prefix}{name}"] = ArrayHeader(tuple(item.shape), item.dtype)
            if len(found) + len(waiting) > limits.MEMBERS or prefix.count("/") > limits.DEPTH:
                raise StorageError(f"{parent.name}: expected at most {limits.MEMBERS:,} arrays. Received: more")
    if total > limits.WEIGHTS_BYTES:
        raise StorageError(f"expected arrays of at most {limits.WEIGHTS_BYTES:,} bytes. Received: {total:,} bytes")
    return found


def read_array(group: h5py.Group, name: str) -> np.ndarray:
    """Return one array that `array_headers` has found."""
    data = _data_set(group, name)
    _check_array(data)
    return np.asarray(data[()])


def check_shapes(expected: Mapping[str, tuple[int, ...]], found: Mapping[str, ArrayHeader]) -> None:
    """Check the shapes of arrays before any is read.

    Raises:
        StorageError: an array is missing, or has another shape; names it.
    """
    for name, shape in expected.items():
        if name not in found:
            raise StorageError(f"expected an array {name!r} of shape {shape}. Received: {shown(sorted(found))}")
        if found[name].shape != tuple(shape):
            raise StorageError(f"{name}: expected an array of shape {shape}. Received: shape {found[name].shape}")


def _item(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    import h5py

    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise StorageError(f"{name}: expected an array in this file. Received: a link to another place")
    return group[name]


def _data_set(group: h5py.Group, name: str) -> h5py.Dataset:
    import h5py

    item: Any = group
    for part in name.split("/"):
        if not isinstance(item, h5py.Group) or part not in item:
            raise StorageError(f"expected {name!r} in it. Received: {shown(sorted(group))}")
        item = _item(item, part)
    if not isinstance(item, h5py.Dataset):
        raise StorageError(f"{name}: expected an array. Received: {type(item).__name__}")
    return item


def _check_array(data: h5py.Dataset) -> None:
    if not hasattr(data, "shape") or data.shape is None or data.dtype.kind not in _KINDS:
        raise StorageError(f"{data.name}: expected an array of numbers. Received: {getattr(data, 'dtype', 'no array')}")
    if data.is_virtual or data.external:
        raise StorageError(f"{data.name}: expected an array in this file. Received: one that is stored elsewhere")
    if data.id.get_storage_size() < data.size * data.dtype.itemsize:
        raise StorageError(
            f"{data.name}: expected an array that is written out in full, as AMBER does. "
            f"Received: {data.size:,} numbers in {data.id.get_storage_size():,} bytes"
        )
