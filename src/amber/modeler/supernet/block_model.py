"""A functional Keras model of several rows of features that also takes them side by side in one matrix."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class BlockModel(keras.Model):
    """A functional model; where it has several inputs of shape (features,), one (N, F) matrix will do too.

    Lists and dictionaries of blocks are Keras's own. It is saved as the stock functional model that it is, so
    that the file loads without AMBER; a loaded model takes lists and dictionaries.
    """

    def __call__(self, inputs: Any, *args: Any, **options: Any) -> Any:
        """Calls the model on blocks, or on the matrix of all of them."""
        return super().__call__(self._blocks(inputs), *args, **options)

    def call(self, inputs: Any, *args: Any, **options: Any) -> Any:
        """Computes the outputs of blocks, or of the matrix of all of them."""
        return super().call(self._blocks(inputs), *args, **options)

    def _blocks(self, inputs: Any) -> Any:
        if isinstance(inputs, (list, tuple)) and len(inputs) == 1 and len(self.inputs) > 1:
            (inputs,) = inputs
        if len(self.inputs) < 2 or not hasattr(inputs, "shape") or len(inputs.shape) != 2:
            return inputs
        widths = [int(tensor.shape[-1]) for tensor in self.inputs]
        if inputs.shape[-1] != sum(widths):
            return inputs
        ends = [sum(widths[: k + 1]) for k in range(len(widths) - 1)]
        return list(ops.split(inputs, ends, axis=-1))


# Keras writes the name and module of the class into a saved model. These are the stock ones, whose
# configuration is the same.
_STOCK = type(keras.Model(*(keras.Input((1,)),) * 2))
BlockModel.__name__ = BlockModel.__qualname__ = _STOCK.__name__
BlockModel.__module__ = _STOCK.__module__
