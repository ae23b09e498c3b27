"""Training data on TensorFlow: every batch is shared out evenly among the devices, or given to all of them.

TensorFlow alone would give one device less of a last batch that cannot be divided, or nothing, and Keras weighs the
devices equally: the gradient would not be that of the batch, and normalisation over nothing is not a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from amber.backend.distribution.placement import Placement
from amber.backend.keras_internals.fit import DataAdapter, get_data_adapter, train_validation_split
from amber.types import TensorTree

if TYPE_CHECKING:
    import tensorflow as tf


def with_even_batches(options: dict[str, Any], placement: Placement) -> dict[str, Any]:
    """Return arguments of `fit` in which the data are shared out evenly.

    A batch that every device is given in full counts as often as there are devices in what `fit` reports of
    training, and once in its gradient.

    Args:
        options: arguments of `keras.Model.fit` by name.
        placement: the devices.
    """
    options = dict(options)
    data = options.pop("x", None), options.pop("y", None), options.pop("sample_weight", None)
    split = options.pop("validation_split", 0.0)
    if split and options.get("validation_data") is None:
        data, options["validation_data"] = train_validation_split(data, validation_split=split)
    adapter = get_data_adapter(
        data[0],
        data[1],
        sample_weight=data[2],
        batch_size=options.get("batch_size"),
        steps_per_epoch=options.get("steps_per_epoch"),
        shuffle=options.pop("shuffle", True),
        class_weight=options.pop("class_weight", None),
    )
    return {**options, "x": EvenBatches(adapter, placement)}


class EvenBatches(DataAdapter):
    """A Keras data adapter whose data set is shared out among devices."""

    def __init__(self, adapter: DataAdapter, placement: Placement) -> None:
        self._adapter = adapter
        self._placement = placement

    def get_tf_dataset(self) -> tf.data.Dataset:
        """Return the distributed data set."""
        # Consecutive elements go to consecutive devices.
        parts = self._adapter.get_tf_dataset().flat_map(self._parts)
        return self._placement.strategy.distribute_datasets_from_function(lambda context: parts)

    def _parts(self, *batch: TensorTree) -> tf.data.Dataset:
        import tensorflow

        count = len(self._placement.devices)

        def share(array: tf.Tensor) -> tf.Tensor:
            shape = tensorflow.shape(array)
            shared = tensorflow.cond(
                shape[0] % count == 0,
                lambda: tensorflow.reshape(array, tensorflow.concat([[count, shape[0] // count], shape[1:]], 0)),
                lambda: tensorflow.repeat(array[None], count, axis=0),
            )
            return tensorflow.ensure_shape(shared, [count, None, *array.shape[1:]])

        return tensorflow.data.Dataset.from_tensor_slices(keras.tree.map_structure(share, batch))

    def on_epoch_begin(self) -> None:
        """Tell the data that an epoch begins."""
        self._adapter.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tell the data that an epoch has ended."""
        self._adapter.on_epoch_end()

    @property
    def num_batches(self) -> int | None:
        """Batches of an epoch, all devices together; None where unknown."""
        return self._adapter.num_batches

    @property
    def batch_size(self) -> int | None:
        """Samples of a batch, all devices together."""
        return self._adapter.batch_size

    @property
    def has_partial_batch(self) -> bool | None:
        """Whether the last batch is smaller."""
        return self._adapter.has_partial_batch

    @property
    def partial_batch_size(self) -> int | None:
        """Samples of the last batch where it is smaller."""
        return self._adapter.partial_batch_size
