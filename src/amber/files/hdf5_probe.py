"""Whether the HDF5 library survives reading a file: tried in a process of its own, which may die of it.

The library trusts what a file says of itself in places; a flipped bit can end the process that reads it.
"""

from __future__ import annotations

import os
import subprocess
import sys

# Seconds that reading may take at least, and bytes that are read in a second at least.
_SECONDS, _BYTES_PER_SECOND = 60, 10_000_000

# It reads what is there, follows no link, and leaves every complaint to the reader that comes after it.
_READ = """
import io, sys, zipfile, h5py
def read(item):
    for name in item.attrs:
        item.attrs[name]
    if not isinstance(item, h5py.Group):
        if not item.is_virtual and not item.external and item.id.get_storage_size() >= item.size * item.dtype.itemsize:
            item[()]
        return
    for name in item:
        if isinstance(item.get(name, getlink=True), h5py.HardLink):
            read(item[name])
try:
    source = sys.argv[1]
    if sys.argv[2:]:
        with zipfile.ZipFile(source) as archive:
            source = io.BytesIO(archive.read(sys.argv[2]))
    with h5py.File(source, "r") as file:
        read(file)
except Exception:
    pass
"""


def survives_reading(path: str, member: str = "") -> bool:
    """Say whether a process that reads all of an HDF5 file, or fails with an exception, comes to its end.

    Args:
        path: a regular file.
        member: the HDF5 file in it, where it is a ZIP archive that `check_archive` has looked at.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _READ, os.path.abspath(path), *([member] if member else [])],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS + os.stat(path).st_size / _BYTES_PER_SECOND,
            check=False,
            start_new_session=True,  # Ctrl-C is for the reader
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
