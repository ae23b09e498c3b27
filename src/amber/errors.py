"""Every error AMBER raises on purpose.

Each class also derives from the built-in error that an ordinary handler would catch. A message names the
thing, says what was expected and what was received.
"""

from __future__ import annotations

KeyPath = tuple[str | int, ...]


class AmberError(Exception):
    """Base of all errors that AMBER raises on purpose.

    Args:
        *arguments: the message.
        key: the one argument, key or place that the mistake is in, where there is one: `("noise",)`, or `(2, 0)` for
            candidate 0 of layer 2. Whoever reads a configuration adds file and line by it; nobody parses the message.

    Attributes:
        key: as given.
    """

    def __init__(self, *arguments: object, key: KeyPath = ()) -> None:
        super().__init__(*arguments)
        self.key = key


class ModelSpaceError(AmberError, ValueError):
    """A model space, or an operation in it, cannot mean anything: says which layer and candidate."""


class ArchitectureError(AmberError, ValueError):
    """Tokens outside the grammar: says position, token name, allowed range and what was received."""


class InvalidArchitectureError(AmberError, ValueError):
    """Tokens inside the grammar that describe no network: says which node and which shapes."""


class ConfigError(AmberError, ValueError):
    """A mistake in a configuration: says file, line and key where they are known."""


class DataError(AmberError, ValueError):
    """Data that cannot be used: says file and line, or record, or array."""


class StorageError(AmberError, OSError):
    """A run directory or study storage that cannot be read or written."""


class ExecutorError(AmberError, RuntimeError):
    """Workers that cannot be reached, started or given their work."""
