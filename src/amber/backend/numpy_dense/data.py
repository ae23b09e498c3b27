"""Arrays to train on, and their batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from amber.backend.batch_order import BatchOrder
from amber.backend.keras_internals.fit import HeldArrays
from amber.types import Array


class Batch(NamedTuple):
    """Some rows of every array: blocks of inputs, targets, and weights or None."""

    blocks: list[Array]
    y: Array
    weights: Array | None


class DenseData:
    """Blocks of inputs, targets and weights.

    Args:
        blocks: of inputs side by side, shape (samples, features) each.
        y: targets.
        weights: of the examples, shape (samples,), or None.
        held: what the adapter of `fit` says of batches and their order.

    Attributes:
        y: targets.
        samples: rows of each array.
        batch_size: rows of a batch; the last may have fewer.
        shuffle: as of `fit`, or a BatchOrder.
    """

    def __init__(self, blocks: Sequence[Array], y: Array, weights: Array | None, held: HeldArrays) -> None:
        self._blocks, self.y, self._weights = blocks, y, weights
        self.samples, self.batch_size = held.samples, held.batch_size
        self.shuffle: bool | str | BatchOrder = held.shuffle

    def batch(self, rows: Array) -> Batch:
        """Return rows of every array, numbers with a fraction as float32."""
        blocks = [block.take(rows, axis=0) for block in self._blocks]
        return Batch(blocks, _float32(self.y[rows]), None if self._weights is None else _float32(self._weights[rows]))


def _float32(array: Array) -> Array:
    return array.astype("float32", copy=False) if array.dtype.kind == "f" else array
