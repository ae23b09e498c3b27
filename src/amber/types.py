"""Types that many packages name in their signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""A NumPy array of any type of number or text."""

Inputs: TypeAlias = Array | dict[str, Array]
"""What a network reads, or what it should give: one array, or one for each name; examples along the first axis."""

InputShape: TypeAlias = tuple[int, ...] | dict[str, tuple[int, ...]]
"""The shape of one example of `Inputs`."""

Shape: TypeAlias = tuple[int | None, ...]
"""The length of every axis; None where any length will do."""

JsonObject: TypeAlias = dict[str, Any]
"""An object of JSON: a reader checks its values before it uses them."""

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""A value of JSON."""

Tokens: TypeAlias = Sequence[int] | Array
"""The tokens of an architecture: integers in the order of a `TokenLayout`."""


class Tensor(Protocol):
    """A tensor of the backend, a `keras.Variable` or a symbolic `keras.KerasTensor`: what `keras.ops` takes and gives.

    A NumPy array is one too. What only one backend's tensors have is reached through that backend's own type.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every axis; of a symbolic tensor, None where it is not known."""

    @property
    def dtype(self) -> object:
        """The type of its numbers, as the backend names it."""

    def __array__(self) -> Array: ...
    def __getitem__(self, key: Any, /) -> Tensor: ...
    def __neg__(self) -> Tensor: ...
    def __add__(self, other: Any, /) -> Tensor: ...
    def __radd__(self, other: Any, /) -> Tensor: ...
    def __sub__(self, other: Any, /) -> Tensor: ...
    def __rsub__(self, other: Any, /) -> Tensor: ...
    def __mul__(self, other: Any, /) -> Tensor: ...
    def __rmul__(self, other: Any, /) -> Tensor: ...
    def __truediv__(self, other: Any, /) -> Tensor: ...
    def __pow__(self, other: Any, /) -> Tensor: ...
    def __gt__(self, other: Any, /) -> Tensor: ...
    def __lt__(self, other: Any, /) -> Tensor: ...


TensorTree: TypeAlias = "Tensor | Sequence[TensorTree] | Mapping[str, TensorTree] | None"
"""A tensor, or tensors in lists, tuples and dictionaries as deep as one likes: what Keras calls a structure.

None stands where there is nothing, as for sample weights that are not given.
"""


@runtime_checkable
class StreamedArray(Protocol):
    """An array that is larger than memory: its rows are read when they are asked for, from any thread.

    What takes arrays of examples takes it too: it has a shape and a type, and gives arrays of some rows.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole array."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the arrays that are read."""
        ...

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def __getitem__(self, index: slice | NDArray[np.int64]) -> Array:
        """Read some rows."""
        ...

    def part(self, rows: NDArray[np.int64]) -> StreamedArray:
        """Return some rows as an array that is read later."""
        ...

    def joined(self, other: Any) -> StreamedArray:
        """Return the rows of both, these first; the other is of the same kind."""
        ...

    def in_epoch(self, epoch: int | None) -> StreamedArray:
        """Return the array as it is seen in an epoch of training, counted from 0; None: as it is."""
        ...
