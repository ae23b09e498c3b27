"""Pools over all positions, from the changed positions and from what is known of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import keras
from keras import ops

from amber.explain.substitutions.reach import Reach
from amber.types import Array

Pooled: TypeAlias = Callable[[Any, Array, Array], Any]
"""Gives the pool of each substitution: from the changed positions, which example each is in, and its position."""
GlobalPool: TypeAlias = Callable[[Any, Reach], Pooled]
"""Gives it for the original tensor, and the positions that substitutions change in it."""


def _maximum(original: Any, reach: Reach) -> Pooled:
    lowest = ops.full_like(original[:, :1], float("-inf"))
    before = ops.concatenate([lowest, ops.associative_scan(ops.maximum, original, axis=1)], axis=1)
    after = ops.concatenate([ops.associative_scan(ops.maximum, original, reverse=True, axis=1), lowest], axis=1)
    either = ops.maximum(before[:, : reach.length - reach.width + 1], after[:, reach.width :])

    def pooled(changed: Any, rows: Array, positions: Array) -> Any:
        return ops.maximum(_at(either, rows, reach.starts[positions]), ops.max(changed, axis=1))

    return pooled


def _mean(original: Any, reach: Reach) -> Pooled:
    # In double precision, because differences of running sums lose digits.
    running = ops.cumsum(ops.cast(ops.pad(original, ((0, 0), (1, 0), (0, 0))), "float64"), axis=1)
    within = running[:, reach.width :] - running[:, : reach.length - reach.width + 1]
    outside = ops.cast(running[:, -1:] - within, original.dtype)

    def pooled(changed: Any, rows: Array, positions: Array) -> Any:
        return (_at(outside, rows, reach.starts[positions]) + ops.sum(changed, axis=1)) / reach.length

    return pooled


def _at(table: Any, rows: Array, starts: Array) -> Any:
    flat = ops.reshape(table, (-1, table.shape[-1]))
    return ops.take(flat, rows * table.shape[1] + starts, axis=0)


def _known(pool: GlobalPool) -> Callable[[Any], GlobalPool | None]:
    def of(layer: Any) -> GlobalPool | None:
        return pool if layer.data_format == "channels_last" and not layer.keepdims else None

    return of


GLOBAL_POOLS: dict[type, Callable[[Any], GlobalPool | None]] = {
    keras.layers.GlobalMaxPooling1D: _known(_maximum),
    keras.layers.GlobalAveragePooling1D: _known(_mean),
}
