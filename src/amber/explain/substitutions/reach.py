"""How far a substitution reaches in each tensor of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amber.types import Array


@dataclass(frozen=True)
class Window:
    """What one position of a layer's output reads of its input.

    Attributes:
        size: positions from the first to the last.
        stride: positions between two outputs.
        before: positions that are added before the input.
        fill: what stands in added positions.
    """

    size: int = 1
    stride: int = 1
    before: int = 0
    fill: float = 0.0

    def after(self, length: int, outputs: int) -> int:
        """Return how many positions are added after an input of some length."""
        return max((outputs - 1) * self.stride + self.size - self.before - length, 0)


@dataclass(frozen=True)
class Reach:
    """Positions of a tensor that a substitution may change: as many for each, so that they form an array.

    Attributes:
        starts: the first of them, by position of the substitution.
        width: their number.
        length: of the tensor.
    """

    starts: Array
    width: int
    length: int

    @classmethod
    def of_input(cls, length: int) -> Reach:
        """Return what a substitution changes in the sequence itself."""
        return cls(np.arange(length), 1, length)

    @property
    def is_wide(self) -> bool:
        """Whether computing everything is no slower."""
        return 2 * self.width > self.length

    def through(self, window: Window, outputs: int) -> Reach:
        """Return what it changes in the output of a layer.

        Args:
            window: what the layer reads.
            outputs: length of its output.
        """
        first = -((self.starts + window.before - window.size + 1) // -window.stride)
        last = (self.starts + self.width - 1 + window.before) // window.stride
        width = min(max(int((last - first).max()) + 1, 1), outputs)
        return Reach(np.clip(first, 0, outputs - width), width, outputs)


def joined(reaches: Sequence[Reach]) -> Reach:
    """Return what is changed in any of several tensors of one length."""
    starts = np.min([each.starts for each in reaches], axis=0)
    stops = np.max([each.starts + each.width for each in reaches], axis=0)
    width = int((stops - starts).max())
    length = reaches[0].length
    return Reach(np.clip(starts, 0, length - width), width, length)
