"""The class of children of supernets on TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from amber.backend.hardware import accelerators
from amber.backend.numpy_dense import NumpyDenseTraining
from amber.backend.tensorflow.feeding import Rows, RowsAdapter
from amber.backend.tensorflow.model import MultiStepTraining
from amber.types import Array

if TYPE_CHECKING:
    from amber.backend.batch_order import BatchOrder
    from amber.backend.keras_internals.fit import DataAdapter


class SharedModel(NumpyDenseTraining, MultiStepTraining):
    """A Keras model that trains by NumPy, or several batches in one call of a compiled function."""

    def _has_stock_steps(self, adapter: DataAdapter) -> bool:
        # Such an adapter was made where the steps are stock ones, on one device.
        return isinstance(adapter, RowsAdapter) and not accelerators()

    def _epoch_rows(self, samples: int, batch_size: int, shuffle: bool | str | BatchOrder) -> Array:
        return np.asarray(Rows((), samples, batch_size, shuffle).draw_order())
