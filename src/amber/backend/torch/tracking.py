"""Losses and metrics of many batches, brought to Keras' own metric objects at once.

Every batch only notes its loss, targets and predictions; `flush` updates `keras.Model`'s metrics with all of them
together. That gives the numbers of batch-wise updates for metrics that are sums over samples, which the stock ones
here are; any other metric is updated with every batch.
"""

from __future__ import annotations

from typing import Any

import keras
import torch
from torch import Tensor

from amber.backend.keras_internals.losses import is_stock, metric_function
from amber.backend.keras_internals.models import compiled_metrics, loss_tracker
from amber.backend.keras_internals.variables import tensor_of
from amber.types import TensorTree

_SUMS = (
    keras.metrics.AUC,
    keras.metrics.Precision,
    keras.metrics.Recall,
)
_MOST_BATCHES = 64
_MOST_NUMBERS = 1 << 22


Noted = tuple[Tensor, Tensor, Tensor | None]
"""Targets, predictions and weights of a batch."""


class Tracker:
    """What batches have noted and the metrics have not yet seen."""

    def __init__(self) -> None:
        self._losses: list[Tensor] = []
        self._sizes: list[int] = []
        self._batches: list[tuple[Any, Any, Any]] = []
        self._numbers = 0

    def note_loss(self, loss: Tensor, size: int) -> None:
        """Note the mean loss of a batch of `size` samples."""
        self._losses.append(loss.detach())
        self._sizes.append(size)

    def note_batch(self, model: keras.Model, y: TensorTree, predicted: TensorTree, sample_weight: TensorTree) -> None:
        """Note targets and predictions, or update metrics that cannot wait."""
        metrics = compiled_metrics(model)
        if metrics is not None:
            if isinstance(y, Tensor) and isinstance(predicted, Tensor) and _can_wait(metrics):
                self._batches.append((y, predicted.detach(), sample_weight))
                self._numbers += y.numel() + predicted.numel()
            else:
                metrics.update_state(y, predicted, sample_weight)
        if len(self._losses) >= _MOST_BATCHES or self._numbers > _MOST_NUMBERS:
            self.flush(model)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def flush(self, model: keras.Model) -> None:
        """Bring everything noted to the metrics of the model."""
        if self._losses:
            sizes = torch.tensor(self._sizes, dtype=torch.float32, device=self._losses[0].device)
            tracker = loss_tracker(model)
            tensor_of(tracker.total).add_((torch.stack(self._losses) * sizes).sum())
            tensor_of(tracker.count).add_(sizes.sum())
        batches, metrics = self._batches, compiled_metrics(model)
        self._losses, self._sizes, self._batches, self._numbers = [], [], [], 0
        if metrics is None:
            return
        for group in _alike(batches):
            y, predicted, weights = zip(*group, strict=True)
            metrics.update_state(torch.cat(y), torch.cat(predicted), None if weights[0] is None else torch.cat(weights))


def _alike(batches: list[Noted]) -> list[list[Noted]]:
    """Neighbouring batches that can be joined: those with and those without weights stay apart."""
    groups: list[list[Noted]] = []
    for batch in batches:
        if groups and (groups[-1][0][2] is None) == (batch[2] is None):
            groups[-1].append(batch)
        else:
            groups.append([batch])
    return groups


def _can_wait(metrics: keras.metrics.Metric) -> bool:
    return bool(metrics.built) and all(_is_sum(metric) for metric in metrics.metrics)


def _is_sum(metric: object) -> bool:
    if isinstance(metric, keras.metrics.MeanMetricWrapper):
        return is_stock(type(metric)) and is_stock(metric_function(metric))
    return type(metric) in _SUMS
