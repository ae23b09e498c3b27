"""Activations and their derivatives, of arrays that hold a row for each unit and a column for each example."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from amber.types import Array


class Activation(NamedTuple):
    """An activation and its derivative, both in place.

    Attributes:
        apply: overwrites what a layer computed with what it gives.
        derive: overwrites the gradient of what a layer gave, its first argument, with that of what it computed; the
            second is what it gave.
    """

    apply: Callable[[Array], object]
    derive: Callable[[Array, Array], object]


def _nothing(*_: Array) -> None:
    """Do nothing."""


def _relu(values: Array) -> None:
    np.maximum(values, 0, out=values)


def _derive_relu(gradient: Array, given: Array) -> None:
    np.multiply(gradient, given > 0, out=gradient)


def _leaky_relu(values: Array) -> None:
    np.maximum(values, values * np.float32(0.2), out=values)


def _derive_leaky_relu(gradient: Array, given: Array) -> None:
    np.multiply(gradient, np.where(given > 0, np.float32(1), np.float32(0.2)), out=gradient)


def _elu(values: Array) -> None:
    np.expm1(values, out=values, where=values < 0)


def _derive_elu(gradient: Array, given: Array) -> None:
    np.multiply(gradient, np.minimum(given, 0) + 1, out=gradient)


def _sigmoid(values: Array) -> None:
    np.negative(values, out=values)
    np.minimum(values, np.float32(88), out=values)  # beyond it exp is infinite in float32
    np.exp(values, out=values)
    values += 1
    np.reciprocal(values, out=values)


def _derive_sigmoid(gradient: Array, given: Array) -> None:
    gradient *= given * (1 - given)


def _tanh(values: Array) -> None:
    np.tanh(values, out=values)


def _derive_tanh(gradient: Array, given: Array) -> None:
    gradient *= 1 - given * given


def _softmax(values: Array) -> None:
    values -= values.max(axis=0)
    np.exp(values, out=values)
    values /= values.sum(axis=0)


def _derive_softmax(gradient: Array, given: Array) -> None:
    gradient -= (gradient * given).sum(axis=0)
    gradient *= given


ACTIVATIONS: dict[object, Activation] = {
    keras.activations.linear: Activation(_nothing, _nothing),
    keras.activations.relu: Activation(_relu, _derive_relu),
    keras.activations.leaky_relu: Activation(_leaky_relu, _derive_leaky_relu),
    keras.activations.elu: Activation(_elu, _derive_elu),
    keras.activations.sigmoid: Activation(_sigmoid, _derive_sigmoid),
    keras.activations.tanh: Activation(_tanh, _derive_tanh),
    keras.activations.softmax: Activation(_softmax, _derive_softmax),
}
"""By the function of Keras."""
