"""Adam's update of a variable as one kernel, in the place of a dozen passes over memory.

The formula, with its epsilon outside the corrected root (Kingma and Ba, arXiv 1412.6980, end of section 2), is
Keras'. What an optimizer does besides (clipping, decay, averages, constraints, accumulation) stays Keras' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from amber.backend.keras_internals.steps import MOMENTUMS, VELOCITIES, slot


@contextmanager
def fused_adam(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Within this context an optimizer that is Keras' Adam or AdamW updates by one kernel; others are left alone."""
    if type(optimizer) not in (keras.optimizers.Adam, keras.optimizers.AdamW) or optimizer.amsgrad:
        yield
        return
    step = vars(optimizer).get("update_step")
    # Not through Keras' __setattr__, which would track it.
    vars(optimizer)["update_step"] = _Update(optimizer)
    try:
        yield
    finally:
        if step is None:
            del vars(optimizer)["update_step"]
        else:
            vars(optimizer)["update_step"] = step


class _Update:
    """`update_step` of one training step."""

    def __init__(self, optimizer: keras.optimizers.Optimizer) -> None:
        self._optimizer = optimizer
        self._powers: tuple[Any, Any] | None = None

    def __call__(self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor) -> None:
        optimizer = self._optimizer
        if isinstance(gradient, tf.IndexedSlices) or variable.dtype != tf.float32:
            type(optimizer).update_step(optimizer, gradient, variable, learning_rate)
            return
        if self._powers is None:
            step = tf.cast(optimizer.iterations.value + 1, tf.float32)
            self._powers = tf.pow(optimizer.beta_1, step), tf.pow(optimizer.beta_2, step)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=slot(optimizer, MOMENTUMS, variable).value.handle,
            v=slot(optimizer, VELOCITIES, variable).value.handle,
            beta1_power=self._powers[0],
            beta2_power=self._powers[1],
            lr=tf.cast(learning_rate, tf.float32),
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            epsilon=optimizer.epsilon,
            grad=gradient,
        )
