"""The keyword settings that the functions of `amber.explain` share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, TypedDict

from amber.checks import boolean, integer_at_least
from amber.errors import ConfigError
from amber.wording import shown

Progress: TypeAlias = Callable[[int, int], None]
"""Called after each batch with the number of examples done and of all of them."""


class Settings(TypedDict, total=False):
    """Keyword arguments of the functions that attribute. Each refuses those that would not change its result.

    Attributes:
        steps: points on the path, of integrated gradients only; 64 by default.
        batch_size: examples, with their references, that the network sees at once; 128 by default.
        shuffles: references per example, with `references="shuffles"`; 10 by default.
        seed: of these shuffles; 0 by default.
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


# Settings that count for every method.
_OF_ALL = ("batch_size", "both_strands", "progress")
_LEAST = {"steps": 1, "batch_size": 1, "shuffles": 1, "seed": 0}


def check_settings(
    method: str, given: Mapping[str, Any], *, uses: Collection[str], references: object = None
) -> Checked:
    """Return settings with defaults for those that are not given.

    Args:
        method: name of the function, for messages.
        given: what the user gave.
        uses: the settings that change its result, beside the size of a batch, both strands and progress.
        references: what the user compares with; shuffles and their seed count with `shuffles` only.

    Raises:
        ConfigError: an unknown setting, one without effect, or a value that it cannot have.
    """
    known = [field.name for field in fields(Checked) if field.name in (*_OF_ALL, *uses)]
    for name in given:
        if name not in known:
            raise ConfigError(f"The settings of {method} are {', '.join(known)}. Received: {name}={shown(given[name])}")
    shuffled = isinstance(references, str) and references == "shuffles"
    for name in () if shuffled else ("shuffles", "seed"):
        if name in given:
            raise ConfigError(
                f"`{name}` of {method} counts only with references='shuffles'; give these, or leave it out. "
                f"Received: {name}={shown(given[name])} with references={shown(references)}"
            )
    values = dict(given)
    for name in given:
        if name in _LEAST:
            values[name] = integer_at_least(given[name], f"`{name}`", _LEAST[name])
        elif name == "progress" and given[name] is not None and not callable(given[name]):
            raise ConfigError(
                "`progress` must be a function of two numbers, examples done and all of them. "
                f"Received: {shown(given[name])}"
            )
        elif name != "progress":
            boolean(given[name], f"`{name}`")
    return Checked(**values)
