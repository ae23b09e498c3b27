"""Children of supernets that may train by NumPy: a mixin before the model class of a backend that compiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from amber.backend.hardware import accelerators
from amber.backend.numpy_dense.conditions import training_for
from amber.backend.numpy_dense.sliced_model import SlicedModel

if TYPE_CHECKING:
    from amber.backend.history import DetachedHistory
    from amber.backend.keras_internals.fit import DataAdapter


class NumpyDenseTraining(SlicedModel):
    """A Keras model whose `fit` trains by NumPy where it is a sliced network and all else is known there."""

    def _fit_adapter(self, adapter: DataAdapter, callbacks: Any, options: dict[str, Any]) -> DetachedHistory:
        training = training_for(self, adapter, callbacks, options) if self._has_stock_steps(adapter) else None
        return super()._fit_adapter(adapter, callbacks, options) if training is None else training.run()

    def _has_stock_steps(self, adapter: DataAdapter) -> bool:
        """Say whether Keras's own steps, on one CPU, would train on an adapter, one batch at a time."""
        own_steps = type(self).train_step is not NumpyDenseTraining.train_step
        modes = self.run_eagerly or self.steps_per_execution != 1 or keras.config.is_nnx_enabled()
        return not (own_steps or modes or keras.distribution.distribution() or accelerators())
