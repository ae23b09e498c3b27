"""Names of the layers of one network: what an operation asks for, or a number more where that is taken."""

from __future__ import annotations

from collections.abc import Iterable


class UniqueNames:
    """Layer names that are each given once.

    Args:
        taken: names that are never given.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, wanted: str) -> str:
        """Return the name, with `_1`, `_2`, ... after it where it has been given before."""
        name, number = wanted, 0
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name
