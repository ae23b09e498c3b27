"""Loss, metrics and trackers of a compiled model, and the hooks that its training calls."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from amber.types import Tensor, TensorTree

CACHED_EVALUATION = "_use_cached_eval_dataset"
"""Argument with which `fit` calls `evaluate` for validation, on a data set of the model's own."""


def compiled_loss(model: keras.Model) -> keras.losses.Loss | None:
    """Return what `compile` made of the loss; None before."""
    return model._compile_loss


def compiled_metrics(model: keras.Model) -> keras.metrics.Metric | None:
    """Return what `compile` made of the metrics; None where there are none."""
    return model._compile_metrics


def loss_tracker(model: keras.Model) -> keras.metrics.Mean:
    """Return the metric that averages the loss."""
    return model._loss_tracker


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


def forget_own_losses(model: keras.Model) -> None:
    """Forget the losses that calls of a model have added, those of its layers aside."""
    model._losses.clear()
    model._loss_ids.clear()


def is_within_strategy(model: keras.Model) -> bool:
    """Say whether a model on TensorFlow was made under a distribution strategy."""
    return model._distribute_strategy is not None


class TrainingHooks(keras.Model):
    """A Keras model whose training can be prepared and whose reports can be replaced; a mixin before its class.

    What Keras calls for that is not documented, so it has other names here.
    """

    def before_symbolic_build(self) -> None:
        """Called before Keras builds metrics and optimizer with values that have no content."""

    def report_of(self, logs: Mapping[str, Tensor] | None) -> Mapping[str, Tensor] | None:
        """Return what is reported of a step that returned `logs`; None for Keras's own way."""
        return None

    def _symbolic_build(self, *args: object, **kwargs: object) -> None:
        self.before_symbolic_build()
        super()._symbolic_build(*args, **kwargs)

    def _get_metrics_result_or_logs(self, logs: Mapping[str, Tensor] | None) -> Mapping[str, Tensor] | None:
        report = self.report_of(logs)
        return super()._get_metrics_result_or_logs(logs) if report is None else report
