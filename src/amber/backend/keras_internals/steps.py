"""What a training step is made of: losses, metrics, and the slots, counters and parts of an update."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

import keras
from keras.src.losses.losses import LossFunctionWrapper
from keras.src.optimizers.base_optimizer import BaseOptimizer

from amber.backend.keras_internals.variables import tensor_of
from amber.types import Tensor

if TYPE_CHECKING:
    import torch

__all__ = [
    "MAXIMA",
    "MOMENTUMS",
    "VELOCITIES",
    "LossFunctionWrapper",
    "clipped",
    "decay",
    "is_stock",
    "is_stock_adam",
    "learning_rate",
    "loss_arguments",
    "metric_function",
    "only_loss",
    "schedule_of",
    "slot",
    "slots",
    "steps_done",
]

_ADAM = (keras.optimizers.Adam, keras.optimizers.AdamW)
MOMENTUMS, VELOCITIES, MAXIMA = "_momentums", "_velocities", "_velocity_hats"

loss_arguments: Callable[[keras.losses.Loss], Mapping[str, object]] = attrgetter("_fn_kwargs")
"""Return the arguments with which a LossFunctionWrapper calls its function."""

metric_function: Callable[[keras.metrics.MeanMetricWrapper], Callable[..., Tensor]] = attrgetter("_fn")
"""Return the function whose mean a MeanMetricWrapper is."""

steps_done: Callable[[keras.optimizers.Optimizer], torch.Tensor] = attrgetter("_iterations._value")
"""Return the counter of steps, as a tensor that may be written to."""


def only_loss(compiled: keras.losses.Loss | None) -> keras.losses.Loss | None:
    """Return the loss of a model with one output and no loss weight; None for any other, or before the first batch."""
    losses = getattr(compiled, "_flat_losses", None)
    if not losses or len(losses) != 1 or losses[0].path != () or losses[0].loss_weights is not None:
        return None
    return losses[0].loss


def is_stock(thing: object) -> bool:
    """Say whether a class or function is Keras's own."""
    return str(getattr(thing, "__module__", "")).startswith("keras.src.")


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


def schedule_of(optimizer: keras.optimizers.Optimizer) -> object | None:
    """Return the schedule that gives the learning rate of every step; None where it is a value."""
    rate = optimizer._learning_rate
    return None if isinstance(rate, keras.Variable) else rate


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
