"""Where examples lie on a genome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.display import one_line
from amber.types import Array


@dataclass(frozen=True, eq=False)
class GenomePlaces:
    """Where examples that are windows of a genome lie.

    Attributes:
        chromosome: its name, `(examples,)`.
        start: first base on the forward strand, counted from 0; below 0 where a window is padded.
        is_reverse: whether the window is read on the reverse strand.
        sizes: length of each chromosome of the genome.
    """

    chromosome: NDArray[np.object_]
    start: NDArray[np.int64]
    is_reverse: NDArray[np.bool_]
    sizes: Mapping[str, int]
    __repr__ = one_line

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.start)

    def take(self, rows: NDArray[np.int64]) -> GenomePlaces:
        """Return the places of some examples."""
        return GenomePlaces(self.chromosome[rows], self.start[rows], self.is_reverse[rows], self.sizes)

    def joined(self, other: GenomePlaces) -> GenomePlaces:
        """Return these places and those of others on the same genome."""
        return GenomePlaces(
            np.concatenate([self.chromosome, other.chromosome]),
            np.concatenate([self.start, other.start]),
            np.concatenate([self.is_reverse, other.is_reverse]),
            self.sizes,
        )

    def along_genome(self, values: Array) -> Array:
        """Return values along windows as they lie on the forward strand; NaN beyond an end of a chromosome.

        Args:
            values: as the windows are read, `(examples, length)`.
        """
        turned = np.where(self.is_reverse[:, None], values[:, ::-1], values)
        positions = self.start[:, None] + np.arange(values.shape[1])
        ends = np.array([self.sizes[name] for name in self.chromosome])
        found: Array = np.where((positions >= 0) & (positions < ends[:, None]), turned, np.nan)
        return found
