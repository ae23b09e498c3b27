"""Slots, counters and parts of an update of Keras's optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras
from keras.src.optimizers.base_optimizer import BaseOptimizer

from amber.backend.keras_internals.losses import is_stock
from amber.backend.keras_internals.variables import tensor_of
from amber.types import Tensor

if TYPE_CHECKING:
    import torch

_ADAM = (keras.optimizers.Adam, keras.optimizers.AdamW)
MOMENTUMS, VELOCITIES, MAXIMA = "_momentums", "_velocities", "_velocity_hats"


def is_stock_adam(optimizer: keras.optimizers.Optimizer) -> bool:
    """Say whether an optimizer is Keras's Adam or AdamW with nothing of it replaced."""
    kinds = type(optimizer).__mro__[:1] + type(optimizer).__bases__
    return (
        is_stock(type(optimizer))
        and any(kind in _ADAM for kind in kinds)
        and not any(name in vars(optimizer) for name in ("apply", "update_step"))
        and type(optimizer).apply is BaseOptimizer.apply
    )


def slot(optimizer: keras.optimizers.Optimizer, kind: str, variable: keras.Variable) -> keras.Variable:
    """Return what Adam remembers of a variable, as a variable: one of MOMENTUMS, VELOCITIES, MAXIMA."""
    return getattr(optimizer, kind)[optimizer._get_variable_index(variable)]


def slots(optimizer: keras.optimizers.Optimizer, kind: str, variables: Sequence[keras.Variable]) -> list[torch.Tensor]:
    """Return what Adam remembers of each variable, as tensors."""
    return [tensor_of(slot(optimizer, kind, variable)) for variable in variables]


def steps_done(optimizer: keras.optimizers.Optimizer) -> torch.Tensor:
    """Return the counter of steps, as a tensor that may be written to."""
    return tensor_of(optimizer._iterations)


def learning_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """Return the learning rate of the next step."""
    rate = optimizer._learning_rate
    return float(tensor_of(rate).item() if isinstance(rate, keras.Variable) else optimizer.learning_rate)


def clipped(optimizer: keras.optimizers.Optimizer, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Return gradients clipped as the optimizer is set to."""
    return optimizer._clip_gradients(gradients)


def decay(optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable]) -> None:
    """Apply the optimizer's weight decay to variables."""
    optimizer._apply_weight_decay(variables)
