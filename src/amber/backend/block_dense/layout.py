"""Which blocks of a kernel a dense layer may read, and in what sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amber.types import Tensor

BlockDense = Callable[[Sequence[Tensor], Tensor, Tensor, Tensor, Tensor], Tensor]
"""Takes blocks, codes, kernel, bias and the position of the columns; `block_dense` says what they are."""


@dataclass(frozen=True)
class BlockLayout:
    """A dense kernel in blocks of rows, each read from its top, of which the first columns are taken.

    Attributes:
        starts: first row of each block.
        rows: how many rows may be read of each block, ascending.
        columns: how many columns may be taken, ascending; the last is all of them.
    """

    starts: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    columns: tuple[int, ...]


def two_sizes(units: Sequence[int]) -> tuple[int, ...]:
    """Return the largest size and the one with which the rounded-up sizes sum to the least.

    Each size is a matrix product to compile for every pair of blocks, so that a few must do for all.
    """
    largest = max(units)

    def total(size: int) -> int:
        return sum(size if each <= size else largest for each in units)

    return tuple(sorted({min(units, key=total), largest}))


def code_of(units: int, sizes: Sequence[int]) -> int:
    """Return the position of the smallest size that holds so many units."""
    return next(position for position, size in enumerate(sizes) if size >= units)
