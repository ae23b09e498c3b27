"""Keras activations as torch functions of one tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import torch
from torch import Tensor
from torch.nn import functional

from amber.backend.torch.layouts import Layout

Activation = Callable[[Tensor], Tensor]


def _leaky_relu(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2)


def _unchanged(x: Tensor) -> Tensor:
    return x


def _softmax_last(x: Tensor) -> Tensor:
    return torch.softmax(x, -1)


def _softmax_second(x: Tensor) -> Tensor:
    return torch.softmax(x, 1)


_ELEMENT_WISE: dict[Any, Activation] = {
    None: _unchanged,
    keras.activations.linear: _unchanged,
    keras.activations.relu: torch.relu,
    keras.activations.leaky_relu: _leaky_relu,
    keras.activations.elu: functional.elu,
    keras.activations.selu: functional.selu,
    keras.activations.sigmoid: torch.sigmoid,
    keras.activations.tanh: torch.tanh,
    keras.activations.softplus: functional.softplus,
    keras.activations.silu: functional.silu,
    keras.activations.gelu: functional.gelu,
    keras.activations.hard_sigmoid: functional.hardsigmoid,
}


def activation_for(activation: Callable[..., Tensor] | None, layout: Layout) -> Activation | None:
    """Return the torch function of a Keras activation, or None for one that is not known."""
    try:
        if activation is keras.activations.softmax:
            return _softmax_last if layout is Layout.KERAS else _softmax_second
        return _ELEMENT_WISE.get(activation)
    except TypeError:  # not hashable
        return None
