"""Keras models that train and validate on arrays several batches at a time, where no callback watches batches."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from amber.backend.base_model import BaseFunctional, BaseModel, has_positions
from amber.backend.hardware import accelerators
from amber.backend.keras_internals.distribution import has_stock_test_step
from amber.backend.keras_internals.models import is_within_strategy
from amber.backend.tensorflow.as_traced import as_traced
from amber.backend.tensorflow.feeding import RowsAdapter, RowsIterator, are_plain_arrays
from amber.backend.tensorflow.updates import fused_adam
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.backend.keras_internals.fit import DataAdapter
    from amber.backend.step_wrappers import StepFunction

# So few that Ctrl-C is heard within seconds, as a compiled function cannot be interrupted.
_STEPS_PER_CALL = 16


Changing = tuple[keras.Variable, Callable[[], np.ndarray]]
"""A variable that has a new value in each step, and what draws the value."""


class MultiStepTraining(BaseModel):
    """A Keras model that takes several training steps in one call of a compiled function."""

    train_function: Any
    test_function: Any

    def _changing(self) -> Changing | None:
        """A variable that has a new value in each step, and what draws the value; None if there is none."""
        return None

    def _adapter_for(
        self, x: TensorTree, y: TensorTree = None, sample_weight: TensorTree = None, **options: object
    ) -> DataAdapter:
        if not self._is_plain() or not are_plain_arrays((x, y, sample_weight)):
            return super()._adapter_for(x, y, sample_weight, **options)
        options["steps"] = options.pop("steps_per_epoch", None)
        return RowsAdapter(x, y, sample_weight=sample_weight, **options)

    def _calling(self, is_iterated: bool) -> AbstractContextManager[None]:
        """Entered around every call of a compiled function, of one batch of an iterator or a loop over rows."""
        return nullcontext()

    def train_step(self, data: TensorTree) -> Mapping[str, tf.Tensor]:
        """Train on one batch as `keras.Model.train_step`."""
        with fused_adam(None if tf.distribute.has_strategy() else self.optimizer):
            return super().train_step(data)

    def _is_plain(self) -> bool:
        """Whether one step is Keras' own, on one device, compiled but not by XLA."""
        kind = type(self)
        own_steps = kind.train_step is MultiStepTraining.train_step and has_stock_test_step(kind)
        modes = self.run_eagerly or self.jit_compile or self.steps_per_execution != 1
        return own_steps and not modes and not is_within_strategy(self) and not tf.distribute.has_strategy()

    @contextmanager
    def _quietly(self, is_quiet: bool, adapters: Sequence[DataAdapter] = ()) -> Iterator[None]:
        if not is_quiet or not adapters or not all(isinstance(adapter, RowsAdapter) for adapter in adapters):
            yield
            return
        self.steps_per_execution = _STEPS_PER_CALL
        try:
            yield
        finally:
            self.steps_per_execution = 1

    def make_train_function(self, force: bool = False) -> StepFunction:
        """Make a train function that takes what Keras' takes, and rows of arrays."""
        _warn_of_half_precision(self)
        before = self.train_function
        super().make_train_function(force)
        if self.train_function is not before:
            self.train_function = self._with_rows(self.train_function, self.train_step)
        return self.train_function

    def make_test_function(self, force: bool = False) -> StepFunction:
        """Make a test function that takes what Keras' takes, and rows of arrays."""
        before = self.test_function
        super().make_test_function(force)
        if self.test_function is not before:
            self.test_function = self._with_rows(self.test_function, self.test_step)
        return self.test_function

    def _with_rows(self, keras_function: StepFunction, step: StepFunction) -> StepFunction:
        functions: dict[Any, Any] = {}

        def run(iterator: Iterator[TensorTree]) -> object:
            if not isinstance(iterator, RowsIterator):
                with self._calling(is_iterated=True):
                    return keras_function(iterator)
            changing = self._changing()
            logs: Any = None
            for rows in iterator.take(self.steps_per_execution):
                if iterator.specs not in functions:
                    functions[iterator.specs] = _several(step, self.get_metrics_result, iterator.data, changing)
                with self._calling(is_iterated=False):
                    logs = functions[iterator.specs](iterator.data, rows, _drawn(changing, rows))
            return logs

        return run


class MultiStepFunctional(MultiStepTraining, BaseFunctional):
    """`keras.Model(inputs, outputs)` that looks like a Functional from outside; see `base_model`."""

    def _calling(self, is_iterated: bool) -> AbstractContextManager[None]:
        return nullcontext() if is_iterated and not has_positions(self) else as_traced()


def _warn_of_half_precision(model: keras.Model) -> None:
    """Say that float16 is for graphics cards: on some processors, products of oneDNN in it were seen to be wrong."""
    if any(layer.compute_dtype == "float16" for layer in model.layers) and not accelerators():
        warnings.warn(
            "This network computes in float16 on a CPU, where products of TensorFlow's oneDNN were seen to be wrong. "
            "Use mixed_bfloat16 or float32, a graphics card, or set TF_ENABLE_ONEDNN_OPTS=0 before Python starts.",
            UserWarning,
            stacklevel=2,
        )


def _drawn(changing: Changing | None, rows: tf.Tensor) -> tf.Tensor:
    """A value for each step; without a variable that changes, nothing for each."""
    if changing is None:
        return tf.zeros((rows.shape[0], 0), tf.int32)
    return tf.convert_to_tensor(np.stack([changing[1]() for _ in range(rows.shape[0])]))


def _several(
    step: StepFunction, report: Callable[[], Mapping[str, tf.Tensor]], data: TensorTree, changing: Changing | None
) -> StepFunction:
    """Return a compiled function of data, rows of shape (steps, size) and values, that takes the steps and reports."""
    variable = None if changing is None else changing[0]

    def run(data: TensorTree, rows: tf.Tensor, values: tf.Tensor) -> Mapping[str, tf.Tensor]:
        def take(number: tf.Tensor) -> tuple[tf.Tensor]:
            if variable is not None:
                variable.assign(values[number])
            step(keras.tree.map_structure(lambda tensor: tf.gather(tensor, rows[number]), data))
            return (number + 1,)

        tf.while_loop(lambda number: number < tf.shape(rows)[0], take, (0,), parallel_iterations=1)
        return report()

    specs = keras.tree.map_structure(lambda tensor: tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype), data)
    shape, dtype = ((0,), tf.int32) if variable is None else (variable.shape, variable.dtype)
    signature = (specs, tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, *shape), dtype))
    # The function itself would warn of every model that is made, as if one were traced again.
    return tf.function(run, input_signature=signature, autograph=False).get_concrete_function()
