"""Keras models that train and validate on arrays several batches at a time, where no callback watches batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

from amber.backend.light import LightFunctional, LightTraining
from amber.backend.tensorflow.feeding import RowsAdapter, RowsIterator, are_plain_arrays

# So few that Ctrl-C is heard within seconds, as a compiled function cannot be interrupted.
_STRIDE = 16


class StridingTraining(LightTraining):
    """A Keras model that takes several training steps in one call of a compiled function."""

    train_function: Any
    test_function: Any

    @property
    def _takes_one_step_at_a_time(self) -> bool:
        """Whether something must happen between two steps."""
        return False

    def _adapter_for(self, x: Any, y: Any = None, sample_weight: Any = None, **options: Any) -> Any:
        if not self._is_plain() or not are_plain_arrays((x, y, sample_weight)):
            return super()._adapter_for(x, y, sample_weight, **options)
        options["steps"] = options.pop("steps_per_epoch", None)
        return RowsAdapter(x, y, sample_weight=sample_weight, **options)

    def _is_plain(self) -> bool:
        """Whether one step is Keras' own, on one device, compiled but not by XLA."""
        own_steps = all(
            getattr(type(self), name) is getattr(TensorFlowTrainer, name) for name in ("train_step", "test_step")
        )
        modes = self.run_eagerly or self.jit_compile or self.steps_per_execution != 1
        return own_steps and not modes and self._distribute_strategy is None and not tf.distribute.has_strategy()

    @contextmanager
    def _striding(self, is_quiet: bool, adapters: list[Any]) -> Iterator[None]:
        strides = is_quiet and not self._takes_one_step_at_a_time
        if not strides or not all(isinstance(adapter, RowsAdapter) for adapter in adapters):
            yield
            return
        self.steps_per_execution = _STRIDE
        try:
            yield
        finally:
            self.steps_per_execution = 1

    def make_train_function(self, force: bool = False) -> Any:
        """Makes a train function that takes what Keras' takes, and rows of arrays."""
        before = self.train_function
        super().make_train_function(force)
        if self.train_function is not before:
            self.train_function = self._with_rows(self.train_function, self.train_step)
        return self.train_function

    def make_test_function(self, force: bool = False) -> Any:
        """Makes a test function that takes what Keras' takes, and rows of arrays."""
        before = self.test_function
        super().make_test_function(force)
        if self.test_function is not before:
            self.test_function = self._with_rows(self.test_function, self.test_step)
        return self.test_function

    def _with_rows(self, keras_function: Callable[[Any], Any], step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        functions: dict[Any, Any] = {}

        def run(iterator: Any) -> Any:
            if not isinstance(iterator, RowsIterator):
                return keras_function(iterator)
            pieces = iterator.take(self.steps_per_execution)
            specs = keras.tree.map_structure(_any_length, iterator.data)
            key = str(specs)
            if key not in functions:
                functions[key] = _several(step, self.get_metrics_result, specs)
            logs: Any = None
            for rows in pieces:
                logs = functions[key](iterator.data, rows)
            return logs

        return run


class StridingFunctional(StridingTraining, LightFunctional):
    """`keras.Model(inputs, outputs)` that looks like a Functional from outside; see `light`."""


def _any_length(tensor: Any) -> Any:
    return tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype)


def _several(step: Callable[[Any], Any], report: Callable[[], Any], specs: Any) -> Any:
    """Returns a compiled function of data and rows, shape (steps, size), that takes the steps and reports."""

    def run(data: Any, rows: Any) -> Any:
        def take(number: Any) -> Any:
            step(keras.tree.map_structure(lambda tensor: tf.gather(tensor, rows[number]), data))
            return (number + 1,)

        tf.while_loop(lambda number: number < tf.shape(rows)[0], take, (0,), parallel_iterations=1)
        return report()

    return tf.function(run, input_signature=(specs, tf.TensorSpec((None, None), tf.int32)), autograph=False)
