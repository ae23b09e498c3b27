"""The numbers that a trained network predicts, by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amber.data import Scaling
from amber.data.targets.target import of_the_second
from amber.errors import ConfigError
from amber.wording import shown

# Names in a message, at most.
_LISTED = 20


@dataclass(frozen=True)
class Unit:
    """One number that a network predicts.

    Attributes:
        title: the class, label or output.
        column: its place among the units of all outputs.
        is_probability: whether it lies between 0 and 1.
        scaling: what a predicted number is scaled back by; None for probabilities.
    """

    title: str
    column: int
    is_probability: bool
    scaling: Scaling | None = None


def unit_named(units: Sequence[Unit], name: str | None, argument: str, classes: Mapping[str, Sequence[str]]) -> Unit:
    """Return the unit of a name; None: the first.

    Args:
        units: all of them.
        name: the class, label or output.
        argument: what messages call it.
        classes: of each output that has some; of two, the second has a unit.

    Raises:
        ConfigError: there is none of this name; lists those there are.
    """
    chosen = units[0] if name is None else next((each for each in units if each.title == name), None)
    if chosen is None:
        instead = of_the_second(classes, str(name))
        raise ConfigError(f"{argument} must be one of {_listed(units)}.{instead} Received: {shown(name)}")
    return chosen


def _listed(units: Sequence[Unit]) -> str:
    """Return the names that an output may have; of many, the first ones and where the others are found."""
    names = ", ".join(repr(each.title) for each in units[:_LISTED])
    more = len(units) - _LISTED
    return names if more <= 0 else f"{names} and {more:,} more (`.outputs` lists them)"
