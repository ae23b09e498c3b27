"""Which numbers of a network `amber explain` explains, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from amber.data import Target
from amber.data.targets.target import PAIR, of_the_second
from amber.errors import ConfigError
from amber.experiment.chosen_examples import Place
from amber.experiment.trained.preprocessing import names_of
from amber.wording import shortened

if TYPE_CHECKING:
    import keras

_MOST_UNITS = 12
NamedUnit: TypeAlias = tuple[str, Place]
"""A title, such as `output: bound`, and the place of the number."""


@dataclass(frozen=True)
class ChosenUnits:
    """What is explained.

    Attributes:
        shown: the numbers.
        left_out: a sentence for those that are not explained; empty where all are.
    """

    shown: list[NamedUnit]
    left_out: str = ""


def units_of_model(model: keras.Model, targets: Sequence[Target]) -> list[NamedUnit]:
    """Return each number that a model predicts, by its class, label or name. Of two classes the second says it all."""
    found: list[NamedUnit] = []
    for position, tensor in enumerate(model.outputs[: len(targets)]):
        target, count = targets[position], int(tensor.shape[-1])
        names = names_of(target.outcome)
        is_pair = target.classes is not None and len(names) == PAIR
        for unit in range(count - 1 if is_pair else 0, count):
            label = names[-1] if is_pair else names[unit] if unit < len(names) else ""
            title = f"{target.name}: {label}" if label else target.name if count == 1 else f"{target.name}: {unit}"
            found.append((title, (position, unit)))
    return found


def chosen_units(units: list[NamedUnit], names: Sequence[str], targets: Sequence[Target]) -> ChosenUnits:
    """Return the units of these names, by title or the part of it behind the output; of no names the first.

    Raises:
        ConfigError: there is none of a name; lists those there are.
    """
    if not names:
        left_out = len(units) - _MOST_UNITS
        said = f"The first {_MOST_UNITS} of {len(units)} outputs are explained; choose others with --for."
        return ChosenUnits(units[:_MOST_UNITS], said if left_out > 0 else "")
    found = []
    for name in names:
        named = [unit for unit in units if name in (unit[0], unit[0].partition(": ")[2])]
        if not named:
            titles = ", ".join(title for title, _ in units)
            instead = of_the_second({each.name: each.classes for each in targets if each.classes}, name)
            raise ConfigError(f"--for: expected one of {shortened(titles, 400)}.{instead} Received: {name}")
        found += named
    return ChosenUnits(list(dict.fromkeys(found)))
