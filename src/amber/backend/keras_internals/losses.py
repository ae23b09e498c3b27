"""What a compiled loss or metric is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from keras.src.losses.losses import LossFunctionWrapper

from amber.types import Tensor

if TYPE_CHECKING:
    import keras

__all__ = ["LossFunctionWrapper", "is_stock", "loss_arguments", "metric_function", "only_loss"]


def only_loss(compiled: keras.losses.Loss | None) -> keras.losses.Loss | None:
    """Return the loss of a model with one output and no loss weight; None for any other, or before the first batch."""
    losses = getattr(compiled, "_flat_losses", None)
    if not losses or len(losses) != 1 or losses[0].path != () or losses[0].loss_weights is not None:
        return None
    return losses[0].loss


def loss_arguments(loss: keras.losses.Loss) -> Mapping[str, object]:
    """Return the arguments with which a LossFunctionWrapper calls its function."""
    arguments: Mapping[str, Any] = loss._fn_kwargs
    return arguments


def metric_function(metric: keras.metrics.MeanMetricWrapper) -> Callable[..., Tensor]:
    """Return the function whose mean a MeanMetricWrapper is."""
    return metric._fn


def is_stock(thing: object) -> bool:
    """Say whether a class or function is Keras's own."""
    return str(getattr(thing, "__module__", "")).startswith("keras.src.")
