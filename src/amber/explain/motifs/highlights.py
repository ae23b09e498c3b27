"""The stretches of a few sequences that contribute most to an output, for drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from amber.display import one_line
from amber.errors import DataError
from amber.types import Array

_WIDTH, _MOST_WIDTH = 40, 200
_BASES = "ACGT"


@dataclass(frozen=True, eq=False)
class Highlight:
    """A stretch of one sequence with the contribution of each of its bases.

    Attributes:
        title: the output and class that is explained.
        example: number of the sequence.
        start: its first base, from 0.
        sequence: its bases; N where there is not one.
        contributions: of each base, shape (bases,).
    """

    title: str
    example: int
    start: int
    sequence: str
    contributions: Array
    __repr__ = one_line

    @property
    def heights(self) -> Array:
        """Contributions as the heights of A, C, G and T at each position, shape (bases, 4)."""
        known = np.array([[each == base for base in _BASES] for each in self.sequence], dtype=float)
        found: Array = known * np.asarray(self.contributions)[:, None]
        return found

    @property
    def heading(self) -> str:
        """What is drawn, in words."""
        return f"{self.title}, sequence {self.example}, bases {self.start + 1} to {self.start + len(self.sequence)}"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        values = [float(f"{each:.4g}") for each in self.contributions]
        return {**{name: getattr(self, name) for name in ("title", "example", "start", "sequence")}, "values": values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Highlight:
        """Read what `to_dict` wrote; raise DataError for anything else."""
        try:
            sequence, numbers = str(values["sequence"]), np.asarray(values["values"], dtype=float)
            read = cls(str(values["title"]), int(values["example"]), int(values["start"]), sequence, numbers)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"A highlight must have title, example, start, sequence and values. {error}") from error
        if numbers.shape != (len(sequence),) or not 0 < len(sequence) <= _MOST_WIDTH or not np.isfinite(numbers).all():
            raise DataError(
                f"A highlight must have a number for each of at most {_MOST_WIDTH} bases. "
                f"Received: {len(sequence)} bases and values of shape {numbers.shape}"
            )
        return read


def highlights(title: str, sequences: Array, contributions: Array, most: int = 2) -> list[Highlight]:
    """Return the sequences whose contributions sum to most, each cut to where they are largest.

    Args:
        title: the output and class that is explained.
        sequences: one-hot, shape (examples, length, 4); channels in the order ACGT.
        contributions: of each base that is there, of the same shape.
        most: sequences.
    """
    of_base: Array = (contributions * sequences).sum(axis=2)
    width = min(_WIDTH, of_base.shape[1])
    found = []
    for example in np.argsort(-of_base.sum(axis=1), kind="stable")[:most].tolist():
        within = np.convolve(np.abs(of_base[example]), np.ones(width), mode="valid")
        start = int(within.argmax())
        bases = sequences[example, start : start + width]
        letters = "".join(_BASES[row.argmax()] if row.max() == 1 else "N" for row in bases)
        found.append(Highlight(title, example, start, letters, of_base[example, start : start + width]))
    return found
