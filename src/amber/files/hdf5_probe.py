"""Whether the HDF5 library survives reading a file: tried in a process of its own, which may die of it.

The library trusts what a file says of itself in places; a flipped bit can end the process that reads it.
"""

from __future__ import annotations

import os
import subprocess
import sys

# Seconds of processor time that reading may take at least, and bytes that are read in one at least.
_SECONDS, _BYTES_PER_SECOND = 1, 10_000_000
# Seconds that a busy machine may take for all of it at least, where only these can be measured too.
_PATIENCE = 60

# It reads what is there, follows no link, and leaves every complaint to the reader that comes after it. It limits
# itself: the library can also be sent in a circle, and whoever started this may have been killed since.
_READ = """
import io, math, sys, time, zipfile, h5py
try:
    import resource
    limit = math.ceil(time.process_time() + float(sys.argv.pop(1)))
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass
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
    seconds = os.stat(path).st_size / _BYTES_PER_SECOND
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                _READ,
                str(_SECONDS + seconds),
                os.path.abspath(path),
                *([member] if member else []),
            ],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE + seconds,
            check=False,
            start_new_session=True,  # Ctrl-C is for the reader
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
