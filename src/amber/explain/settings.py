"""The keyword settings that the functions of `amber.explain` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, TypedDict

from amber.checks import is_integer
from amber.errors import ConfigError

Progress: TypeAlias = Callable[[int, int], None]
"""Called after each batch with the number of examples done and of all of them."""


class Settings(TypedDict, total=False):
    """Keyword arguments of every function that attributes.

    Attributes:
        steps: points on the path of integrated gradients; 64 by default.
        batch_size: examples, with their references, that the network sees at once; 128 by default.
        shuffles: references per example where these are shuffles; 10 by default.
        seed: of the shuffles; 0 by default.
        hypothetical: return for each position what each base would contribute if it stood there, instead of the
            contribution of the base that does. Needs one-hot sequences, shape (length, 4).
        both_strands: return the mean with the attribution of the reverse complement, turned round. Needs one-hot
            sequences with channels in the order ACGT, or another whose reverse is its complement.
        progress: called after each batch with the number of examples done and of all.
    """

    steps: int
    batch_size: int
    shuffles: int
    seed: int
    hypothetical: bool
    both_strands: bool
    progress: Progress | None


@dataclass(frozen=True)
class Checked:
    """Settings with their defaults; see `Settings`."""

    steps: int = 64
    batch_size: int = 128
    shuffles: int = 10
    seed: int = 0
    hypothetical: bool = False
    both_strands: bool = False
    progress: Progress | None = None


def check_settings(given: Mapping[str, Any]) -> Checked:
    """Return settings with defaults for those that are not given.

    Raises:
        ConfigError: an unknown setting, or a number that is not a positive integer (the seed may be 0).
    """
    known = [field.name for field in fields(Checked)]
    for name in given:
        if name not in known:
            raise ConfigError(f"The settings of an attribution are {', '.join(known)}. Received: {name!r}")
    for name, least in (("steps", 1), ("batch_size", 1), ("shuffles", 1), ("seed", 0)):
        value = given.get(name, least)
        if not is_integer(value) or value < least:
            raise ConfigError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
    return Checked(**given)
