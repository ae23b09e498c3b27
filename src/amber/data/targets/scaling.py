"""Numbers on a common scale.

What may be changed here: how numbers are scaled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from amber.display import one_line
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

# Scaled numbers are float32: of a number times a scale no more is known than this share of it.
_ROUNDING = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Scaling:
    """Shift and scale of columns, so that training data have mean 0 and standard deviation 1.

    Attributes:
        mean: of each column.
        scale: standard deviation of each column; 1 where it is 0.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    __repr__ = one_line

    @classmethod
    def fit(cls, x: Array) -> Scaling:
        """Measure columns, shape `(rows, columns)`."""
        spread = x.std(axis=0, dtype=np.float64)
        spread = np.where(spread > 1e-12, spread, 1.0)
        return cls(tuple(map(float, x.mean(axis=0, dtype=np.float64))), tuple(map(float, spread)))

    def apply(self, x: Array) -> NDArray[np.float32]:
        """Return scaled columns.

        Raises:
            DataError: another number of columns.
        """
        if x.shape[-1] != len(self.mean):
            raise DataError(f"Expected {len(self.mean)} columns. Received: shape {x.shape}")
        return np.asarray(((x - np.array(self.mean)) / np.array(self.scale)).astype(np.float32))

    def invert(self, x: Array) -> NDArray[np.float64]:
        """Return columns in their own units again; what is within the rounding of scaled numbers of 0 is 0."""
        shift = x * np.array(self.scale)
        found = np.asarray(shift + np.array(self.mean))
        return np.where(np.abs(found) < _ROUNDING * np.abs(shift), 0.0, found)

    def to_dict(self) -> dict[str, list[float]]:
        """Return a JSON-ready dictionary."""
        return {"mean": list(self.mean), "scale": list(self.scale)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Sequence[float]]) -> Scaling:
        """Read what `to_dict` wrote.

        Raises:
            DataError: it is not a mapping of two equally long lists of finite numbers, `scale` of positive ones.
        """
        mean, scale = (values.get(key) if isinstance(values, Mapping) else None for key in ("mean", "scale"))
        if not (_is_numbers(mean) and _is_numbers(scale) and len(mean) == len(scale) and min(scale) > 0):
            raise DataError(
                "A scaling must be the lists 'mean' and 'scale' of equally many numbers, those of 'scale' above 0. "
                f"Received: {shown(values)}"
            )
        return cls(tuple(mean), tuple(scale))


def _is_numbers(values: object) -> TypeGuard[Sequence[float]]:
    return (
        isinstance(values, (list, tuple))
        and bool(values)
        and all(type(each) in (int, float) and math.isfinite(each) for each in values)
    )
