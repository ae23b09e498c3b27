"""How Keras makes batches of arrays."""

from __future__ import annotations

from typing import Any

from keras.src.trainers.data_adapters import array_slicing, get_data_adapter
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from keras.src.trainers.data_adapters.data_adapter import DataAdapter

__all__ = ["ArrayAdapter", "DataAdapter", "get_data_adapter", "train_validation_split"]

train_validation_split = array_slicing.train_validation_split


class ArrayAdapter(ArrayDataAdapter):
    """Keras's adapter of arrays, which checks and weights them; a subclass says how they are fed.

    On torch it overrides `get_torch_dataloader`, on TensorFlow `get_tf_dataset`.
    """

    @property
    def samples(self) -> int:
        """Rows of the arrays."""
        return int(self._num_samples)

    @property
    def rows_per_batch(self) -> int:
        """Rows of a batch; the last may have fewer."""
        return int(self._batch_size)

    @property
    def shuffles(self) -> Any:
        """True, False or `"batch"`, as for `keras.Model.fit`."""
        return self._shuffle

    def sliceable(self, backend: str) -> Any:
        """Return the arrays in their structure, each wrapped so that rows can be taken."""
        return array_slicing.convert_to_sliceable(self._inputs, target_backend=backend)
