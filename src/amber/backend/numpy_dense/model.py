"""Children of supernets that may train by NumPy: a mixin before the model class of a backend that compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from amber.backend.base_model import BaseModel
from amber.backend.batch_order import BatchOrder
from amber.backend.hardware import accelerators
from amber.backend.numpy_dense.conditions import training_for
from amber.types import Array, TensorTree

if TYPE_CHECKING:
    from amber.backend.history import DetachedHistory
    from amber.backend.keras_internals.fit import DataAdapter
    from amber.backend.weight_slices import SlicedMLP


class NumpyDenseTraining(BaseModel):
    """A Keras model whose `fit` trains by NumPy where it is a sliced network and all else is known there.

    A subclass says with `_sliced_mlp` what it takes, and with `_sliced_inputs` what it reads.
    """

    def _fit_adapter(self, adapter: DataAdapter, callbacks: Any, options: dict[str, Any]) -> DetachedHistory:
        training = training_for(self, adapter, callbacks, options) if self._has_stock_steps(adapter) else None
        return super()._fit_adapter(adapter, callbacks, options) if training is None else training.run()

    def _has_stock_steps(self, adapter: DataAdapter) -> bool:
        """Say whether Keras's own steps, on one CPU, would train on an adapter, one batch at a time."""
        own_steps = type(self).train_step is not NumpyDenseTraining.train_step
        modes = self.run_eagerly or self.steps_per_execution != 1 or keras.config.is_nnx_enabled()
        return not (own_steps or modes or keras.distribution.distribution() or accelerators())

    def _sliced_mlp(self, training: bool) -> SlicedMLP | None:
        """Return the network of the present architecture as slices of shared tensors, or None."""
        return None

    def _sliced_inputs(self, x: TensorTree) -> list[Any]:
        """Return arrays that make up the matrix of all inputs, of features in any form that the model takes."""
        raise NotImplementedError(f"{type(self).__name__} does not define _sliced_inputs().")

    def _changing(self) -> tuple[keras.Variable, Callable[[], Array]] | None:
        """Return the variable that changes with each step, and the function that draws its value; None: nothing."""
        return None

    def _epoch_rows(self, samples: int, batch_size: int, shuffle: bool | str | BatchOrder) -> Array:
        """Return the rows of an epoch in their order, drawn as Keras draws them on this backend."""
        if isinstance(shuffle, BatchOrder):
            return shuffle.rows
        if shuffle != "batch":
            return _permutation(samples) if shuffle else np.arange(samples)
        starts = range(0, samples, batch_size)
        return np.concatenate([_permutation(min(batch_size, samples - start)) + start for start in starts])


def _permutation(count: int) -> Array:
    """Draw from the generator that Keras draws the order of batches from."""
    return np.random.permutation(count)  # noqa: NPY002
