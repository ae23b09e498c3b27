"""One fused update of all trainable variables, on the slots of the Keras optimizer itself.

Adam and AdamW on the CPU are one kernel over all variables; the formula, with its epsilon outside the corrected
root (Kingma and Ba, arXiv 1412.6980, end of section 2), is Keras'. Any other optimizer, or one that accumulates
gradients, averages weights or scales losses, is applied by Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np
import torch

from amber.backend.keras_internals.steps import (
    MAXIMA,
    MOMENTUMS,
    VELOCITIES,
    clipped,
    decay,
    is_stock_adam,
    learning_rate,
    slots,
    steps_done,
)
from amber.backend.keras_internals.variables import tensor_of

# So many steps that torch's own corrections are 1: Keras' are in the learning rate.
MANY_STEPS = 1e12


Gradients = Sequence[torch.Tensor | None] | None


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
    constraints = constraints_of(variables)
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


def is_fused(optimizer: keras.optimizers.Optimizer, parameters: Sequence[torch.Tensor]) -> bool:
    """Whether the fused kernel does what the optimizer does, for tensors like these."""
    return (
        is_stock_adam(optimizer)
        and optimizer.built
        and not (optimizer.use_ema or optimizer.gradient_accumulation_steps or optimizer.loss_scale_factor)
        and all(p.device.type == "cpu" and p.dtype is torch.float32 and p.is_contiguous() for p in parameters)
    )


def corrected_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """Return the learning rate times the bias corrections of this step, in float32 as Keras has them."""
    step = np.float32(steps_done(optimizer).item() + 1)
    first, second = 1 - np.float32(optimizer.beta_1) ** step, 1 - np.float32(optimizer.beta_2) ** step
    return float(np.float32(learning_rate(optimizer))) * math.sqrt(second) / float(first)


def constraints_of(variables: Iterable[keras.Variable]) -> list[Callable[[], None]]:
    """Return functions that put each constrained variable back into its bounds; call them without gradients."""
    return [_constrain(variable) for variable in variables if variable.constraint is not None]


def _constrain(variable: keras.Variable) -> Callable[[], None]:
    constraint = variable.constraint
    if type(constraint) is not keras.constraints.MaxNorm:
        return lambda: variable.assign(constraint(variable))

    def shorten() -> None:
        # The same formula as Keras': lengths are divided by (length + epsilon) where they are in bounds too.
        weights = tensor_of(variable)
        norms = torch.linalg.vector_norm(weights, dim=constraint.axis, keepdim=True)
        weights.mul_(norms.clamp(max=constraint.max_value).div_(norms.add(keras.config.epsilon())))

    return shorten
