"""Copies that refuse to be edited, because an edit of a copy would change nothing and say nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from amber.errors import ModelSpaceError


class ReadOnlyError(ModelSpaceError, TypeError):
    """An edit of something that is handed out to be read."""


class _Refusing:
    _way_out: str

    def _refuse(self, *arguments: object, **named: object) -> NoReturn:
        given = ", ".join([*map(repr, arguments), *(f"{name}={value!r}" for name, value in named.items())])
        raise ReadOnlyError(
            f"This is a copy, and editing it would change nothing: {self._way_out}. Received: {given or 'no arguments'}"
        )


class ReadOnlyDict(_Refusing, dict[str, Any]):
    """A dictionary that is equal to any other of the same content, and cannot be edited.

    Args:
        content: what it holds.
        way_out: what to do instead of an edit, for messages.
    """

    def __init__(self, content: dict[str, Any], way_out: str) -> None:
        super().__init__(content)
        self._way_out = way_out

    __setitem__ = __delitem__ = __ior__ = _Refusing._refuse
    clear = pop = popitem = setdefault = update = _Refusing._refuse

    def __reduce__(self) -> tuple[type[ReadOnlyDict], tuple[dict[str, object], str]]:
        return ReadOnlyDict, (dict(self), self._way_out)

    def copy(self) -> dict[str, object]:
        """Return a plain dictionary of the same content."""
        return dict(self)


class ReadOnlyList(_Refusing, list[Any]):
    """A list that is equal to any other of the same content, and cannot be edited.

    Args:
        content: what it holds.
        way_out: what to do instead of an edit, for messages.
    """

    def __init__(self, content: Iterable[object], way_out: str) -> None:
        super().__init__(content)
        self._way_out = way_out

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _Refusing._refuse
    append = extend = insert = pop = remove = clear = sort = reverse = _Refusing._refuse

    def __reduce__(self) -> tuple[object, ...]:
        return ReadOnlyList, (list(self), self._way_out)

    def copy(self) -> list[Any]:
        """Return a plain list of the same content."""
        return list(self)
