"""Arrays fed to a compiled function as whole tensors and the rows of each batch.

Keras makes a pipeline of `tf.data` for every call of `fit`, which hands over one batch at a time; for a small network
that is most of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from amber.backend.batch_order import BatchOrder
from amber.backend.keras_internals.fit import ArrayAdapter
from amber.types import TensorTree


def are_plain_arrays(data: TensorTree) -> bool:
    """Whether these are arrays of numbers and nothing else."""
    arrays = [array for array in keras.tree.flatten(data) if array is not None]
    return bool(arrays) and all(type(array) is np.ndarray and array.dtype.kind in "biuf" for array in arrays)


class RowsAdapter(ArrayAdapter):
    """Keras' adapter of arrays, which checks and weights them, without its pipeline."""

    def get_tf_dataset(self) -> Rows:
        """Return an iterable of the rows of batches; each iteration has an order of its own."""
        inputs = self.sliceable("tensorflow")
        data = keras.tree.map_structure(tf.convert_to_tensor, keras.tree.lists_to_tuples(inputs))
        return Rows(data, self.samples, self.rows_per_batch, self.shuffles)


class Rows:
    """The batches of an epoch, again and again.

    Args:
        data: a structure of tensors.
        samples: rows of each.
        size: rows of a batch; the last may have fewer.
        shuffle: True, False or "batch", as for `keras.Model.fit`, or a BatchOrder.
    """

    def __init__(self, data: TensorTree, samples: int, size: int, shuffle: bool | str | BatchOrder) -> None:
        self._data, self._samples, self._size, self._shuffle = data, samples, size, shuffle

    def __iter__(self) -> RowsIterator:
        return RowsIterator(self._data, self.draw_order, self._size)

    def draw_order(self) -> tf.Tensor:
        """Return the rows of an epoch in their order."""
        if isinstance(self._shuffle, BatchOrder):
            return tf.constant(self._shuffle.rows, "int32")
        order = tf.range(self._samples)
        if self._shuffle != "batch":
            return tf.random.shuffle(order) if self._shuffle else order
        batches = [tf.random.shuffle(order[k : k + self._size]) for k in range(0, self._samples, self._size)]
        return tf.concat(batches, 0)


class RowsIterator:
    """One epoch.

    Attributes:
        data: a structure of tensors.
        specs: names structure, shapes but for the rows, and types.
        draws: that who takes the rows draws architectures for each of them; see `architecture_stream`.
    """

    draws = True

    def __init__(self, data: TensorTree, draw_order: Callable[[], tf.Tensor], size: int) -> None:
        self.data, self._draw_order, self._size = data, draw_order, size
        self.specs = str(keras.tree.map_structure(lambda tensor: (*tensor.shape[1:], tensor.dtype.name), data))
        self._order: Any = None
        self._next = 0

    def __iter__(self) -> RowsIterator:
        return self

    def __next__(self) -> TensorTree:
        """The next batch itself."""
        rows = next(self.take(1))[0]
        return keras.tree.map_structure(lambda tensor: tf.gather(tensor, rows), self.data)

    def take(self, count: int) -> Iterator[tf.Tensor]:
        """Yield the rows of the next batches, shape (batches, size): those of full size first, then a smaller one.

        Raises:
            StopIteration: none are left.
        """
        if self._order is None:
            # Not before: Keras begins an iteration more than it has epochs.
            self._order = self._draw_order()
        start, samples, size = self._next, int(self._order.shape[0]), self._size
        if start >= samples:
            raise StopIteration
        stop = self._next = min(start + count * size, samples)
        full = (stop - start) // size
        pieces = [tf.reshape(self._order[start : start + full * size], (full, size))] if full else []
        if stop > start + full * size:
            pieces.append(self._order[None, start + full * size : stop])
        return iter(pieces)
