"""A functional Keras model of several feature groups that also takes them as one matrix."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from amber.graph.models.named_inputs import MultiInputModel
from amber.types import TensorTree


class BlockModel(MultiInputModel):
    """A model of several inputs of shape (features,), given as a list, a dictionary, or one (N, F) matrix.

    It is saved as a stock functional model, so that the file loads without AMBER; a loaded model takes lists and
    dictionaries only.
    """

    def fit(self, x: Any = None, *arguments: object, **options: object) -> Any:
        """As `keras.Model.fit`; `x` and the validation data may be matrices."""
        validation = options.get("validation_data")
        if isinstance(validation, (tuple, list)) and validation:
            options["validation_data"] = (self._blocks(validation[0]), *validation[1:])
        return super().fit(self._blocks(x), *arguments, **options)

    def evaluate(self, x: object = None, *arguments: object, **options: object) -> Any:
        """As `keras.Model.evaluate`; `x` may be a matrix."""
        return super().evaluate(self._blocks(x), *arguments, **options)

    def predict(self, x: TensorTree, *arguments: object, **options: object) -> TensorTree:
        """As `keras.Model.predict`; `x` may be a matrix."""
        return super().predict(self._blocks(x), *arguments, **options)

    def train_on_batch(
        self, x: TensorTree, *arguments: object, **options: object
    ) -> float | list[float] | dict[str, float]:
        """As `keras.Model.train_on_batch`; `x` may be a matrix."""
        return super().train_on_batch(self._blocks(x), *arguments, **options)

    def test_on_batch(
        self, x: TensorTree, *arguments: object, **options: object
    ) -> float | list[float] | dict[str, float]:
        """As `keras.Model.test_on_batch`; `x` may be a matrix."""
        return super().test_on_batch(self._blocks(x), *arguments, **options)

    def predict_on_batch(self, x: TensorTree) -> TensorTree:
        """As `keras.Model.predict_on_batch`; `x` may be a matrix."""
        return super().predict_on_batch(self._blocks(x))

    def __call__(self, inputs: object, *arguments: object, **options: object) -> Any:
        """Call the model on blocks, or on the matrix of all of them."""
        return super().__call__(self._blocks(inputs), *arguments, **options)

    # `training` must be named here: Keras tells a model whether it is training only if its signature asks.
    def call(self, inputs: Any, training: bool | None = None, mask: Any = None, **options: object) -> Any:
        """Compute the outputs of blocks, or of the matrix of all of them."""
        return super().call(self._blocks(inputs), training=training, mask=mask, **options)

    def _blocks(self, inputs: Any) -> Any:
        if isinstance(inputs, (list, tuple)) and len(inputs) == 1:
            (inputs,) = inputs
        if isinstance(inputs, keras.utils.PyDataset) or not hasattr(inputs, "shape") or len(inputs.shape) != 2:
            return inputs
        widths = [int(tensor.shape[-1]) for tensor in self.inputs]
        if inputs.shape[-1] != sum(widths):
            return inputs
        ends = [sum(widths[: k + 1]) for k in range(len(widths))]
        if isinstance(inputs, keras.KerasTensor):
            return list(ops.split(inputs, ends[:-1], axis=-1))
        return [inputs[:, end - width : end] for width, end in zip(widths, ends, strict=True)]
