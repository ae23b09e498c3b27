"""Whether methods, loss and metrics of a model are Keras's own, so that a fast path may pass over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from amber.backend.keras_internals.steps import (
    LossFunctionWrapper,
    is_stock,
    loss_arguments,
    metric_function,
    only_loss,
)

_OVERRIDABLE = frozenset({"call", "compute_loss", "_compute_loss", "compute_metrics", "get_metrics_result"})
_SUMS = (
    keras.metrics.AUC,
    keras.metrics.Precision,
    keras.metrics.Recall,
)
# Arguments of losses that change nothing.
_PLAIN: dict[str, object] = {"from_logits": False, "label_smoothing": 0.0, "ignore_class": None, "axis": -1}


def has_own_methods(model: keras.Model) -> bool:
    """Say whether a method that a fast path would pass over was replaced on the model itself."""
    return not _OVERRIDABLE.isdisjoint(vars(model))


def is_sum(metric: keras.metrics.Metric) -> bool:
    """Say whether a metric is a sum over examples, so that many batches at once give the numbers of batch by batch."""
    if isinstance(metric, keras.metrics.MeanMetricWrapper):
        return is_stock(type(metric)) and is_stock(metric_function(metric))
    return type(metric) in _SUMS


def plain_loss(compiled: keras.losses.Loss | None) -> Callable[..., Any] | None:
    """Return Keras's function of the one loss given to `compile`, in float32 and averaged; None if it does more."""
    loss = only_loss(compiled)
    if not isinstance(loss, LossFunctionWrapper) or type(loss).call is not LossFunctionWrapper.call:
        return None
    if loss.reduction != "sum_over_batch_size" or loss.dtype != "float32" or "call" in vars(loss):
        return None
    if any(name not in _PLAIN or _PLAIN[name] != value for name, value in loss_arguments(loss).items()):
        return None
    return loss.fn
