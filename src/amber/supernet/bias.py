"""A layer that reads nothing: the activation of its bias, the same for every sample.

A feed-forward supernet never prunes, so a layer to which nothing is connected stays in the network as this.
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
    """Gives `activation(bias)` for every sample, whatever the input holds.

    Args:
        units: number of features given.
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
        """Return the constant row once per sample."""
        return constant_rows(self.activation(ops.expand_dims(ops.convert_to_tensor(self.bias), 0)), inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (batch, units)."""
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, object]:
        """Return the arguments."""
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation}


def constant_rows(row: Tensor, like: Tensor) -> Tensor:
    """Return a row of shape (1, n) once for every sample of a tensor."""
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
