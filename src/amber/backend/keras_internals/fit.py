"""How `fit` makes batches of data and calls callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

import keras
from keras.src.trainers import data_adapters
from keras.src.trainers.data_adapters import array_slicing
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from keras.src.trainers.data_adapters.data_adapter import DataAdapter
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter
from keras.src.utils import is_default

from amber.backend.batch_order import BatchOrder, OrderedBatches, in_batches, is_streamed
from amber.types import Tensor, TensorTree

__all__ = [
    "ArrayAdapter",
    "BatchesAdapter",
    "DataAdapter",
    "HeldArrays",
    "SynchronousCallbackList",
    "get_data_adapter",
    "held_arrays",
    "is_default",
    "train_validation_split",
]

train_validation_split = array_slicing.train_validation_split


class Sliceable(Protocol):
    """An array that Keras has wrapped so that rows can be taken."""

    array: Tensor


class ArrayAdapter(ArrayDataAdapter):
    """Keras's adapter of arrays, which checks and weights them; a subclass says how they are fed.

    On torch it overrides `get_torch_dataloader`, on TensorFlow `get_tf_dataset`.
    """

    samples = property(attrgetter("_num_samples"), doc="Rows of the arrays.")
    rows_per_batch = property(attrgetter("_batch_size"), doc="Rows of a batch; the last may have fewer.")
    shuffles = property(attrgetter("_shuffle"), doc="True, False or `batch`, as for `fit`, or a BatchOrder.")

    def sliceable(self, backend: str) -> TensorTree:
        """Return the arrays in their structure, each wrapped so that rows can be taken."""
        return array_slicing.convert_to_sliceable(self._inputs, target_backend=backend)


class HeldArrays(NamedTuple):
    """What an adapter of arrays holds.

    Attributes:
        data: features, targets and weights as `keras.utils.unpack_x_y_sample_weight` takes them.
        samples: rows of each array.
        batch_size: rows of a batch; the last may have fewer.
        shuffle: True, False or `batch`, as for `fit`, or a BatchOrder.
    """

    data: TensorTree
    samples: int
    batch_size: int
    shuffle: bool | str | BatchOrder


def held_arrays(adapter: DataAdapter) -> HeldArrays | None:
    """Return what an adapter of arrays holds; None for any other."""
    if not isinstance(adapter, ArrayDataAdapter):
        return None
    return HeldArrays(adapter._inputs, adapter._num_samples, adapter._batch_size, adapter._shuffle)


class BatchesAdapter(PyDatasetAdapter):
    """Keras's adapter of a PyDataset; a subclass says how its batches are fed."""

    @property
    def reads_ahead(self) -> bool:
        """Whether workers of Keras read batches before they are asked for."""
        return self.enqueuer is not None

    def batches(self) -> Any:
        """Return an iterator over the batches of an epoch, as tuples."""
        return self._get_iterator()


def get_data_adapter(
    x: TensorTree,
    y: TensorTree = None,
    sample_weight: TensorTree = None,
    *,
    shuffle: bool | str | BatchOrder = False,
    **options: Any,
) -> DataAdapter:
    """Return the Keras data adapter of any data that `fit` accepts; `shuffle` may be a BatchOrder of arrays.

    Args:
        x: as in `keras.Model.fit`, or StreamedArrays, in batches of their own order unless there is a BatchOrder.
        y: targets.
        sample_weight: weights.
        shuffle: as in `keras.Model.fit`, or a BatchOrder.
        **options: `batch_size`, `steps_per_epoch`, `class_weight`.
    """
    if isinstance(shuffle, BatchOrder) or is_streamed((x, y, sample_weight)):
        x, y, sample_weight = ordered_batches(x, y, sample_weight, shuffle, options.pop("batch_size", None)), None, None
        shuffle = False
    return data_adapters.get_data_adapter(x, y, sample_weight=sample_weight, shuffle=shuffle, **options)


def ordered_batches(x: Any, y: Any, sample_weight: Any, shuffle: Any, batch_size: Any) -> OrderedBatches:
    """Return arrays in batches, in the order of `shuffle` where it is a BatchOrder, else in their own."""
    data = tuple(part for part in (x, y, sample_weight) if part is not None)
    if isinstance(shuffle, BatchOrder):
        return OrderedBatches(data, shuffle, batch_size or 32)
    return in_batches(data, batch_size)


class SynchronousCallbackList(keras.callbacks.CallbackList):
    """Keras's list of callbacks without its thread pool."""

    def _configure_async_dispatch(
        self, callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList | None
    ) -> None:
        self._async_train = self._async_test = self._async_predict = False
