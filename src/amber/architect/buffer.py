"""The module path users of the first AMBER know; nothing else lives here."""

from amber.architect.buffers import Buffer, MultiManagerBuffer, ReplayBuffer, get_buffer

__all__ = ["Buffer", "MultiManagerBuffer", "ReplayBuffer", "get_buffer"]
