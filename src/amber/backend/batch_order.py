"""The order in which the examples of an epoch are trained on: ours, the same on every backend and every Keras.

The rule is drawn from a Mersenne Twister and shuffled after Fisher and Yates, in NumPy alone, so that nothing of it
changes with a version of a backend or of Keras. It gives the batches that AMBER's path on torch has always had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import keras
import numpy as np

from amber.display import PlainRepr
from amber.types import StreamedArray, Tensor, TensorTree

_NAMES = ("x", "y", "sample_weight")
# Of the numbers that a generator draws, the one that seeds the order. Torch's loader drew it in this place: in a first
# epoch a look at the first batch, with which Keras builds a model, drew as many before it.
_PLACE, _FIRST_PLACE = 3, 7


@dataclass(frozen=True, eq=False)
class BatchOrder:
    """The order of the examples of one epoch; given to `fit` of AMBER's models as `shuffle`.

    Attributes:
        rows: positions of the examples, each once.
    """

    rows: np.ndarray


def epoch_order(seed: int, count: int, *, first: bool, shuffle: bool | str = True, batch_size: int = 1) -> BatchOrder:
    """Return the order of the examples of one epoch.

    Args:
        seed: of the epoch.
        count: of examples.
        first: whether it is the first epoch of a training.
        shuffle: False: as they are; `"batch"`: only within each batch.
        batch_size: examples of a batch, for `"batch"`.
    """
    if not shuffle:
        return BatchOrder(np.arange(count))
    drawn = _numbers(seed, _FIRST_PLACE + 1)
    generator_seed = int(drawn[_FIRST_PLACE if first else _PLACE])
    numbers = _numbers(generator_seed, count)
    if shuffle != "batch":
        return BatchOrder(_shuffled(np.arange(count), numbers))
    starts = range(0, count, batch_size)
    parts = [np.arange(start, min(start + batch_size, count)) for start in starts]
    return BatchOrder(
        np.concatenate([_shuffled(part, numbers[part[0] :]) for part in parts]) if parts else np.arange(0)
    )


def _numbers(seed: int, count: int) -> np.ndarray:
    """Return the first numbers of a Mersenne Twister, each of 32 bits."""
    # The legacy generator, whose numbers NumPy has promised never to change.
    return np.frombuffer(np.random.RandomState(seed).bytes(4 * count), "<u4").astype("int64")


def _shuffled(rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return rows in another order: each in turn changes places with one of those from it on."""
    count = len(rows)
    order = rows.tolist()
    steps = numbers[: max(count - 1, 0)] % np.arange(count, 1, -1)
    for here, step in enumerate(steps.tolist()):
        order[here], order[here + step] = order[here + step], order[here]
    return np.asarray(order, "int64")


class OrderedBatches(PlainRepr, keras.utils.PyDataset):
    """Arrays in batches of a given order, for any Keras model; the last batch may be smaller.

    A StreamedArray is read batch by batch. A batch depends on its number alone, so that workers do not change it.

    Args:
        data: features, targets and, where there are any, sample weights: arrays, or lists, tuples or dictionaries of
            arrays, with examples along the first axis.
        order: of the examples.
        batch_size: examples of a batch.
        workers: threads that read, as for `keras.utils.PyDataset`.
    """

    def __init__(self, data: tuple[TensorTree, ...], order: BatchOrder, batch_size: int, workers: int = 1) -> None:
        super().__init__(workers=workers)
        if len(data) == 3 and keras.tree.is_nested(data[1]) and not keras.tree.is_nested(data[2]):
            data = (*data[:2], keras.tree.map_structure(lambda _: data[2], data[1]))
        # A tuple, as TensorFlow takes a list within a batch for one tensor.
        self._data = keras.tree.lists_to_tuples(data)
        self._rows, self._size = order.rows, batch_size

    def on_epoch_begin(self) -> None:
        """Draw one number on torch, as a loader that shuffles would: dropout draws from the numbers after it."""
        if keras.config.backend() == "torch":
            import torch

            torch.empty((), dtype=torch.int64).random_()

    def __len__(self) -> int:
        return -(-len(self._rows) // self._size)

    def __getitem__(self, number: int) -> TensorTree:
        """Return a batch by its number."""
        rows = self._rows[number * self._size : (number + 1) * self._size]
        return keras.tree.map_structure(lambda array: _taken(array, rows), self._data)


class _UnshuffledBatches(OrderedBatches):
    """Batches in the order of their arrays, for which a loader draws nothing."""

    def on_epoch_begin(self) -> None:
        """Draw no number."""


def is_orderable(data: TensorTree) -> bool:
    """Say whether data are arrays of numbers whose batches `OrderedBatches` can take."""
    arrays = keras.tree.flatten(data)
    return bool(arrays) and all(
        (isinstance(array, np.ndarray) and array.dtype.kind in "biuf")
        or keras.ops.is_tensor(array)
        or isinstance(array, StreamedArray)
        for array in arrays
    )


def is_streamed(data: object) -> bool:
    """Say whether any of the arrays of data is read in batches; see `amber.types.StreamedArray`."""
    arrays = keras.tree.flatten(data)
    return any(not isinstance(array, np.ndarray) and isinstance(array, StreamedArray) for array in arrays)


def in_batches(data: tuple[TensorTree, ...], batch_size: int | None) -> OrderedBatches:
    """Return data as any Keras model takes them in place of `x`: streamed arrays as batches in their own order.

    Args:
        data: a tuple of features, targets and sample weights, as many as there are.
        batch_size: examples of a batch; None: 32.
    """
    count = len(keras.tree.flatten(data)[0])
    return _UnshuffledBatches(data, BatchOrder(np.arange(count)), batch_size or 32)


Data = TypeVar("Data")


def seen_in_epoch(data: Data, epoch: int) -> Data:
    """Return data as they are trained on in an epoch, counted from 0: streamed arrays may have views of each."""
    if not is_streamed(data):
        return data
    return keras.tree.map_structure(
        lambda array: array.in_epoch(epoch) if is_streamed(array) else array, data, none_is_leaf=False
    )


def fit_arguments(
    model: keras.Model, data: tuple[TensorTree, ...], order: BatchOrder, batch_size: int
) -> dict[str, object]:
    """Return the arguments of `fit` that train a model on data in an order.

    Args:
        model: a Keras model. One of AMBER's takes arrays and their order, any other takes batches.
        data: features, targets and, where there are any, sample weights; see `is_orderable`.
        order: of the examples.
        batch_size: examples of a batch.
    """
    if getattr(type(model), "takes_batch_order", False):
        return {**dict(zip(_NAMES, data, strict=False)), "shuffle": order, "batch_size": batch_size}
    return {"x": OrderedBatches(data, order, batch_size), "shuffle": False}


def predict(model: keras.Model, x: TensorTree, batch_size: int) -> TensorTree:
    """Return what any Keras model predicts, quietly; streamed arrays are read in batches.

    Args:
        model: of AMBER's or not.
        x: an array, or a list or dictionary of arrays.
        batch_size: examples of a batch.
    """
    if is_streamed(x) and not getattr(type(model), "takes_batch_order", False):
        return model.predict(in_batches((x,), batch_size), verbose=0)
    return model.predict(x, batch_size=batch_size, verbose=0)


def _taken(array: Tensor, rows: np.ndarray) -> Tensor:
    if not isinstance(array, (np.ndarray, StreamedArray)):
        return keras.ops.take(array, rows, axis=0)
    taken = array[rows]
    # As Keras does with arrays.
    return taken.astype(keras.config.floatx(), copy=False) if taken.dtype.kind == "f" else taken
