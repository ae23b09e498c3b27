"""Files that pysam and pybigtools hold open: one handle for each process and thread, and errors in our words.

What may be changed here: how the two libraries are loaded. What is read through them is the matter of `genome`,
`tracks` and `variants`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Generic, TypeVar

from amber.errors import DataError

Handle = TypeVar("Handle")
# htslib's messages go to the standard error of the process; whoever lowers its verbosity must be alone.
_VERBOSITY = threading.Lock()


def library(name: str, purpose: str, extra: str = "genomics") -> ModuleType:
    """Return a package that an extra installs, such as pysam.

    Args:
        name: of the package.
        purpose: what needs it, for the message, such as `"A genome"`.
        extra: which one installs it.

    Raises:
        DataError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DataError(
            f"{purpose} needs the package {name}: expected it to be installed, as "
            f'pip install "amber-nas[{extra}]" does. Received: {error}'
        ) from error


@contextlib.contextmanager
def quiet_htslib(pysam: ModuleType) -> Iterator[None]:
    """Keep htslib's complaints off the terminal; what matters of them becomes an error of ours."""
    with _VERBOSITY:
        before = pysam.set_verbosity(0)
        try:
            yield
        finally:
            pysam.set_verbosity(before)


class PerThread(Generic[Handle]):
    """A handle that each thread opens for itself when it first asks, and once more after a fork.

    A handle has one position in its file: threads, and a process and its fork, must not share it.

    Args:
        opens: makes a handle.
    """

    def __init__(self, opens: Callable[[], Handle]) -> None:
        self._opens = opens
        self._local = threading.local()

    def get(self) -> Handle:
        """Return the handle of this process and thread."""
        if getattr(self._local, "process", None) != os.getpid():
            self._local.handle = self._opens()
            self._local.process = os.getpid()
        handle: Handle = self._local.handle
        return handle
