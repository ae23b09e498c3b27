"""One fused update of all trainable variables, on the slots of the Keras optimizer itself.

Adam and AdamW on the CPU are one kernel over all variables; the formula, with its epsilon outside the corrected
root (Kingma and Ba, arXiv 1412.6980, end of section 2), is Keras'. Any other optimizer, or one that accumulates
gradients, averages weights or scales losses, is applied by Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import torch
from keras.src.optimizers.base_optimizer import BaseOptimizer

from amber.backend.torch.penalties import constraints_of

_FUSED = (keras.optimizers.Adam, keras.optimizers.AdamW)
# So many steps that torch's own corrections are 1: Keras' are in the learning rate.
MANY_STEPS = 1e12


Gradients = Sequence[torch.Tensor | None] | None


def make_update(optimizer: Any, variables: Sequence[Any]) -> Callable[..., None]:
    """Returns a function that updates the variables along gradients, by default those `backward` left on them."""
    parameters = [variable._value for variable in variables]

    def leave_to_keras(given: Gradients = None) -> None:
        with torch.no_grad():
            optimizer.apply([parameter.grad for parameter in parameters] if given is None else given, variables)

    if not is_fused(optimizer, parameters) or any(_overwritten(variable) for variable in variables):
        return leave_to_keras
    momentums, velocities = _slots(optimizer, "_momentums", variables), _slots(optimizer, "_velocities", variables)
    maxima = _slots(optimizer, "_velocity_hats", variables) if optimizer.amsgrad else []
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
                gradients = optimizer._clip_gradients(gradients)
            if optimizer.weight_decay is not None:
                optimizer._apply_weight_decay(variables)
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
            optimizer._iterations._value.add_(1)
        return None

    return update


def is_fused(optimizer: Any, parameters: Sequence[torch.Tensor]) -> bool:
    """Whether the fused kernel does what the optimizer does, for tensors like these."""
    kinds = type(optimizer).__mro__[:1] + type(optimizer).__bases__
    return (
        type(optimizer).__module__.startswith("keras.src.")
        and any(kind in _FUSED for kind in kinds)
        and not any(name in vars(optimizer) for name in ("apply", "update_step"))
        and type(optimizer).apply is BaseOptimizer.apply
        and optimizer.built
        and not (optimizer.use_ema or optimizer.gradient_accumulation_steps or optimizer.loss_scale_factor)
        and all(p.device.type == "cpu" and p.dtype is torch.float32 and p.is_contiguous() for p in parameters)
    )


def _overwritten(variable: Any) -> bool:
    return bool(getattr(variable, "overwrite_with_gradient", False))


def _slots(optimizer: Any, name: str, variables: Sequence[Any]) -> list[torch.Tensor]:
    slots = getattr(optimizer, name)
    return [slots[optimizer._get_variable_index(variable)]._value for variable in variables]


def corrected_rate(optimizer: Any) -> float:
    """Returns the learning rate times the bias corrections of this step, in float32 as Keras has them."""
    rate = optimizer._learning_rate
    rate = rate._value.item() if isinstance(rate, keras.Variable) else float(optimizer.learning_rate)
    step = np.float32(optimizer._iterations._value.item() + 1)
    first, second = 1 - np.float32(optimizer.beta_1) ** step, 1 - np.float32(optimizer.beta_2) ** step
    return float(np.float32(rate)) * math.sqrt(second) / float(first)
