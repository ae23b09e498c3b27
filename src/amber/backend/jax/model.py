"""Functional Keras models on JAX that compile their steps as a short training needs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from amber.backend.base_model import BaseFunctional
from amber.backend.jax.cache import use_cache
from amber.backend.jax.compiling import Options, compiled, options_for
from amber.backend.step_wrappers import StepFunction
from amber.types import TensorTree


class CompiledFunctional(BaseFunctional):
    """`keras.Model(inputs, outputs)` with steps that compile in less time; see `base_model`.

    Keras makes those that it would not compile, that take several batches, or that are spread over devices.
    """

    train_function: StepFunction | None
    test_function: StepFunction | None
    predict_function: StepFunction | None

    def make_train_function(self, force: bool = False) -> None:
        """Make a train function that takes what Keras's takes: a state, and an iterator of batches."""
        if self._keeps_step(self.train_function, force):
            super().make_train_function(force)
        else:
            self.train_function = _on_batches(self.train_step, options_for(self))

    def make_test_function(self, force: bool = False) -> None:
        """Make a test function that takes what Keras's takes."""
        if self._keeps_step(self.test_function, force):
            super().make_test_function(force)
        else:
            self.test_function = _on_batches(self.test_step, options_for(self))

    def make_predict_function(self, force: bool = False) -> StepFunction:
        """Make a predict function that takes what Keras's takes."""
        if self._keeps_step(self.predict_function, force):
            made: StepFunction = super().make_predict_function(force)
            return made

        def predict(state: Any, data: TensorTree) -> tuple[TensorTree, Any]:
            outputs, changing = self.predict_step(state, data)
            return outputs, (state[0], changing)

        self.predict_function = _on_batches(predict, options_for(self))
        return self.predict_function

    def _keeps_step(self, function: StepFunction | None, force: bool) -> bool:
        """Say whether Keras's step is there already, or is to be made by Keras."""
        use_cache()
        if function is not None and not force:
            return True
        is_compiled = self.jit_compile and not self.run_eagerly and self.steps_per_execution == 1
        return not is_compiled or keras.distribution.distribution() is not None or keras.config.is_nnx_enabled()


def _on_batches(step: StepFunction, options: Options) -> StepFunction:
    """Return a step, compiled with options of XLA, that is given an iterator in place of a batch."""
    function = compiled(step, options)

    def run(state: Any, iterator: Iterator[TensorTree]) -> object:
        return function(state, next(iterator))

    return run
