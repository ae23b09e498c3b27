"""Whether the HDF5 library survives reading a file; see `amber.files.probe`."""

from __future__ import annotations

import os

from amber.files.probe import ends_well

_IMPORTS = "import io, sys, zipfile, h5py"
# It reads what is there, follows no link, and leaves every complaint to the reader that comes after it.
_READ = """
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
    return ends_well(_IMPORTS, _READ, [os.path.abspath(path), *([member] if member else [])], os.stat(path).st_size)
