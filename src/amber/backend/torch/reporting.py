"""How models on torch are fed and report: one permutation per epoch, metrics of many batches at once.

`FastTraining` is what every fast model has in common, whatever runs a batch of it. Every batch only notes its loss,
targets and predictions in `Reports`, which updates Keras's own metric objects with all of them together. That gives the
numbers of batch-wise updates for metrics that are sums over samples, which the stock ones here are; any other metric is
updated with every batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import torch
from torch import Tensor

from amber.backend.base_model import BaseModel, BatchlessCallbackList, callback_list
from amber.backend.bound_arguments import bind, documented_as
from amber.backend.keras_internals.models import (
    CACHED_EVALUATION,
    LateReports,
    Unreported,
    compiled_metrics,
    loss_tracker,
)
from amber.backend.keras_internals.variables import tensor_of
from amber.backend.stock_parts import is_sum
from amber.backend.torch.feeding import adapter_for
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.backend.keras_internals.fit import DataAdapter

_MOST_BATCHES = 64
_MOST_NUMBERS = 1 << 22


Noted = tuple[Tensor, Tensor, Tensor | None]
"""Targets, predictions and weights of a batch."""


class Reports:
    """What batches have noted and the metrics have not yet seen.

    Attributes:
        is_quiet: whether nobody looks at the metrics between batches.
    """

    def __init__(self) -> None:
        self.is_quiet = False
        self._metrics: keras.metrics.Metric | None = None
        self._can_wait = False
        self._losses: list[Tensor] = []
        self._sizes: list[int] = []
        self._batches: list[tuple[Any, Any, Any]] = []
        self._numbers = 0

    def refresh(self, model: keras.Model) -> object:
        """Bring what a subclass keeps up to date; called when training, evaluation or prediction begins."""
        return None

    def report(
        self,
        model: keras.Model,
        loss: Tensor,
        x: TensorTree,
        y: TensorTree,
        predicted: TensorTree,
        sample_weight: TensorTree,
    ) -> dict[str, Tensor]:
        """Note a batch with its mean loss, or update metrics that cannot wait; return what its step returns."""
        self._losses.append(loss.detach())
        self._sizes.append(next(tensor for tensor in keras.tree.flatten(x) if tensor is not None).shape[0])
        if type(model).compute_metrics is not keras.Model.compute_metrics:
            return model.compute_metrics(x, y, predicted, sample_weight=sample_weight)
        metrics = compiled_metrics(model)
        if metrics is not None:
            if metrics is not self._metrics and metrics.built:
                self._metrics, self._can_wait = metrics, all(is_sum(metric) for metric in metrics.metrics)
            waits = self._can_wait and metrics is self._metrics
            if waits and isinstance(y, Tensor) and isinstance(predicted, Tensor):
                self._batches.append((y, predicted.detach(), sample_weight))
                self._numbers += y.numel() + predicted.numel()
            else:
                metrics.update_state(y, predicted, sample_weight)
        if len(self._losses) >= _MOST_BATCHES or self._numbers > _MOST_NUMBERS:
            self.flush(model)
        return Unreported() if self.is_quiet else model.get_metrics_result()

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


class FastTraining(LateReports, BaseModel):
    """Feeding and reporting of a Keras model; a mixin that stands before the model's class.

    A subclass gives `_execution`, which holds the Reports, and ends its steps with their `report`.
    """

    @property
    def _execution(self) -> Reports:
        raise NotImplementedError(f"{type(self).__name__} does not define _execution.")

    def get_metrics_result(self) -> dict[str, Tensor]:
        """Return the values of the metrics, as `keras.Model.get_metrics_result`."""
        self._execution.flush(self)
        return super().get_metrics_result()

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        self._execution.flush(self)
        super().reset_metrics()

    _adapter_for = staticmethod(adapter_for)

    @contextmanager
    def _quietly(self, is_quiet: bool, adapters: Sequence[DataAdapter] = ()) -> Iterator[None]:
        execution = self._execution
        execution.refresh(self)
        before, execution.is_quiet = execution.is_quiet, is_quiet
        try:
            yield
        finally:
            execution.is_quiet = before

    @documented_as(keras.Model.evaluate)
    def evaluate(self, *args: object, **kwargs: object) -> float | list[float] | dict[str, float]:
        """Evaluate as `keras.Model.evaluate` does, with the same arguments."""
        if kwargs.get(CACHED_EVALUATION):
            self._execution.refresh(self)
            return super().evaluate(*args, **kwargs)
        options = bind(keras.Model.evaluate, self, args, kwargs)
        data = options.pop("x", None), options.pop("y", None), options.pop("sample_weight", None)
        return self._go_through(super().evaluate, data, options)

    @documented_as(keras.Model.predict)
    def predict(self, *args: object, **kwargs: object) -> TensorTree:
        """Predict as `keras.Model.predict` does, with the same arguments."""
        options = bind(keras.Model.predict, self, args, kwargs)
        return self._go_through(super().predict, (options.pop("x"), None, None), options)

    def _go_through(
        self,
        method: Callable[..., Any],
        data: tuple[TensorTree, TensorTree, TensorTree],
        options: dict[str, object],
    ) -> Any:
        steps, verbose = options.get("steps"), options.get("verbose", "auto")
        adapter = adapter_for(*data, batch_size=options.get("batch_size"), steps_per_epoch=steps)
        options["callbacks"] = callback_list(
            options.get("callbacks"),
            self,
            keeps_history=False,
            verbose=verbose,
            epochs=1,
            steps=steps or adapter.num_batches,
        )
        with self._quietly(isinstance(options["callbacks"], BatchlessCallbackList)):
            return method(x=adapter, **options)

    @documented_as(keras.Model.train_on_batch)
    def train_on_batch(self, *args: object, **kwargs: object) -> float | list[float] | dict[str, float]:
        """Train on one batch and return its metrics, as `keras.Model.train_on_batch`."""
        with self._quietly(False):
            return super().train_on_batch(*args, **kwargs)

    @documented_as(keras.Model.test_on_batch)
    def test_on_batch(self, *args: object, **kwargs: object) -> float | list[float] | dict[str, float]:
        """Evaluate one batch, as `keras.Model.test_on_batch`."""
        with self._quietly(False):
            return super().test_on_batch(*args, **kwargs)

    @documented_as(keras.Model.predict_on_batch)
    def predict_on_batch(self, *args: object, **kwargs: object) -> TensorTree:
        """Predict one batch, as `keras.Model.predict_on_batch`."""
        self._execution.refresh(self)
        return super().predict_on_batch(*args, **kwargs)


def _alike(batches: list[Noted]) -> list[list[Noted]]:
    """Neighbouring batches that can be joined: those with and those without weights stay apart."""
    groups: list[list[Noted]] = []
    for batch in batches:
        if groups and (groups[-1][0][2] is None) == (batch[2] is None):
            groups[-1].append(batch)
        else:
            groups.append([batch])
    return groups
