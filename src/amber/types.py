"""Types that many packages name in their signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

Shape: TypeAlias = tuple[int | None, ...]
"""A shape without the batch; None where a length is not known."""

Array: TypeAlias = NDArray[Any]
"""A NumPy array of any type of number or text."""

Inputs: TypeAlias = Array | dict[str, Array]
"""What a network reads, or what it should give: one array, or one for each name; examples along the first axis."""

InputShape: TypeAlias = tuple[int, ...] | dict[str, tuple[int, ...]]
"""The shape of one example of `Inputs`."""

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
"""What JSON holds."""

JsonObject: TypeAlias = dict[str, Any]
"""An object of JSON: a reader checks its values before it uses them."""


class Tensor(Protocol):
    """A tensor of any backend, or a symbolic one of Keras."""

    @property
    def shape(self) -> Any:
        """The lengths of its axes."""

    @property
    def dtype(self) -> Any:
        """The type of its numbers."""

    def __getitem__(self, key: Any, /) -> Any:
        """Return a part of it."""
