"""One registry mechanism: named entries, aliases, and errors that list what is known.

Operations, merges and samplers are tables of this kind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Generic, TypeVar

from amber.errors import AmberError, ConfigError
from amber.wording import shortened, shown, unknown_name

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Names, in any case, and what they stand for.

    Args:
        kind: what the entries are, for messages (`"operation"`).
        error: the error class raised for unknown or repeated names.
    """

    def __init__(self, kind: str, error: type[AmberError] = ConfigError) -> None:
        self._kind = kind
        self._error = error
        self._entries: dict[str, Entry] = {}
        self._aliases: dict[str, str] = {}
        self.version = 0

    def __repr__(self) -> str:
        return f"Registry({self._kind!r}: {', '.join(sorted(self._entries)) or 'empty'})"

    def register(self, name: str, entry: Entry, *, aliases: Collection[str] = (), replace: bool = False) -> None:
        """Add an entry.

        With `replace`, a name takes over what stood for it before, be it an entry or an alias of another one. An alias
        that takes over the name of an entry takes over that entry's aliases, too: none is left without an entry.

        Raises:
            AmberError: (of the registry's class) the name is empty or taken and `replace` is not given.
        """
        if isinstance(aliases, str):
            raise self._error(f"The aliases of an {self._kind} must be a list of names. Received: {shown(aliases)}")
        key = self._key(name)
        others = [each for each in map(self._key, aliases) if each != key]
        for each in (key, *others):
            if each in self and not replace:
                raise self._error(
                    f"The {self._kind} '{shortened(each)}' is registered already; pass replace=True to replace it."
                )
        self.version += 1
        self._aliases.pop(key, None)
        self._entries[key] = entry
        for each in others:
            if self._entries.pop(each, None) is not None:
                self._aliases.update({alias: key for alias, owner in self._aliases.items() if owner == each})
            self._aliases[each] = key

    def get(self, name: str) -> Entry:
        """Return the entry of a name or alias.

        Raises:
            AmberError: (of the registry's class) unknown name; lists the known ones.
        """
        key = name.strip().lower() if isinstance(name, str) else ""
        key = self._aliases.get(key, key)
        if key not in self._entries:
            raise self._error(unknown_name(self._kind, name, self._entries, self._aliases))
        return self._entries[key]

    def names(self) -> list[str]:
        """Return the registered names in order (aliases left out)."""
        return sorted(self._entries)

    def __contains__(self, name: object) -> bool:
        key = name.strip().lower() if isinstance(name, str) else ""
        return self._aliases.get(key, key) in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def _key(self, name: str) -> str:
        """Return the form in which a name is kept; raise where it is none."""
        if not isinstance(name, str) or not name.strip():
            raise self._error(f"The name of an {self._kind} must be non-empty text. Received: {shown(name)}")
        return name.strip().lower()
