"""Batches read from an HDF5 file, as the first AMBER's managers are given them."""

from __future__ import annotations

from typing import Any

import h5py
import keras
import numpy as np

from amber.display import PlainRepr
from amber.errors import DataError
from amber.types import Array


class Selector(PlainRepr):
    """A data set of an HDF5 file, or some columns of it.

    Args:
        label: the name of the data set, such as `"/train/x"`.
        index: columns of the last axis; None: all.
    """

    def __init__(self, label: str, index: int | None = None) -> None:
        self.label = label
        self.index = index

    def __call__(self, store: h5py.File, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Return rows of the data set; raises DataError where the file has none of that name."""
        if self.label not in store:
            raise DataError(f"The file has no data set '{self.label}'. Received: {', '.join(store)}")
        found = np.asarray(store[self.label][rows])
        return found if self.index is None else found[..., self.index]


class BatchedHDF5Generator(PlainRepr, keras.utils.PyDataset):
    """A Keras data set of batches that are read when they are needed.

    Args:
        hdf5_fp: the file.
        x_selector: what the features are: a Selector, or the name of a data set.
        y_selector: what the targets are; None: features only.
        batch_size: examples in a batch; the last may be smaller.
        shuffle: whether batches come in another order in every epoch, and so do the examples within a batch.
        in_memory: whether the whole data are read at once.
        seed: of the order.

    Raises:
        DataError: the file cannot be read, or has no such data set.
    """

    def __init__(
        self,
        hdf5_fp: str,
        x_selector: Selector | str,
        y_selector: Selector | str | None = None,
        batch_size: int = 32,
        shuffle: bool = True,
        in_memory: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.batch_size = int(batch_size)
        self.shuffle = bool(shuffle)
        self._generator = np.random.default_rng(seed)
        self._x = _selector(x_selector)
        self._y = None if y_selector is None else _selector(y_selector)
        try:
            self._store: Any = h5py.File(hdf5_fp, "r")
        except OSError as error:
            raise DataError(f"{hdf5_fp} cannot be read: {error}") from error
        self._memory: tuple[np.ndarray, np.ndarray | None] | None = None
        self.samples = len(self._x(self._store, slice(0, None))) if in_memory else self._count()
        if in_memory:
            self._memory = (self._x(self._store), None if self._y is None else self._y(self._store))
        self._order = np.arange(len(self))
        self.on_epoch_end()

    def __len__(self) -> int:
        """How many batches there are."""
        return -(-self.samples // self.batch_size)

    def __getitem__(self, index: int) -> Array | tuple[Array, Array]:
        """Return a batch: `(x, y)`, or `x` alone."""
        start = int(self._order[index]) * self.batch_size
        rows = slice(start, min(start + self.batch_size, self.samples))
        x, y = self._read(rows)
        if self.shuffle:
            order = self._generator.permutation(len(x))
            x, y = x[order], None if y is None else y[order]
        return x if y is None else (x, y)

    def on_epoch_end(self) -> None:
        """Draw another order of batches."""
        if self.shuffle:
            self._generator.shuffle(self._order)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _count(self) -> int:
        label = self._x.label
        if label not in self._store:
            raise DataError(f"The file has no data set '{label}'. Received: {', '.join(self._store)}")
        return int(self._store[label].shape[0])

    def _read(self, rows: slice) -> tuple[np.ndarray, np.ndarray | None]:
        if self._memory is not None:
            x, y = self._memory
            return x[rows], None if y is None else y[rows]
        return self._x(self._store, rows), None if self._y is None else self._y(self._store, rows)


def _selector(given: Selector | str) -> Selector:
    return given if isinstance(given, Selector) else Selector(given)
