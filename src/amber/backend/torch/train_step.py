"""A training step on torch: the loss of a batch, and one fused update of all trainable variables.

A loss is computed by torch directly where Keras would compute the same in many small steps: the mean over the batch,
Keras' default reduction, of predictions that are probabilities or numbers, never logits. What regularised weights add
is here as well. Anything else is left to `keras.Model`'s own loss.

The update works on the slots of the Keras optimizer itself. Adam and AdamW on the CPU are one kernel over all
variables; the formula, with its epsilon outside the corrected root (Kingma and Ba, arXiv 1412.6980, end of section 2),
is Keras'. Any other optimizer, or one that accumulates gradients, averages weights or scales losses, is applied by
Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from amber.backend.keras_internals.graphs import layer_count
from amber.backend.keras_internals.models import compiled_loss, compute_loss
from amber.backend.keras_internals.steps import (
    MAXIMA,
    MOMENTUMS,
    VELOCITIES,
    clipped,
    decay,
    is_stock_adam,
    learning_rate,
    schedule_of,
    slots,
    steps_done,
)
from amber.backend.keras_internals.variables import is_trainable_by_itself, tensor_of
from amber.backend.stock_parts import plain_loss
from amber.backend.torch.schedules import cosine_rate
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.backend.torch.plan import Plan

# So many steps that torch's own corrections are 1: Keras' are in the learning rate.
MANY_STEPS = 1e12


Gradients = Sequence[Tensor | None] | None


class TrainStep:
    """The loss and the update of a compiled model.

    Attributes:
        parameters: the tensors that are trained.
        is_trainable: whether there are any, and an optimizer that knows them.
    """

    def __init__(self, model: keras.Model, plan: Plan) -> None:
        self._compiled_loss, self._optimizer = compiled_loss(model), model.optimizer
        self._variables = tuple(model.variables)
        self._switches = self._read_switches(model)
        trainable = model.trainable_variables
        self.parameters = [tensor_of(variable) for variable in trainable]
        self.is_trainable = bool(trainable) and self._optimizer is not None and self._optimizer.built
        # A loss of the model's own is asked for at every batch.
        self._loss = loss_of(compiled_loss(model)) if type(model).compute_loss is keras.Model.compute_loss else None
        self._penalties = [_penalty(variable) for variable in trainable if variable.regularizer is not None]
        self._adds_losses = plan.calls_layers
        if self.is_trainable:
            self.update = make_update(self._optimizer, trainable)

    def _read_switches(self, model: keras.Model) -> list[int]:
        return [is_trainable_by_itself(model), layer_count(model), *map(is_trainable_by_itself, self._variables)]

    def is_current(self, model: keras.Model) -> bool:
        """Whether the model is still compiled, and its variables trainable, as they were."""
        return (
            compiled_loss(model) is self._compiled_loss
            and model.optimizer is self._optimizer
            and self._read_switches(model) == self._switches
        )

    def loss(
        self,
        model: keras.Model,
        x: TensorTree,
        y: TensorTree,
        predicted: TensorTree,
        sample_weight: TensorTree,
        training: bool,
    ) -> Tensor:
        """The loss of a batch, as `keras.Model.compute_loss`."""
        loss = None
        if self._loss is not None and sample_weight is None and isinstance(y, Tensor) and isinstance(predicted, Tensor):
            loss = self._loss(y, predicted)
        if loss is None or self._adds_losses:
            return compute_loss(model, x, y, predicted, sample_weight, training)
        if self._penalties:
            loss = loss + torch.stack([penalty() for penalty in self._penalties]).sum()
        return loss


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
        return None if fitting is None else self._function(fitting, predicted.float())

    def with_gradient(self, target: Tensor, predicted: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return the loss and its gradient with respect to the prediction, or None to differentiate otherwise."""
        fitting = None if self._gradient is None else _fitted(target, predicted)
        if fitting is None or self._gradient is None:
            return None
        known = predicted.float()
        return self._function(fitting, known), self._gradient(fitting, known).to(predicted.dtype)


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
    stock = plain_loss(compiled)
    if stock is keras.losses.sparse_categorical_crossentropy:
        return _sparse_categorical_crossentropy
    function = _ALIKE.get(stock)
    return None if function is None else Loss(function)


