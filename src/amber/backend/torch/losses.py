"""The loss of a batch, computed by torch directly where Keras would compute the same in many small steps.

Each function gives the mean over the batch, Keras' default reduction, of predictions that are probabilities or
numbers, never logits. Anything else is left to `keras.Model`'s own loss. What regularised weights add is here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import torch
from torch import Tensor
from torch.nn import functional

from amber.backend.keras_internals.steps import LossFunctionWrapper, loss_arguments, only_loss
from amber.backend.keras_internals.variables import tensor_of

LossFunction = Callable[[Tensor, Tensor], Tensor]


def _probabilities(predicted: Tensor) -> Tensor:
    small = keras.config.epsilon()
    return predicted.clip(small, 1.0 - small)


def _binary_crossentropy(target: Tensor, predicted: Tensor) -> Tensor:
    return functional.binary_cross_entropy(_probabilities(predicted), target)


def _log_distribution(predicted: Tensor) -> Tensor:
    return _probabilities(predicted / predicted.sum(-1, keepdim=True)).log()


def _categorical_crossentropy(target: Tensor, predicted: Tensor) -> Tensor:
    return -(target * _log_distribution(predicted)).sum() / (predicted.numel() // predicted.shape[-1])


_PLAIN: dict[str, Any] = {"from_logits": False, "label_smoothing": 0.0, "ignore_class": None, "axis": -1}
_ALIKE: dict[Any, LossFunction] = {
    keras.losses.mean_squared_error: lambda target, predicted: functional.mse_loss(predicted, target),
    keras.losses.mean_absolute_error: lambda target, predicted: functional.l1_loss(predicted, target),
    keras.losses.binary_crossentropy: _binary_crossentropy,
    keras.losses.categorical_crossentropy: _categorical_crossentropy,
}


def _mean_squared_error_gradient(target: Tensor, predicted: Tensor) -> Tensor:
    return (predicted - target).mul_(2.0 / predicted.numel())


def _binary_crossentropy_gradient(target: Tensor, predicted: Tensor) -> Tensor:
    inside = _probabilities(predicted)
    gradient = torch.ops.aten.binary_cross_entropy_backward(inside.new_ones(()), inside, target)
    # Where a probability was clipped, it has no gradient.
    return gradient.mul_(inside == predicted)


_GRADIENTS: dict[LossFunction, LossFunction] = {
    _ALIKE[keras.losses.mean_squared_error]: _mean_squared_error_gradient,
    _binary_crossentropy: _binary_crossentropy_gradient,
}


class Loss:
    """A mean over a batch of predictions that have the shape of their targets.

    Called with target and prediction it returns the loss, or None for tensors of shapes that Keras would first adapt.
    """

    def __init__(self, function: LossFunction) -> None:
        self._function = function
        self._gradient = _GRADIENTS.get(function)

    def __call__(self, target: Tensor, predicted: Tensor) -> Tensor | None:
        """Return the loss; None where target and prediction do not fit together as they are."""
        fitting = _fitted(target, predicted)
        return None if fitting is None else self._function(fitting, predicted)

    def with_gradient(self, target: Tensor, predicted: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return the loss and its gradient with respect to the prediction, or None to differentiate otherwise."""
        fitting = None if self._gradient is None else _fitted(target, predicted)
        if fitting is None or self._gradient is None:
            return None
        return self._function(fitting, predicted), self._gradient(fitting, predicted)


def _fitted(target: Tensor, predicted: Tensor) -> Tensor | None:
    if target.dim() == 1 and predicted.dim() == 2:
        target = target.unsqueeze(1)
    if target.shape != predicted.shape:
        return None
    return target if target.dtype is torch.float32 else target.float()


def loss_of(compiled: keras.losses.Loss | None) -> Callable[[Tensor, Tensor], Tensor | None] | None:
    """Return the loss given to `compile` as a function of target and prediction, or None if only Keras knows it.

    The function returns None itself for tensors of shapes that Keras would first adapt.
    """
    loss = only_loss(compiled)
    if not isinstance(loss, LossFunctionWrapper) or type(loss).call is not LossFunctionWrapper.call:
        return None
    if loss.reduction != "sum_over_batch_size" or loss.dtype != "float32" or "call" in vars(loss):
        return None
    if any(name not in _PLAIN or _PLAIN[name] != value for name, value in loss_arguments(loss).items()):
        return None
    if loss.fn is keras.losses.sparse_categorical_crossentropy:
        return _sparse_categorical_crossentropy
    function = _ALIKE.get(loss.fn)
    return None if function is None else Loss(function)


def _sparse_categorical_crossentropy(target: Tensor, predicted: Tensor) -> Tensor | None:
    if target.dim() == 2 and target.shape[1] == 1:
        target = target[:, 0]
    if predicted.dim() != 2 or target.shape != predicted.shape[:1]:
        return None
    return functional.nll_loss(_log_distribution(predicted), target.long(), reduction="sum") / target.shape[0]


def regularizers_of(variables: Iterable[keras.Variable]) -> list[Callable[[], Tensor]]:
    """Return what each regularised variable adds to the loss, as functions without arguments."""
    return [_penalty(variable) for variable in variables if variable.regularizer is not None]


def _penalty(variable: keras.Variable) -> Callable[[], Tensor]:
    regularizer = variable.regularizer
    if type(regularizer) is keras.regularizers.L2:
        return lambda: float(regularizer.l2) * tensor_of(variable).square().sum()
    return lambda: regularizer(variable)
