"""Files of arrays: which arrays are there, and their values. npz and HDF5.

What may be changed here: formats of arrays.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import h5py
import numpy as np

from amber.data.text import reading
from amber.data.text.formats import recognise
from amber.errors import AmberError, DataError
from amber.files import bounded_hdf5, open_regular, size_text
from amber.files.archives import check_archive
from amber.types import Array
from amber.wording import said, shown

_HDF5_MAGIC, _ZIP_MAGIC = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
_WHAT = "a file of arrays: npz or HDF5"


def read_arrays(path: str) -> dict[str, Array]:
    """Return all arrays of a file by name; of HDF5 by their path, such as `train/x`.

    Raises:
        DataError: the file is missing, of another format, damaged, holds Python objects, or more than fits into memory.
    """
    file = Path(path)
    with open_regular(file, what=_WHAT, error=DataError) as stream:
        head = stream.read(8)
    try:
        if head == _HDF5_MAGIC:
            return _of_hdf5(path)
        if head.startswith(_ZIP_MAGIC):
            return _of_npz(path)
    except DataError:
        raise
    except (AmberError, OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        reason = said(error)
        if reason.startswith(f"{path}, "):  # what names the place in the file says all
            raise DataError(reason, file=path) from error
        sound = f"{path}: expected sound arrays. Received: {reason.removeprefix(f'{path}: ')}"
        raise DataError(sound, file=path) from error
    found = recognise(head) if head else None
    received = found.name if found else "an empty file" if not head else "another file"
    raise DataError(f"{path}: expected {_WHAT}. Received: {received}", file=path)


def _of_npz(path: str) -> dict[str, Array]:
    check_archive(path, "arrays", DataError)
    _check_sizes(path)
    with np.load(path, allow_pickle=False) as loaded:
        arrays: dict[str, Array] = {}
        for name in loaded.files:
            try:
                arrays[name] = loaded[name]
            except ValueError as error:
                raise DataError(
                    f"{path}, array {name!r}: expected numbers or text; save text as np.array(texts, dtype=str). "
                    f"Received: {said(error)}",
                    file=path,
                ) from error
    return arrays


def _check_sizes(path: str) -> None:
    """Refuse arrays that say to be larger than what is there: NumPy makes room before it reads."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(".npy"):
                continue
            with archive.open(member) as stream:
                version = np.lib.format.read_magic(stream)
                if version > (2, 0):  # of arrays with named fields, which no source reads
                    continue
                first = version == (1, 0)
                read_header = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
                shape, _, dtype = read_header(stream)
            if not dtype.hasobject and math.prod(shape) * dtype.itemsize > member.file_size:
                raise DataError(
                    f"{path}, array {member.filename.removesuffix('.npy')!r}: expected a sound array. Received: "
                    f"{dtype} of shape {shown(shape)} in {size_text(member.file_size)}",
                    file=path,
                )


def _of_hdf5(path: str) -> dict[str, Array]:
    names: list[str] = []
    with bounded_hdf5.reading(path, "arrays") as opened:
        opened.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        size = sum(int(opened[name].size) * opened[name].dtype.itemsize for name in names)
        if size > reading.machine_memory():
            raise DataError(f"{path}: expected arrays that fit into memory. Received: {size_text(size)}", file=path)
        return {name: _text(opened[name][()]) for name in names if opened[name].shape}


def _text(values: Array) -> Array:
    if values.dtype.kind != "O":
        return values
    return np.array([each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in values])
