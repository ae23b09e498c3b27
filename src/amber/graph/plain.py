"""Checks of the plain JSON values that describe a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amber.errors import AmberError
from amber.files import limits
from amber.wording import shown


def check_mapping(value: object, what: str, keys: Sequence[str], error: type[AmberError]) -> None:
    """Check that a value is a mapping with these keys; raises `error`."""
    if not isinstance(value, Mapping):
        raise error(f"{what} must be a mapping with the keys {', '.join(keys)}. Received: {shown(value)}")
    missing = [key for key in keys if key not in value]
    if missing:
        raise error(f"{what} must have the keys {', '.join(keys)}. Received: none of {', '.join(missing)}")


def name(value: object, what: str, error: type[AmberError]) -> str:
    """Return a value that must be text of at most `limits.NAME_CHARACTERS`; raises `error`."""
    found = text(value, what, error)
    if len(found) > limits.NAME_CHARACTERS:
        raise error(f"The {what} must have at most {limits.NAME_CHARACTERS:,} characters. Received: {len(found):,}")
    return found


def text(value: object, what: str, error: type[AmberError]) -> str:
    """Return a value that must be text; raises `error`."""
    if not isinstance(value, str):
        raise error(f"The {what} must be text. Received: {shown(value)}")
    return value


def texts(value: object, what: str, error: type[AmberError]) -> tuple[str, ...]:
    """Return a value that must be a list of texts; raises `error`."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) for each in value):
        raise error(f"The {what} must be a list of names. Received: {shown(value)}")
    return tuple(name(each, what, error) for each in value)
