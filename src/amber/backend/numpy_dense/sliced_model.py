"""What a child of a supernet says of itself, so that it may train by NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from amber.backend.base_model import BaseModel
from amber.backend.batch_order import BatchOrder
from amber.types import Array, TensorTree

if TYPE_CHECKING:
    from amber.backend.weight_slices import SlicedMLP


class SlicedModel(BaseModel):
    """A Keras model that may be a sliced network.

    A subclass says with `_sliced_mlp` what it takes, and with `_sliced_inputs` what it reads.
    """

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
