"""Checks of arguments that many classes share: what a number must be, said the same way everywhere."""

from __future__ import annotations

import difflib
import math
import numbers
import os
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from amber.errors import AmberError, ConfigError
from amber.wording import shown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar("Settings", bound="DataclassInstance")
"""A dataclass of settings."""


def is_integer(value: object) -> TypeGuard[int]:
    """Say whether a value is an integer; True and False are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_integral(value: object) -> TypeGuard[int]:
    """Say whether a value is an integer, Python's or NumPy's, as the position of a maximum is; not True and False."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[int | float]:
    """Say whether a value is an integer or a float; True and False are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def positive_integer(value: object, name: str, *, error: type[AmberError] = ConfigError) -> int:
    """Return a value that must be an integer of at least 1.

    Args:
        value: any value.
        name: what the value is, for the message; also the key that the error carries.
        error: the class to raise.

    Raises:
        AmberError: (of the class `error`) it is not a positive integer.
    """
    return integer_at_least(value, name, 1, error=error)


def integer_at_least(value: object, name: str, least: int, *, error: type[AmberError] = ConfigError) -> int:
    """Return a value that must be an integer of at least `least`; raise `error` otherwise."""
    if not is_integral(value) or value < least:
        expected = "a positive integer" if least == 1 else f"an integer of at least {least}"
        raise error(f"{name} must be {expected}. Received: {shown(value)}", field=(name,))
    return int(value)


def checked_path(value: object, name: str, *, error: type[AmberError] = ConfigError) -> Path:
    """Return a path given as text or as a path, with `~` as the home folder; raise `error` otherwise."""
    if not isinstance(value, (str, os.PathLike)) or not str(value):
        raise error(f"{name} must be the path of a file or folder. Received: {shown(value)}", field=(name,))
    return Path(os.path.expanduser(value))


def boolean(value: object, name: str, *, error: type[AmberError] = ConfigError) -> bool:
    """Return a value that must be True or False; raise `error` otherwise."""
    if not isinstance(value, bool):
        raise error(f"{name} must be True or False. Received: {shown(value)}", field=(name,))
    return value


def positive_number(value: object, name: str, *, error: type[AmberError] = ConfigError) -> int | float:
    """Return a value that must be a finite number above 0; raise `error` otherwise."""
    if not is_number(value) or not 0 < value < math.inf:
        raise error(f"{name} must be a positive number. Received: {shown(value)}", field=(name,))
    return value


def finite_number_at_least(
    value: object, name: str, least: float, *, error: type[AmberError] = ConfigError
) -> int | float:
    """Return a value that must be a finite number of at least `least`; raise `error` otherwise."""
    if not is_number(value) or not least <= value < math.inf:
        raise error(f"{name} must be a finite number of at least {least:g}. Received: {shown(value)}", field=(name,))
    return value


def check_unknown(keywords: Mapping[str, object], known: Collection[str], owner: str) -> None:
    """Refuse keywords that nothing takes, with the closest one that is known; raise ConfigError."""
    for keyword, value in keywords.items():
        close = difflib.get_close_matches(keyword, known, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise ConfigError(f"{owner} has no argument of that name.{hint} Received: {keyword}={shown(value)}")


def settings_from(kind: type[Settings], options: Mapping[str, Any], owner: str) -> Settings:
    """Return settings of options by name; raise ConfigError for a name that they do not have."""
    known = [each.name for each in fields(kind)]
    check_unknown({name: value for name, value in options.items() if name not in known}, known, owner)
    return kind(**options)


def split_settings(kind: type[Settings], config: Mapping[str, Any]) -> tuple[Settings, dict[str, Any]]:
    """Return the settings that a flat dictionary holds, and what else it holds."""
    names = {each.name for each in fields(kind)}
    others = {name: value for name, value in config.items() if name not in names}
    return kind(**{name: value for name, value in config.items() if name in names}), others


def settings_or_default(given: object, kind: type[Settings], others: Mapping[str, object], owner: str) -> Settings:
    """Return the settings that a constructor was given, or the defaults.

    Args:
        given: what should be settings, or None.
        kind: the class that they must have.
        others: further keywords that it was given.
        owner: the class, for messages.

    Raises:
        ConfigError: something else than such settings, or a keyword that is one of them and belongs there.
    """
    within = [name for name in others if name in {each.name for each in fields(kind)}]
    if within:
        name = within[0]
        raise ConfigError(
            f"{owner} takes {name} as a part of its settings: settings={kind.__name__}({name}=...). "
            f"Received: {name}={shown(others[name])}"
        )
    if given is None:
        return kind()
    if type(given) is not kind:
        raise ConfigError(f"The settings of {owner} are {kind.__name__}(...), or None. Received: {shown(given)}")
    return given
