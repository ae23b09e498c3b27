"""How models on torch are fed and report: one permutation per epoch, metrics of many batches at once.

`FastTraining` is what every fast model has in common, whatever runs a batch of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import keras
from torch import Tensor

from amber.backend.base_model import BaseModel
from amber.backend.bound_arguments import bind, documented_as
from amber.backend.callback_list import BatchlessCallbackList, callback_list
from amber.backend.keras_internals.models import CACHED_EVALUATION, TrainingHooks
from amber.backend.torch.feeding import adapter_for
from amber.backend.torch.tracking import Tracker
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.backend.keras_internals.adapters import DataAdapter


class Reports:
    """What a model has noted of its batches, and whether anybody asks for it between them."""

    def __init__(self) -> None:
        self.tracker = Tracker()
        self.is_quiet = False

    @contextmanager
    def quiet(self, is_quiet: bool) -> Iterator[None]:
        """Within this context steps report nothing, or all they know."""
        before, self.is_quiet = self.is_quiet, is_quiet
        try:
            yield
        finally:
            self.is_quiet = before


class FastTraining(TrainingHooks, BaseModel):
    """Feeding and reporting of a Keras model; a mixin that stands before the model's class.

    A subclass gives `_execution`, which holds the Reports, and calls `_report` at the end of its steps.
    """

    @property
    def _execution(self) -> Reports:
        raise NotImplementedError(f"{type(self).__name__} does not define _execution.")

    def _report(
        self, loss: Tensor, x: TensorTree, y: TensorTree, predicted: TensorTree, sample_weight: TensorTree
    ) -> dict[str, Tensor]:
        execution = self._execution
        size = next(tensor for tensor in keras.tree.flatten(x) if tensor is not None).shape[0]
        execution.tracker.note_loss(loss, size)
        if type(self).compute_metrics is not keras.Model.compute_metrics:
            return self.compute_metrics(x, y, predicted, sample_weight=sample_weight)
        execution.tracker.note_batch(self, y, predicted, sample_weight)
        return _Unreported() if execution.is_quiet else self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Tensor]:
        """Return the values of the metrics, as `keras.Model.get_metrics_result`."""
        self._execution.tracker.flush(self)
        return super().get_metrics_result()

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        self._execution.tracker.flush(self)
        super().reset_metrics()

    def report_of(self, logs: Mapping[str, Tensor] | None) -> Mapping[str, Tensor] | None:
        """Return the values of the metrics where a step has left them out."""
        return self.get_metrics_result() if isinstance(logs, _Unreported) else None

    def _adapter_for(
        self, x: TensorTree, y: TensorTree = None, sample_weight: TensorTree = None, **options: object
    ) -> DataAdapter:
        return adapter_for(x, y, sample_weight, **options)

    def _quietly(self, is_quiet: bool) -> AbstractContextManager[None]:
        return self._execution.quiet(is_quiet)

    @documented_as(keras.Model.evaluate)
    def evaluate(self, *args: object, **kwargs: object) -> float | list[float] | dict[str, float]:
        """Evaluate as `keras.Model.evaluate` does, with the same arguments."""
        if kwargs.get(CACHED_EVALUATION):
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
        method: Callable[..., object],
        data: tuple[TensorTree, TensorTree, TensorTree],
        options: dict[str, object],
    ) -> Any:
        steps, verbose = options.get("steps"), options.get("verbose", "auto")
        adapter = adapter_for(*data, batch_size=options.get("batch_size"), steps_per_epoch=steps)
        options["callbacks"] = callback_list(
            options.get("callbacks"),
            self,
            add_history=False,
            verbose=verbose,
            epochs=1,
            steps=steps or adapter.num_batches,
        )
        with self._quietly(isinstance(options["callbacks"], BatchlessCallbackList)):
            return method(x=adapter, **options)

    @documented_as(keras.Model.train_on_batch)
    def train_on_batch(self, *args: object, **kwargs: object) -> float | list[float] | dict[str, float]:
        """Train on one batch and return its metrics, as `keras.Model.train_on_batch`."""
        with self._execution.quiet(False):
            return super().train_on_batch(*args, **kwargs)

    @documented_as(keras.Model.test_on_batch)
    def test_on_batch(self, *args: object, **kwargs: object) -> float | list[float] | dict[str, float]:
        """Evaluate one batch, as `keras.Model.test_on_batch`."""
        with self._execution.quiet(False):
            return super().test_on_batch(*args, **kwargs)


class _Unreported(dict[str, Any]):
    """What a step returns where nobody looks at its metrics."""
