"""Say that packages are loading, which takes seconds, and on a cold disk minutes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from typing import TextIO

from amber.errors import AmberError

_LABELS = {"torch": "PyTorch", "jax": "JAX", "tensorflow": "TensorFlow"}


def announce_loading(stream: TextIO, *, now: bool = False) -> None:
    """Write a line when Keras and its backend begin to load; nothing where they are loaded.

    Args:
        stream: where to.
        now: whether a line is also written at once, as other packages take their time before.
    """
    if "keras" in sys.modules:
        return
    if now:
        _say(stream, "Loading packages ...")
    if not any(isinstance(each, _Announcer) for each in sys.meta_path):
        sys.meta_path.insert(0, _Announcer(stream))


class _Announcer(MetaPathFinder):
    """Notice the import of Keras, which loads its backend; find no module."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:
        """Say what is loading, once."""
        # Backends are looked for, without being loaded, where one is chosen; Keras loads the chosen one.
        if fullname != "keras":
            return
        with contextlib.suppress(ValueError):  # another thread was first
            sys.meta_path.remove(self)
        from amber.backend import choice

        # A backend that is refused is named by the import itself.
        with contextlib.suppress(AmberError):
            _say(self._stream, f"Loading {_LABELS[choice().name]} and Keras ...")


def _say(stream: TextIO, line: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.write(f"{line}\n")
        stream.flush()
