"""Whether methods and metrics of a model are Keras's own, so that a fast path may pass over them."""

from __future__ import annotations

import keras

from amber.backend.keras_internals.steps import is_stock, metric_function

_OVERRIDABLE = frozenset({"call", "compute_loss", "_compute_loss", "compute_metrics", "get_metrics_result"})
_SUMS = (
    keras.metrics.AUC,
    keras.metrics.Precision,
    keras.metrics.Recall,
)


def has_own_methods(model: keras.Model) -> bool:
    """Say whether a method that a fast path would pass over was replaced on the model itself."""
    return not _OVERRIDABLE.isdisjoint(vars(model))


def is_sum(metric: keras.metrics.Metric) -> bool:
    """Say whether a metric is a sum over examples, so that many batches at once give the numbers of batch by batch."""
    if isinstance(metric, keras.metrics.MeanMetricWrapper):
        return is_stock(type(metric)) and is_stock(metric_function(metric))
    return type(metric) in _SUMS
