"""Write HDF5 files whole: in memory first, because HDF5 crashes a process that finds the disk full.

What is written are arrays that are in memory already, so that this takes their size once more, or less where they are
compressed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amber.files.whole import write_whole

if TYPE_CHECKING:
    import h5py


@contextmanager
def new_hdf5(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """Give an HDF5 file to fill, and write it to `path` once the block has ended well; see `write_whole`.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        yield file
    write_whole(path, buffer.getvalue())
