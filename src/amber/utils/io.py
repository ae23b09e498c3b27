"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.history import read_history

__all__ = ["read_history"]
