"""Arrays fed to a model by one permutation per epoch, in the order in which Keras would feed them.

Keras goes through a torch DataLoader that collects Python integers and indexes NumPy arrays with them. Here whole
arrays are tensors (sharing memory with NumPy), and a batch is one `index_select`. Seeds are drawn from torch's
global generator exactly as the DataLoader draws them, so that the batches are those of plain Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import torch
from torch import Tensor

from amber.backend.batch_order import BatchOrder
from amber.backend.keras_internals.adapters import ArrayAdapter, get_data_adapter
from amber.backend.keras_internals.torch_runtime import convert_to_tensor, get_device
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.backend.keras_internals.adapters import DataAdapter, Sliceable

_SAME_IN_TORCH = {"bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"}

Take = Callable[[slice | Tensor], TensorTree]


def adapter_for(x: TensorTree, y: TensorTree = None, sample_weight: TensorTree = None, **options: Any) -> DataAdapter:
    """Return the Keras data adapter of any data `fit` accepts; the fast one for arrays.

    Args:
        x: as in `keras.Model.fit`.
        y: targets.
        sample_weight: weights.
        **options: `batch_size`, `steps_per_epoch`, `shuffle` (as of `fit`, or a BatchOrder), `class_weight`.
    """
    if _are_plain_arrays((x, y, sample_weight)):
        options["steps"] = options.pop("steps_per_epoch", None)
        return TensorAdapter(x, y, sample_weight=sample_weight, **options)
    return get_data_adapter(x, y, sample_weight=sample_weight, **options)


def _are_plain_arrays(data: TensorTree) -> bool:
    arrays = [array for array in keras.tree.flatten(data) if array is not None]
    return all(
        isinstance(array, Tensor)
        or (type(array) is np.ndarray and array.flags.writeable and array.dtype.name in _SAME_IN_TORCH)
        for array in arrays
    ) and bool(arrays)


class TensorAdapter(ArrayAdapter):
    """Keras' adapter of arrays, which checks and weights them, with a lighter loader."""

    def get_torch_dataloader(self) -> _Batches:
        """Return an iterable of batches, and of as many."""
        inputs = self.sliceable("torch")
        device = torch.device(get_device())

        def tensor_of(sliceable: Sliceable) -> Tensor:
            array = sliceable.array
            return array if isinstance(array, Tensor) else torch.as_tensor(array)

        tensors = keras.tree.map_structure(tensor_of, inputs, none_is_leaf=False)
        return _Batches(_taker(tensors, device), self.samples, self.rows_per_batch, self.shuffles)


class _Batches:
    """An iterable over the batches of one epoch."""

    def __init__(self, take: Take, samples: int, size: int, shuffle: bool | str | BatchOrder) -> None:
        self._take = take
        self._samples = samples
        self._size = size
        self._shuffle = shuffle

    def __len__(self) -> int:
        return -(-self._samples // self._size)

    def __iter__(self) -> Iterator[TensorTree]:
        # The DataLoader draws a seed for its workers when an iteration begins, whether it has workers or not.
        torch.empty((), dtype=torch.int64).random_()
        return self._iterate()

    def _iterate(self) -> Iterator[TensorTree]:
        starts = range(0, self._samples, self._size)
        if isinstance(self._shuffle, BatchOrder):
            # As a loader that shuffles would: dropout draws from the numbers after it.
            torch.empty((), dtype=torch.int64).random_()
            order = torch.as_tensor(self._shuffle.rows)
            for start in starts:
                yield self._take(order[start : start + self._size])
        elif not self._shuffle:
            for start in starts:
                yield self._take(slice(start, start + self._size))
        elif self._shuffle == "batch":
            for start in starts:
                yield self._take(start + torch.randperm(min(self._size, self._samples - start)))
        else:
            generator = torch.Generator()
            generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_().item()))
            order = torch.randperm(self._samples, generator=generator)
            for start in starts:
                yield self._take(order[start : start + self._size])


def _taker(tensors: Any, device: torch.device) -> Take:
    """Return a function that gives the rows of an index or slice of every tensor, in the same structure."""
    if tensors is None:
        return lambda index: None
    if isinstance(tensors, dict):
        parts = {name: _taker(part, device) for name, part in tensors.items()}
        return lambda index: {name: part(index) for name, part in parts.items()}
    if isinstance(tensors, (list, tuple)):
        several = [_taker(part, device) for part in tensors]
        if isinstance(tensors, list):
            return lambda index: [part(index) for part in several]
        return lambda index: tuple([part(index) for part in several])
    moves = tensors.device != device  # then batch by batch, as Keras does

    def take(index: slice | Tensor) -> Tensor:
        rows = tensors[index] if isinstance(index, slice) else tensors.index_select(0, index.to(tensors.device))
        return convert_to_tensor(rows) if moves else rows

    return take
