"""A layer that reads nothing: the activation of its bias, the same for every example.

A feed-forward supernet never prunes, so a layer without inputs stays in the network in this form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from amber.operations import register_operation
from amber.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="amber")
class BiasOnly(keras.layers.Layer):
    """Returns `activation(bias)` for every example, whatever the input holds.

    Args:
        units: number of output features.
        activation: name of a Keras activation; linear by default.
        **base: arguments of `keras.layers.Layer`.

    Input shape (batch, any), output shape (batch, units).
    """

    def __init__(self, units: int, activation: str | Callable[[Tensor], Tensor] | None = None, **base: object) -> None:
        super().__init__(**base)
        self.units = int(units)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Shape) -> None:
        """Make the bias."""
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return the constant row once per example."""
        return constant_rows(self.activation(ops.expand_dims(ops.convert_to_tensor(self.bias), 0)), inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (batch, units)."""
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, object]:
        """Return the arguments."""
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation}


def constant_rows(row: Tensor, like: Tensor) -> Tensor:
    """Repeat a row of shape (1, n) for every example of a tensor."""
    return ops.repeat(row, ops.shape(like)[0], axis=0)


def stock_bias(units: int, activation: str | Callable[[Tensor], Tensor] | None, name: str) -> keras.Sequential:
    """Return the same from stock layers, for models that must load without AMBER.

    The input is multiplied by zero before a dense layer, whose kernel therefore never learns.
    """
    return keras.Sequential(
        [keras.layers.Rescaling(0.0), keras.layers.Dense(units, activation=activation, kernel_initializer="zeros")],
        name=name,
    )


register_operation("bias_only", BiasOnly, required=("units",), search_only=())
