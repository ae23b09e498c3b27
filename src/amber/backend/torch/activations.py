"""Keras activations as torch functions of one tensor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import torch
from torch import Tensor
from torch.nn import functional

Activation = Callable[[Tensor], Tensor]


def _leaky_relu(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2)


def _unchanged(x: Tensor) -> Tensor:
    return x


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


def activation_for(activation: Callable[..., Tensor] | None, channels: int = -1) -> Activation | None:
    """Return the torch function of a Keras activation, or None for one that is not known.

    Args:
        activation: of Keras.
        channels: the axis of the channels, over which softmax is.
    """
    try:
        if activation is keras.activations.softmax:
            return partial(torch.softmax, dim=channels)
        return _ELEMENT_WISE.get(activation)
    except TypeError:  # not hashable
        return None
