"""Which number of a network's output is explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import keras

from amber.checks import is_integral
from amber.errors import ConfigError
from amber.types import Tensor
from amber.wording import shown

Unit: TypeAlias = int | tuple[int, ...]
Output: TypeAlias = int | str | tuple[int | str, Unit]
"""A unit of the first output; the name of an output of one unit; or an output, by name or number, and its unit."""


@dataclass(frozen=True)
class Target:
    """One number per example.

    Attributes:
        position: position of the output in `model.outputs`.
        unit: index into one example of that output.
    """

    position: int
    unit: tuple[int, ...]

    def select(self, outputs: object) -> Tensor:
        """Return the explained numbers, shape (batch,), of the outputs of a model."""
        return self.of_output(keras.tree.flatten(outputs)[self.position])

    def of_output(self, output: Tensor) -> Tensor:
        """Return the explained numbers, shape (batch,), of the one output that holds them."""
        return output[(slice(None), *self.unit)]


def find_target(model: keras.Model, output: Output) -> Target:
    """Return what an `output` names in a model.

    Args:
        model: a functional model.
        output: an integer is a unit of the first output; a string the name of an output with one unit; a pair an output
            (name or position) and a unit. The unit of an output with several axes is a tuple.

    Raises:
        ConfigError: the model has no such output or unit; lists those that it has.
    """
    if isinstance(output, tuple) and len(output) == 2:
        place: int | str = output[0]
        unit: Unit | None = output[1]
    else:
        place, unit = (output, None) if isinstance(output, str) else (0, output)
    position = _position(model, place, output)
    shape = tuple(model.outputs[position].shape[1:])
    return Target(position, _unit(unit, shape, model.output_names[position]))


def _position(model: keras.Model, place: object, output: object) -> int:
    names = list(model.output_names)
    if isinstance(place, str) and place in names:
        return names.index(place)
    if is_integral(place) and 0 <= int(place) < len(names):
        return int(place)
    name, shape = names[0], tuple(model.outputs[0].shape[1:])
    example = ", ".join("0" for _ in shape)
    unit = example if len(shape) == 1 else f"({example})"
    raise ConfigError(
        f"`output`: expected a unit of the network by its number, such as ({name!r}, {unit}); its outputs are "
        f"{', '.join(map(repr, names))}. Names of classes are known to `amber.load(run).explain`. Received: "
        f"{shown(output)}"
    )


def _unit(unit: object, shape: tuple[int | None, ...], name: str) -> tuple[int, ...]:
    if unit is None and all(size == 1 for size in shape):
        return (0,) * len(shape)
    index = unit if isinstance(unit, tuple) else (unit,)
    fits = len(index) == len(shape) and all(
        is_integral(each) and 0 <= each and (size is None or each < size)
        for each, size in zip(index, shape, strict=True)
    )
    if not fits:
        example = ", ".join("0" for _ in shape)
        raise ConfigError(
            f"The output '{name}' has the shape {shape}; name a unit of it, as in output=('{name}', "
            f"{example if len(shape) == 1 else f'({example})'}). Received: unit={unit!r}"
        )
    return tuple(int(each) for each in index)
