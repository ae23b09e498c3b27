"""A functional Keras model that is trained on several devices; the user calls `fit` as ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import keras

from amber.backend.base_model import BaseFunctional
from amber.backend.bound_arguments import bind, documented_as
from amber.backend.distribution.even_batches import with_even_batches
from amber.backend.distribution.placement import Placement
from amber.backend.keras_internals.distribution import EpochIterator, SymbolicBuildHooks
from amber.backend.keras_internals.graphs import Functional
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.backend.step_wrappers import StepFunction


class PlacedFunctional(SymbolicBuildHooks, BaseFunctional):
    """A functional Keras model on several devices; what a user calls enters the scope of its placement."""

    placement: Placement | None = None
    train_function: Any
    test_function: Any
    predict_function: Any

    def compile(self, optimizer: keras.optimizers.Optimizer = "rmsprop", *args: object, **kwargs: object) -> None:
        """As `keras.Model.compile`; an optimizer is made again of its configuration, on the devices of the model."""
        with self._scope():
            if self.placement and isinstance(optimizer, keras.optimizers.Optimizer):
                optimizer = type(optimizer).from_config(optimizer.get_config())
            super().compile(optimizer, *args, **kwargs)

    @documented_as(Functional.fit)
    def fit(self, *args: object, **kwargs: object) -> keras.callbacks.History:
        """As `keras.Model.fit`; `batch_size` counts the samples of all devices together."""
        options = bind(Functional.fit, self, args, kwargs)
        with self._scope():
            if self.placement and keras.config.backend() == "tensorflow":
                options = with_even_batches(options, self.placement)
            return super().fit(**options)

    def evaluate(self, *args: object, **kwargs: object) -> float | list[float] | dict[str, float]:
        """As `keras.Model.evaluate`."""
        with self._scope():
            return super().evaluate(*args, **kwargs)

    def predict(self, *args: object, **kwargs: object) -> TensorTree:
        """As `keras.Model.predict`."""
        with self._scope():
            return super().predict(*args, **kwargs)

    def train_on_batch(self, *args: object, **kwargs: object) -> float | list[float] | dict[str, float]:
        """As `keras.Model.train_on_batch`."""
        with self._scope():
            return super().train_on_batch(*args, **kwargs)

    def test_on_batch(self, *args: object, **kwargs: object) -> float | list[float] | dict[str, float]:
        """As `keras.Model.test_on_batch`."""
        with self._scope():
            return super().test_on_batch(*args, **kwargs)

    def predict_on_batch(self, *args: object, **kwargs: object) -> TensorTree:
        """As `keras.Model.predict_on_batch`."""
        with self._scope():
            found = super().predict_on_batch(*args, **kwargs)
        if self.placement is None or keras.config.backend() != "tensorflow":
            return found
        # Each device has predicted all of the batch, and Keras has put the answers after each other.
        count = len(self.placement.devices)
        return keras.tree.map_structure(lambda answers: answers[: len(answers) // count], found)

    def make_train_function(self, force: bool = False) -> Any:
        """Prepare training."""
        super().make_train_function(force)
        self.train_function = self._spreading(self.train_function)

    def make_test_function(self, force: bool = False) -> Any:
        """Prepare evaluation."""
        super().make_test_function(force)
        self.test_function = self._spreading(self.test_function)

    def make_predict_function(self, force: bool = False) -> StepFunction:
        """Prepare prediction."""
        super().make_predict_function(force)
        self.predict_function = self._spreading(self.predict_function)
        return self.predict_function

    def first_batch_of(self, iterator: EpochIterator) -> TensorTree:
        """Return one device's part of the first batch: Keras would average the parts, which may be unequal."""
        if self.placement is None:
            return None
        return next(self.placement.first_part(next(batches)) for _, _, batches in iterator)

    def _scope(self) -> AbstractContextManager[None]:
        return self.placement.scope() if self.placement else nullcontext()

    def _spreading(self, function: StepFunction) -> StepFunction:
        if self.placement is None or keras.config.backend() != "jax" or isinstance(function, _Spreading):
            return function
        return _Spreading(function, self.placement)


class _Spreading:
    """A step function of Keras on JAX whose batches are shared out first."""

    def __init__(self, function: StepFunction, placement: Placement) -> None:
        self._function = function
        self._placement = placement

    def __call__(self, state: Sequence[TensorTree], batches: Iterator[TensorTree]) -> object:
        return self._function(state, map(self._placement.spread, batches))
