"""Say that packages are loading, which takes seconds, and on a cold disk minutes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from typing import TextIO

from amber.errors import AmberError

_LABELS = {"torch": "PyTorch", "jax": "JAX", "tensorflow": "TensorFlow"}
# Whichever of these a command imports first; none is imported for help, completion or a mistake in the options.
_SLOW = frozenset({"h5py", "matplotlib", "numpy", "optuna", "pandas", "scipy", "sklearn"})


def announce_loading(stream: TextIO, *, now: bool = False) -> None:
    """Write a line when packages begin to load, and one when Keras and its backend do; nothing where they are loaded.

    Where lines are announced already, those that are still to come go to the stream.

    Args:
        stream: where to.
        now: whether the first line is written at once.
    """
    if "keras" in sys.modules:
        return
    announcer = next((each for each in sys.meta_path if isinstance(each, _Announcer)), None)
    if announcer is None:
        announcer = _Announcer(said=not _SLOW.isdisjoint(sys.modules))
        sys.meta_path.insert(0, announcer)
    announcer.stream = stream
    if now:
        announcer.say_packages()


class _Announcer(MetaPathFinder):
    """Notice the imports of slow packages and of Keras, which loads its backend; find no module."""

    def __init__(self, said: bool) -> None:
        self.stream: TextIO | None = None
        self._said = said

    def say_packages(self) -> None:
        """Say that packages are loading, once."""
        if not self._said:
            self._said = True
            self._say("Loading packages ...")

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:
        """Say what is loading, once each."""
        if fullname in _SLOW:
            self.say_packages()
        # Backends are looked for, without being loaded, where one is chosen; Keras loads the chosen one.
        if fullname != "keras":
            return
        with contextlib.suppress(ValueError):  # another thread was first
            sys.meta_path.remove(self)
        from amber.backend import choice

        # A backend that is refused is named by the import itself.
        with contextlib.suppress(AmberError):
            self._say(f"Loading {_LABELS[choice().name]} and Keras ...")

    def _say(self, line: str) -> None:
        _say(self.stream or sys.stderr, line)


def _say(stream: TextIO, line: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.write(f"{line}\n")
        stream.flush()
