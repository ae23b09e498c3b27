"""Loss, metrics and trackers of a compiled model, and what its training reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import keras

from amber.backend.keras_internals.graphs import layers_within
from amber.types import Tensor, TensorTree

CACHED_EVALUATION = "_use_cached_eval_dataset"
"""Argument with which `fit` calls `evaluate` for validation, on a data set of the model's own."""


compiled_loss: Callable[[keras.Model], keras.losses.Loss | None] = attrgetter("_compile_loss")
"""Return what `compile` made of the loss; None before."""

compiled_metrics: Callable[[keras.Model], keras.metrics.Metric | None] = attrgetter("_compile_metrics")
"""Return what `compile` made of the metrics; None where there are none."""

loss_tracker: Callable[[keras.Model], keras.metrics.Mean] = attrgetter("_loss_tracker")
"""Return the metric that averages the loss."""


def compute_loss(
    model: keras.Model,
    x: TensorTree,
    y: TensorTree,
    predicted: TensorTree,
    sample_weight: TensorTree,
    training: bool,
) -> Tensor:
    """Return the loss of a batch, the model's own penalties among it, whichever arguments `compute_loss` takes."""
    compute = getattr(model, "_compute_loss", model.compute_loss)
    return compute(x=x, y=y, y_pred=predicted, sample_weight=sample_weight, training=training)


def check_compiled(model: keras.Model, method: str) -> None:
    """Raise Keras's error where a model is not compiled."""
    model._assert_compile_called(method)


def forget_losses(model: keras.Model) -> None:
    """Forget the losses that calls of a model and of its layers have added."""
    model._clear_losses()


def take_added_losses(model: keras.Model) -> list[Any]:
    """Return the losses that the calls of a model's layers have added, and forget them."""
    added = [loss for layer in layers_within(model) for loss in layer._losses]
    forget_losses(model)
    return added


def forget_own_losses(model: keras.Model) -> None:
    """Forget the losses that calls of a model have added, those of its layers aside."""
    model._losses.clear()
    model._loss_ids.clear()


def is_within_strategy(model: keras.Model) -> bool:
    """Say whether a model on TensorFlow was made under a distribution strategy."""
    return model._distribute_strategy is not None


class Unreported(dict[str, Tensor]):
    """What a step returns where nobody looks at its metrics."""


class LateReports(keras.Model):
    """A Keras model whose steps may return `Unreported`; a mixin before its class."""

    def _get_metrics_result_or_logs(self, logs: Mapping[str, Tensor] | None) -> Mapping[str, Tensor] | None:
        if isinstance(logs, Unreported):
            return self.get_metrics_result()
        return super()._get_metrics_result_or_logs(logs)
