"""Batches of arrays for a given number of steps per epoch, which need not be that of a pass over the data."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from amber.display import PlainRepr
from amber.types import TensorTree


class Steps(PlainRepr, keras.utils.PyDataset):
    """As many batches per epoch as are asked for, from shuffled passes over arrays that go on from epoch to epoch.

    All batches have the same size; what is left of a pass is in the next one.

    Args:
        data: a tuple of arrays, or nested lists, tuples or dictionaries of them, with examples along the first axis.
        batch_size: examples of a batch; at most all of them.
        steps: batches of an epoch.
        seed: of the order.
    """

    def __init__(self, data: tuple[Any, ...], batch_size: int, steps: int, seed: int) -> None:
        super().__init__()
        self._data = keras.tree.map_structure(np.asarray, data)
        self._count = len(keras.tree.flatten(self._data)[0])
        self._batch_size = min(batch_size, self._count)
        self._steps = steps
        self._generator = np.random.default_rng(seed)
        self._rows = np.empty(0, "int64")
        self._draw()

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, step: int) -> Any:
        rows = self._rows[step * self._batch_size : (step + 1) * self._batch_size]
        return keras.tree.map_structure(lambda array: array[rows], self._data)

    def on_epoch_end(self) -> None:
        """Go on in the present pass."""
        self._rows = self._rows[self._steps * self._batch_size :]
        self._draw()

    def _draw(self) -> None:
        passes = math.ceil(self._steps * self._batch_size / self._count)
        drawn = [self._generator.permutation(self._count) for _ in range(passes)]
        self._rows = np.concatenate([self._rows, *drawn])


def fresh_seed() -> int:
    """Return a seed that Keras draws, so that `keras.utils.set_random_seed` decides it."""
    return int(keras.ops.convert_to_numpy(keras.random.SeedGenerator().state)[0])


def without_list(part: TensorTree) -> Any:
    """Return the only array of a list, or the arrays as a tuple, which every backend takes from a generator."""
    if not isinstance(part, list):
        return part
    return part[0] if len(part) == 1 else tuple(part)
