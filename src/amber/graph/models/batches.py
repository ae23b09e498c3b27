"""Data in batches, with labels and weights in a form that every backend accepts.

TensorFlow treats a list within a batch as one tensor, and a tuple as several.
"""

from __future__ import annotations

import types

import keras

from amber.types import TensorTree


def with_tuples(data: TensorTree) -> TensorTree:
    """Return data whose batches have tuples in place of lists of labels and weights; other data unchanged.

    Args:
        data: what `keras.Model.fit` takes as `x`; a generator or a PyDataset is wrapped.
    """
    if isinstance(data, types.GeneratorType):
        return (_tuple_targets(batch) for batch in data)
    if isinstance(data, keras.utils.PyDataset):
        return _TupledDataset(data)
    return data


def _tuple_targets(batch: TensorTree) -> TensorTree:
    if not isinstance(batch, (tuple, list)):
        return batch
    x, *targets = batch
    return (x, *(keras.tree.lists_to_tuples(each) for each in targets))


class _TupledDataset(keras.utils.PyDataset):
    """The batches of another PyDataset."""

    def __init__(self, dataset: keras.utils.PyDataset) -> None:
        super().__init__(
            workers=dataset.workers,
            use_multiprocessing=dataset.use_multiprocessing,
            max_queue_size=dataset.max_queue_size,
        )
        self._dataset = dataset

    @property
    def num_batches(self) -> int | None:
        return self._dataset.num_batches

    def __getitem__(self, number: int) -> TensorTree:
        return _tuple_targets(self._dataset[number])

    def on_epoch_begin(self) -> None:
        self._dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._dataset.on_epoch_end()
