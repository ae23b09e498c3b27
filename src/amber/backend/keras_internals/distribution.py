"""Devices of JAX, and Keras's TensorFlow trainer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import keras

from amber.types import TensorTree

if TYPE_CHECKING:
    import jax


def jax_device(name: str) -> jax.Device:
    """Return JAX's device of a Keras name such as `"gpu:0"`."""
    from keras.src.backend.jax.distribution_lib import _to_backend_device

    return _to_backend_device(name)


def has_stock_test_step(kind: type[keras.Model]) -> bool:
    """Say whether a model class on TensorFlow evaluates a batch as Keras does."""
    from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

    return bool(kind.test_step is TensorFlowTrainer.test_step)


EpochIterator: TypeAlias = Iterable[tuple[int, int, Iterator[TensorTree]]]
"""First step, last step and batches of each call of a step function."""


class SymbolicBuildHooks(keras.Model):
    """A Keras model on TensorFlow that can choose the batch it is built with; a mixin before its class."""

    def first_batch_of(self, iterator: EpochIterator) -> TensorTree:
        """Return the batch to build with, in place of the first of `iterator`; None for Keras's own way."""
        return None

    def _maybe_symbolic_build(self, iterator: EpochIterator | None = None, data_batch: TensorTree = None) -> None:
        batch = None if iterator is None else self.first_batch_of(iterator)
        if batch is not None:
            iterator, data_batch = None, batch
        super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)
