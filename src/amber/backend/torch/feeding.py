"""Arrays fed to a model by one permutation per epoch, in the order in which Keras would feed them.

Keras goes through a torch DataLoader that collects Python integers and indexes NumPy arrays with them. Here whole
arrays are tensors (sharing memory with NumPy), and a batch is one `index_select`. Seeds are drawn from torch's
global generator exactly as the DataLoader draws them, so that the batches are those of plain Keras.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import torch
from torch import Tensor

from amber.backend.batch_order import BatchOrder, OrderedBatches, is_streamed
from amber.backend.keras_internals.fit import (
    ArrayAdapter,
    BatchesAdapter,
    get_data_adapter,
    ordered_batches,
)
from amber.backend.keras_internals.torch_runtime import convert_to_tensor, get_device
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.backend.keras_internals.fit import DataAdapter, Sliceable

_SAME_IN_TORCH = {"bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"}

# Batches that are read before they are asked for.
_AHEAD = 3

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
    if is_streamed((x, y, sample_weight)):
        shuffle, size = options.pop("shuffle", False), options.pop("batch_size", None)
        x, y, sample_weight = ordered_batches(x, y, sample_weight, shuffle, size), None, None
    if isinstance(x, OrderedBatches):
        return ReadAheadAdapter(x, class_weight=options.get("class_weight"))
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
            if isinstance(sliceable.array, Tensor):
                return sliceable.array
            array = np.asarray(sliceable.array)
            # Torch cannot hold a view that runs backwards, as a reverse complement does.
            return torch.as_tensor(array.copy() if min(array.strides, default=0) < 0 else array)

        tensors = keras.tree.map_structure(tensor_of, inputs, none_is_leaf=False)
        return _Batches(_taker(tensors, device), self.samples, self.rows_per_batch, self.shuffles)


class ReadAheadAdapter(BatchesAdapter):
    """Keras' adapter of batches, of which the next ones are read while one is trained on."""

    def get_torch_dataloader(self) -> _ReadAhead:
        """Return an iterable of batches, and of as many."""
        return _ReadAhead(self)


class _ReadAhead:
    """An iterable over the batches of one epoch, read by a thread of its own."""

    def __init__(self, adapter: ReadAheadAdapter) -> None:
        self._adapter = adapter

    def __len__(self) -> int:
        return int(self._adapter.num_batches)

    def __iter__(self) -> Iterator[Any]:
        # As a DataLoader, which draws a seed for its workers.
        torch.empty((), dtype=torch.int64).random_()
        batches = self._adapter.batches()
        for batch in batches if self._adapter.reads_ahead else _read_ahead(batches):
            yield keras.tree.map_structure(convert_to_tensor, batch, none_is_leaf=False)


def _read_ahead(batches: Iterator[TensorTree]) -> Iterator[TensorTree]:
    """Yield batches that a thread reads, at most a few of them before they are asked for."""
    ready: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def put(batch: TensorTree, error: BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put((batch, error), timeout=0.1)
                return
            except queue.Full:
                continue

    def read() -> None:
        try:
            for batch in batches:
                put(batch, None)
                if stopped.is_set():
                    return
            put(None, None)
        except BaseException as error:  # raised again where batches are asked for
            put(None, error)

    reader = threading.Thread(target=read, name="amber-batches", daemon=True)
    reader.start()
    try:
        while True:
            batch, error = ready.get()
            if error is not None:
                raise error
            if batch is None:
                return
            yield batch
    finally:
        stopped.set()
        while not ready.empty():  # a reader that waits for a place goes on at once
            ready.get_nowait()
        reader.join()


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