def _sparse_categorical_crossentropy(target: Tensor, predicted: Tensor) -> Tensor | None:
    if target.dim() == 2 and target.shape[1] == 1:
        target = target[:, 0]
    if predicted.dim() != 2 or target.shape != predicted.shape[:1]:
        return None
    return functional.nll_loss(_log_distribution(predicted.float()), target.long(), reduction="sum") / target.shape[0]


def _penalty(variable: keras.Variable) -> Callable[[], Tensor]:
    """Return a function that gives what a regularised variable adds to the loss."""
    regularizer = variable.regularizer
    if type(regularizer) is keras.regularizers.L2:
        return lambda: float(regularizer.l2) * tensor_of(variable).square().sum()
    return lambda: regularizer(variable)


def make_update(optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable]) -> Callable[..., None]:
    """Return a function that updates the variables along gradients, by default those `backward` left on them."""
    parameters = [tensor_of(variable) for variable in variables]

    def leave_to_keras(given: Gradients = None) -> None:
        with torch.no_grad():
            optimizer.apply([parameter.grad for parameter in parameters] if given is None else given, variables)

    if not is_fused(optimizer, parameters) or any(
        getattr(variable, "overwrite_with_gradient", False) for variable in variables
    ):
        return leave_to_keras
    momentums, velocities = slots(optimizer, MOMENTUMS, variables), slots(optimizer, VELOCITIES, variables)
    maxima = slots(optimizer, MAXIMA, variables) if optimizer.amsgrad else []
    steps = [torch.tensor(MANY_STEPS)] * len(parameters)
    constraints = [_constrain(variable) for variable in variables if variable.constraint is not None]
    clips = any(bound is not None for bound in (optimizer.clipnorm, optimizer.clipvalue, optimizer.global_clipnorm))

    def update(given: Gradients = None) -> None:
        gradients: Any = [parameter.grad for parameter in parameters] if given is None else given
        if any(gradient is None for gradient in gradients):
            return leave_to_keras(given)
        with torch.no_grad():
            if given is not None:
                # The kernel takes all tensors to lie alike; the gradient of a turned convolution kernel lies turned.
                gradients = [gradient.contiguous() for gradient in gradients]
            if clips:
                gradients = clipped(optimizer, gradients)
            if optimizer.weight_decay is not None:
                decay(optimizer, variables)
            torch._fused_adam_(
                parameters,
                gradients,
                momentums,
                velocities,
                maxima,
                steps,
                lr=corrected_rate(optimizer),
                beta1=optimizer.beta_1,
                beta2=optimizer.beta_2,
                weight_decay=0.0,
                eps=optimizer.epsilon,
                amsgrad=optimizer.amsgrad,
                maximize=False,
            )
            for constrain in constraints:
                constrain()
            steps_done(optimizer).add_(1)
        return None

    return update


def is_fused(optimizer: keras.optimizers.Optimizer, parameters: Sequence[Tensor]) -> bool:
    """Whether the fused kernel does what the optimizer does, for tensors like these."""
    return (
        is_stock_adam(optimizer)
        and optimizer.built
        and not (optimizer.use_ema or optimizer.gradient_accumulation_steps or optimizer.loss_scale_factor)
        and all(p.device.type == "cpu" and p.dtype is torch.float32 and p.is_contiguous() for p in parameters)
    )


def corrected_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """Return the learning rate times the bias corrections of this step, in float32 as Keras has them."""
    done = int(steps_done(optimizer).item())
    step = np.float32(done + 1)
    first, second = 1 - np.float32(optimizer.beta_1) ** step, 1 - np.float32(optimizer.beta_2) ** step
    scheduled = cosine_rate(schedule_of(optimizer), done)
    rate = float(np.float32(learning_rate(optimizer))) if scheduled is None else scheduled
    return rate * math.sqrt(second) / float(first)


def _constrain(variable: keras.Variable) -> Callable[[], None]:
    """Return a function that puts a constrained variable back into its bounds; to be called without gradients."""
    constraint = variable.constraint
    if type(constraint) is not keras.constraints.MaxNorm:
        return lambda: variable.assign(constraint(variable))

    def shorten() -> None:
        # The same formula as Keras': lengths are divided by (length + epsilon) where they are in bounds too.
        weights = tensor_of(variable)
        norms = torch.linalg.vector_norm(weights, dim=constraint.axis, keepdim=True)
        weights.mul_(norms.clamp(max=constraint.max_value).div_(norms.add(keras.config.epsilon())))

    return shorten
