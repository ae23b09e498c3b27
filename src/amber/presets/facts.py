"""The facts that a preset depends on, and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from amber.checks import is_integer
from amber.display import one_line
from amber.errors import ModelSpaceError
from amber.wording import shown

# Above these numbers of training examples, networks may be wider.
SMALL_DATA, LARGE_DATA = 2_000, 20_000

Layer: TypeAlias = list[dict[str, Any]]
"""The candidates of one layer, as a configuration has them."""


@dataclass(frozen=True)
class DataFacts:
    """The facts of a data set that presets are sized by.

    Attributes:
        inputs: name -> shape of one example: (length, channels) of a sequence or track, (features,) of a group.
        examples: of the training part.
        outputs: how many outputs the network has.
        along: whether an output has a number for each part of a sequence, so that positions are kept to the end.

    Raises:
        ModelSpaceError: no inputs, a shape that is neither, or a number below 1.
    """

    inputs: Mapping[str, tuple[int, ...]]
    examples: int
    outputs: int = 1
    along: bool = False
    __repr__ = one_line

    def __post_init__(self) -> None:
        for name in ("examples", "outputs"):
            value = getattr(self, name)
            if not is_integer(value) or value < 1:
                raise ModelSpaceError(f"`{name}` must be a positive integer. Received: {value!r}")
        shapes = self.inputs.values() if isinstance(self.inputs, Mapping) else ()
        good = all(len(shape) in (1, 2) and all(is_integer(n) and n > 0 for n in shape) for shape in shapes)
        if not shapes or not good:
            raise ModelSpaceError(
                "A preset needs inputs of the shape (length, channels) or (features,), by name. "
                f"Received: {shown(self.inputs)}"
            )

    @property
    def sequences(self) -> list[str]:
        """Names of the inputs along a sequence."""
        return [name for name, shape in self.inputs.items() if len(shape) == 2]

    def only_sequence(self, preset: str) -> int:
        """Return the length of the only input.

        Raises:
            ModelSpaceError: there are several inputs or outputs, or the input is not a sequence.
        """
        if len(self.inputs) != 1 or not self.sequences:
            received = ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in self.inputs.items())
            raise ModelSpaceError(
                f"The preset {preset} reads one sequence; for other inputs write feature_groups or auto. "
                f"Received: {received}"
            )
        if self.outputs > 1:
            raise ModelSpaceError(
                f"The preset {preset} has one output: write the layers under model_space, with builder: "
                f"{{type: multi_io}}. Received: {self.outputs} outputs"
            )
        return next(iter(self.inputs.values()))[0]

    def by_examples(self, few: Any, some: Any, many: Any) -> Any:
        """Return one of three values: below 2,000 training examples, below 20,000, or more."""
        return few if self.examples < SMALL_DATA else some if self.examples < LARGE_DATA else many


@dataclass(frozen=True)
class PresetSpace:
    """A model space and its builder, as in a configuration.

    Attributes:
        model_space: layers, each a list of candidates; or branches and a stem.
        builder: the section `builder`.
    """

    model_space: list[Layer] | dict[str, Any]
    builder: dict[str, Any] = field(default_factory=dict)
    __repr__ = one_line


Preset: TypeAlias = Callable[[DataFacts], PresetSpace]
