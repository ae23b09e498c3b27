"""Data that a user gives in batches: gone through once and kept on disk, from where they are used as arrays are.

So order, seeds, rewards and recalibration are what they are with arrays, and memory holds what is looked at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

import keras
import numpy as np

from amber.errors import DataError
from amber.types import TensorTree

_INFINITE = -1  # of `tf.data.Dataset.cardinality`


def is_given_in_batches(data: object) -> bool:
    """Say whether data are a PyDataset, a data set of tf.data, a DataLoader, or a function that returns a generator."""
    if isinstance(data, (tuple, list, dict, str, np.ndarray)) or hasattr(data, "shape"):
        return False
    return isinstance(data, keras.utils.PyDataset) or callable(data) or isinstance(data, Iterable)


def arrays_of_batches(data: object, name: str) -> tuple[TensorTree, TensorTree]:
    """Return features and targets of data that are given in batches, as arrays that are mapped from temporary files.

    The files vanish with the arrays. What a data set draws again in each pass, such as an augmentation of its own, is
    drawn once.

    Args:
        data: see `is_given_in_batches`. Each batch is a pair of features and targets: arrays or tensors, or lists or
            dictionaries of such.
        name: what messages call the data.

    Raises:
        DataError: no batches or no end of them, a batch that is not such a pair, or batches of different shapes.
    """
    files: list[_Spool] = []
    structure: Any = None
    for number, batch in enumerate(_batches(data, name)):
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise DataError(
                f"{name}, batch {number}: expected a pair (features, targets); sample weights are an argument of fit. "
                f"Received: {type(batch).__name__} of length {len(batch) if hasattr(batch, '__len__') else 'unknown'}"
            )
        pair = keras.tree.map_structure(np.asarray, tuple(batch))
        leaves = keras.tree.flatten(pair)
        if not files:
            structure, files = pair, [_Spool(leaf) for leaf in leaves]
        if len(leaves) != len(files) or len({len(leaf) if leaf.ndim else -1 for leaf in leaves}) != 1:
            raise DataError(
                f"{name}, batch {number}: expected equally many rows in each of {len(files)} arrays. "
                f"Received: shapes {', '.join(str(leaf.shape) for leaf in leaves)}"
            )
        for file, leaf in zip(files, leaves, strict=True):
            file.add(leaf, f"{name}, batch {number}")
    if not files:
        raise DataError(f"{name}: expected at least one batch. Received: none")
    features, targets = keras.tree.pack_sequence_as(structure, [file.array() for file in files])
    return features, targets


class _Spool:
    """An array on disk to which rows are added."""

    def __init__(self, first: np.ndarray) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="amber-batches-")
        self._shape, self._dtype, self._rows = first.shape[1:], first.dtype, 0

    def add(self, rows: np.ndarray, where: str) -> None:
        if rows.shape[1:] != self._shape or rows.dtype != self._dtype:
            raise DataError(
                f"{where}: expected rows of shape {self._shape} and type {self._dtype}, as in the first batch. "
                f"Received: shape {rows.shape[1:]}, type {rows.dtype}"
            )
        self._file.write(np.ascontiguousarray(rows).tobytes())
        self._rows += len(rows)

    def array(self) -> np.ndarray:
        self._file.flush()
        return np.memmap(self._file, dtype=self._dtype, mode="r+", shape=(self._rows, *self._shape))


def _batches(data: Any, name: str) -> Iterator[Any]:
    if isinstance(data, keras.utils.PyDataset):
        if data.num_batches is None:
            raise _endless(name)
        data.on_epoch_begin()
        yield from (data[number] for number in range(data.num_batches))
        data.on_epoch_end()
        return
    cardinality: Callable[[], Any] | None = getattr(data, "cardinality", None)
    if cardinality is not None and int(cardinality()) == _INFINITE:
        raise _endless(name)
    yield from data() if callable(data) else data


def _endless(name: str) -> DataError:
    return DataError(f"{name}: expected batches that end, such as those of one epoch. Received: a data set without end")
