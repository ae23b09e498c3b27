"""Counts of k-mers, as what a linear model weighs.

What may be changed here: how long the k-mers are, and when they are counted in batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.baselines.streamed import FeatureBatches, is_streamed
from amber.data.dataset import Dataset
from amber.types import Array, Inputs

# Different k-mers of an alphabet at most; of many outputs, whose regressions are solved by products of all columns.
_MOST, _MOST_OF_MANY = 4096, 1024
# Letters of the training part up to which the counts are held.
_MOST_LETTERS = 20_000_000
_FEWEST_LETTERS, _MOST_CHANNELS = 4, 26
_LOOKED_AT, _SHARE_KNOWN = 50, 0.9


@dataclass(frozen=True)
class KmerCounts:
    """From inputs to counts of k-mers, the same for every part of the data.

    Attributes:
        length: letters of a k-mer, of each input that holds sequences; other inputs are weighed as they are.
        in_batches: whether they are counted while they are read.
    """

    length: Mapping[str, int]
    in_batches: bool

    @classmethod
    def of(cls, dataset: Dataset) -> KmerCounts | None:
        """Return what is counted in a data set; None where no input holds one-hot sequences."""
        many = any(target.labels is not None or target.numbers is not None for target in dataset.targets)
        most = _MOST_OF_MANY if many else _MOST
        blocks = _named(dataset.train.x)
        length = {name: _length(array, most) for name, array in blocks.items() if _is_sequence(array)}
        if not length:
            return None
        letters = sum(len(blocks[name]) * blocks[name].shape[1] for name in length)
        held = all(isinstance(array, np.ndarray) for array in blocks.values())
        return cls(length, many or not held or letters > _MOST_LETTERS)

    @property
    def name(self) -> str:
        """What is counted, such as `6-mers`."""
        return " and ".join(f"{each}-mers" for each in sorted(set(self.length.values())))

    def __call__(self, x: Inputs) -> Any:
        """Return the counts, `(examples, features)`: a sparse matrix, or batches of arrays."""
        return _Batches(x, self) if self.in_batches or is_streamed(x) else self.counted(x)

    def counted(self, x: Inputs) -> Any:
        """Return the counts of inputs in memory as a sparse matrix."""
        from scipy.sparse import csr_matrix, hstack

        parts = [
            _counts(array, self.length[name]) if name in self.length else csr_matrix(array.reshape(len(array), -1))
            for name, array in _named(x).items()
        ]
        return hstack(parts, format="csr")


class _Batches(FeatureBatches):
    """Counts of k-mers of which some rows are made at a time."""

    def __init__(self, x: Inputs, counts: KmerCounts) -> None:
        super().__init__(x)
        self._counts = counts
        self.shape = (len(self), self[np.arange(1)].shape[1])

    def __getitem__(self, rows: NDArray[np.int64]) -> Array:
        x = {name: np.asarray(array[rows]) for name, array in _named(self._x).items()}
        return np.asarray(self._counts.counted(x).toarray())


def _named(x: Inputs) -> dict[str, Any]:
    return dict(x) if isinstance(x, Mapping) else {"": x}


def _is_sequence(array: Any) -> bool:
    """Say whether an input is one-hot, by its first examples: unknown letters may be shared among channels."""
    if len(array.shape) != 3 or not _FEWEST_LETTERS <= array.shape[2] <= _MOST_CHANNELS:
        return False
    some = np.asarray(array[np.arange(min(len(array), _LOOKED_AT))])
    highest = some.max(axis=-1)
    there = highest > 0
    if some.min() < 0 or highest.max() > 1 or some.sum(axis=-1).max() > 1.001 or not there.any():
        return False
    return bool((highest[there] == 1).mean() >= _SHARE_KNOWN)


def _length(array: Any, most: int) -> int:
    """Return the letters of the longest k-mers of which there are not too many, and that fit into the sequences."""
    longest = int(np.log(most + 0.5) / np.log(array.shape[2]))
    return max(1, min(longest, int(array.shape[1])))


def _counts(array: Array, length: int) -> Any:
    """Return how often each k-mer stands in each sequence; those with an unknown letter are left out."""
    from scipy.sparse import csr_matrix

    channels, places = array.shape[2], array.shape[1] - length + 1
    codes, known = array.argmax(axis=-1), array.max(axis=-1) == 1
    number = np.zeros((len(array), places), dtype=np.int64)
    whole = np.ones((len(array), places), dtype=np.bool_)
    for at in range(length):
        number = number * channels + codes[:, at : at + places]
        whole &= known[:, at : at + places]
    rows, columns = np.nonzero(whole)
    counted = (np.ones(len(rows), dtype=np.float32), (rows, number[rows, columns]))
    return csr_matrix(counted, shape=(len(array), channels**length))
