"""Replay buffers: what a controller remembers of architectures and rewards. NumPy only."""

from __future__ import annotations

from collections.abc import Callable

from amber.architect.buffers.buffer import Buffer, ReplayBuffer
from amber.architect.buffers.multi_manager import MultiManagerBuffer
from amber.architect.buffers.paths import StoredPath
from amber.errors import ConfigError
from amber.registry import Registry

__all__ = ["Buffer", "MultiManagerBuffer", "ReplayBuffer", "StoredPath", "get_buffer"]

BUFFERS: Registry[Callable[..., Buffer]] = Registry("buffer", ConfigError)
BUFFERS.register("ordinal", Buffer)
BUFFERS.register("replay", ReplayBuffer)
BUFFERS.register("multimanager", MultiManagerBuffer)


def get_buffer(arg: str | Callable[..., Buffer] | None) -> Callable[..., Buffer] | None:
    """Return what makes a buffer.

    Args:
        arg: "ordinal", "replay" or "multimanager" in any case; a callable, returned as it is; or None.

    Raises:
        ConfigError: an unknown name, or something else.
    """
    if arg is None or callable(arg):
        return arg
    return BUFFERS.get(arg)
