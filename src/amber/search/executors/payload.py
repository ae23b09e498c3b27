"""The function of a search, written once by its process and read by each worker, with arrays that workers share.

Arrays lie in a file of their own that workers map into memory: all on a machine share one copy until one writes to it.
The files are this process's own, in a directory that only its user can enter; nothing of a run directory is unpickled.
"""

from __future__ import annotations

import mmap
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cloudpickle

from amber.errors import ExecutorError

_FUNCTION, _ARRAYS = "function", "arrays"
_ALIGNMENT = 64


def pack(function: Callable[..., object]) -> list[bytes | memoryview]:
    """Return a function as bytes: itself, then each of its arrays, which are not copied.

    Raises:
        ExecutorError: it holds what cannot be sent to another process; names the function and why.
    """
    buffers: list[pickle.PickleBuffer] = []
    try:
        head = cloudpickle.dumps(function, protocol=5, buffer_callback=buffers.append)
    except Exception as error:
        raise ExecutorError(
            "What a search trains must be picklable to be trained in another process (builder, data, metric objects). "
            f"Received: {function!r}, {type(error).__name__}: {error}"
        ) from error
    return [head, *(buffer.raw() for buffer in buffers)]


def write(parts: Sequence[bytes | memoryview], directory: Path) -> None:
    """Write what `pack` returned as files of a directory; raises OSError."""
    places, end = [], 0
    with (directory / _ARRAYS).open("wb") as file:
        for part in parts[1:]:
            start = -(-end // _ALIGNMENT) * _ALIGNMENT
            file.seek(start)
            file.write(part)
            end = start + len(part)
            places.append((start, end))
    (directory / _FUNCTION).write_bytes(pickle.dumps((places, bytes(parts[0]))))


def read(directory: Path) -> Callable[..., object]:
    """Return the function that `write` wrote. Its arrays may be written to: changes stay in this process."""
    places, head = pickle.loads((directory / _FUNCTION).read_bytes())
    if not places or not places[-1][1]:
        empty: Callable[..., Any] = pickle.loads(head, buffers=[bytearray() for _ in places])
        return empty
    with (directory / _ARRAYS).open("rb") as file:
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    function: Callable[..., Any] = pickle.loads(head, buffers=[view[start:end] for start, end in places])
    return function
