"""Motifs as position weight matrices, written as such or as a consensus.

What may be changed here: how motifs are written. Where they are planted is said in `simulation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.checks import is_number
from amber.data.encoding.alphabets import IUPAC
from amber.display import one_line
from amber.errors import DataError, KeyPath

LETTERS = "ACGT"
DEFAULT_STRENGTH = 0.95


@dataclass(frozen=True)
class Motif:
    """A position weight matrix: the probability of A, C, G and T at each position.

    Attributes:
        rows: one row of four probabilities for each position.

    Raises:
        DataError: no positions, or a row that is not four probabilities with sum 1.
    """

    rows: tuple[tuple[float, ...], ...]
    __repr__ = one_line

    def __post_init__(self) -> None:
        if not self.rows:
            raise DataError("A motif must have at least one position. Received: none")
        for position, row in enumerate(self.rows, start=1):
            _check_row(row, f"A motif, position {position}")

    @classmethod
    def from_consensus(cls, consensus: str, strength: float = DEFAULT_STRENGTH) -> Motif:
        """Return the motif of a consensus in IUPAC letters.

        Args:
            consensus: such as `"TGASTCA"`.
            strength: probability, at each position, of the bases that the letter stands for, in equal parts; the
                others share the rest. A position `N` is uniform.

        Raises:
            DataError: an empty text, a letter that is not an IUPAC code, or a strength outside 0 to 1.
        """
        if not isinstance(consensus, str) or not consensus or not set(consensus.upper()) <= set(IUPAC):
            raise DataError(f"A consensus must be written in the letters {''.join(IUPAC)}. Received: {consensus!r}")
        if not 0 <= strength <= 1:
            raise DataError(f"`strength` must be from 0 to 1. Received: {strength!r}", field=("strength",))
        return cls(tuple(_consensus_row(IUPAC[letter], strength) for letter in consensus.upper()))

    @classmethod
    def parse(cls, written: Any, strength: float = DEFAULT_STRENGTH) -> Motif:
        """Return a motif, a consensus or rows of four numbers as a Motif; raise DataError."""
        if isinstance(written, Motif):
            return written
        if isinstance(written, str):
            return cls.from_consensus(written, strength)
        try:
            return cls(tuple(tuple(float(value) for value in row) for row in written))
        except (TypeError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"A motif must be a consensus or rows of four probabilities. Received: {written!r}") from (
                error
            )

    def __len__(self) -> int:
        """Number of positions."""
        return len(self.rows)

    def draw(self, generator: np.random.Generator) -> NDArray[np.int64]:
        """Draw one site: base numbers in the order ACGT, shape `(len(self),)`."""
        return draw_bases(np.asarray(self.rows), generator)


def draw_bases(probabilities: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.int64]:
    """Draw base numbers, one for each row of probabilities `(n, 4)`."""
    below = np.cumsum(probabilities, axis=1)[:, :3]
    return np.asarray((generator.random((len(probabilities), 1)) >= below).sum(axis=1).astype(np.int64))


def background(gc: float | Sequence[float]) -> NDArray[np.float64]:
    """Return the probabilities of A, C, G and T outside motifs, shape `(4,)`.

    Args:
        gc: fraction of G and C together, or the four probabilities.

    Raises:
        DataError: a fraction outside 0 to 1, or four numbers that are not probabilities with sum 1.
    """
    if is_number(gc):
        if not 0 <= gc <= 1:
            raise DataError(
                f"`background` must be a fraction of G and C from 0 to 1. Received: {gc!r}", field=("background",)
            )
        return np.array([(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2])
    _check_row(gc, "`background`", ("background",))
    return np.asarray(gc, dtype=np.float64)


def _consensus_row(bases: str, strength: float) -> tuple[float, ...]:
    others = len(LETTERS) - len(bases)
    if not others:
        return (0.25,) * 4
    return tuple(strength / len(bases) if letter in bases else (1 - strength) / others for letter in LETTERS)


def _check_row(row: Any, what: str, key: KeyPath = ()) -> None:
    numbers = not isinstance(row, str) and isinstance(row, Sequence) and len(row) == len(LETTERS)
    numbers = numbers and all(isinstance(value, (int, float)) and value >= 0 for value in row)
    if not numbers or abs(sum(row) - 1) > 1e-6:
        raise DataError(f"{what}: expected four probabilities (A, C, G, T) with sum 1. Received: {row!r}", field=key)
